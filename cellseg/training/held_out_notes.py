"""Words on images held out that say little about a model, and what they are judged by."""

from __future__ import annotations

from collections.abc import Sequence

from cellseg.evaluation.informative import classes_in, has_cells, is_known, is_one_object, tell_apart
from cellseg.options import TrainOptions
from cellseg.training.best import LAST, OF_SEGMENTS, metric_for
from cellseg.training.data import Annotated, TrainingSet

SHOWN = 3
"""Names of images in a sentence at most."""
REMEDY = "Hold out others with --validation or --validation-images."


def notes_on_held_out(data: TrainingSet, options: TrainOptions) -> tuple[str, ...]:
    """Sentences on images held out that tell little; empty where all is well, or nothing is held out.

    Raises InputError as `metric_for`.
    """
    images = [image for image in data.validation if is_known(image.truth)]
    unknown = [image for image in data.validation if not is_known(image.truth)]
    found = [f"Nothing is annotated in {_names(unknown)}, held out: it is left out of the scores."] if unknown else []
    if not data.validation:
        return ()
    if not tell_apart([image.truth for image in images]):
        return (*found, _nothing_told(images, metric_for(data, options), options))
    return (*found, *_little_told(images, data.classes, options))


def _nothing_told(images: Sequence[Annotated], metric: str, options: TrainOptions) -> str:
    """Words for images of which a network that always gives one class has the best scores."""
    judged = "the last one is kept" if metric == LAST else f"the best one by {metric} is kept, as asked"
    patience = f", and --patience {options.patience} does not count" if options.patience and metric == LAST else ""
    return f"{_lacking(images)}: no score tells good models from bad ones, {judged}{patience}. {REMEDY}"


def _lacking(images: Sequence[Annotated]) -> str:
    if not images:
        return "No pixel that is held out is annotated"
    (kind,) = classes_in([image.truth for image in images])
    if kind == 0:
        return f"There is no cell in what is held out ({_names(images)})"
    return f"There is one class only, {kind}, in what is held out ({_names(images)})"


def _little_told(images: Sequence[Annotated], classes: int, options: TrainOptions) -> list[str]:
    found = []
    empty = [image for image in images if not has_cells(image.truth)]
    if empty:
        found.append(f"There is no cell in {_names(empty)}, held out: only what is found too much counts there.")
    if classes == 2 and sum(int(image.truth.instances.max()) for image in images) == 1:
        found.append("One cell only is held out, which is found or not: mean AP, IoU and loss decide between equals.")
    large = [image for image in images if is_one_object(image.truth)]
    if classes == 2 and large:
        asked = f" (--best-by {options.best_by})" if options.best_by in OF_SEGMENTS else ""
        names = "V_rand and V_info say nothing there and do not count"
        found.append(f"One cell covers most of {_names(large)}, held out: {names}{asked}.")
    return found


def _names(images: Sequence[Annotated]) -> str:
    more = f" and {len(images) - SHOWN} more" if len(images) > SHOWN else ""
    return ", ".join(image.name for image in images[:SHOWN]) + more
