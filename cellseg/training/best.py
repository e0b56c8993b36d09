"""The best of the models that were validated, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from torch import Tensor

from cellseg.errors import InputError
from cellseg.evaluation.choose_cut import are_outlined
from cellseg.evaluation.cut_scores import is_dense
from cellseg.evaluation.informative import is_known, is_one_object, tell_apart
from cellseg.labels.meaning import LabelPlane
from cellseg.metrics.thresholds import SMALLER_IS_BETTER, TIE
from cellseg.models.card import CUT, ModelCard
from cellseg.models.trained import TrainedModel
from cellseg.options import TrainOptions
from cellseg.training.data import Annotated, TrainingSet

LAST = "last"
LUCK = 0.01
"""Scores of few images that say the same: a hundredth of the IoU of strokes is where a brush slipped, one of `v_both`
is a large cell that is cut or not."""
KEPT = (*CUT, "diameter")
"""What a validation finds for a model's card."""
OF_SEGMENTS = ("v_both", "v_rand", "v_info")
"""Scores of segments, which say nothing where one object covers most of a plane."""
CELLS = (*OF_SEGMENTS, "ap50")
"""Scores of numbered cells."""
TIES = ("mean_ap", "iou", "log_loss")
"""Scores that decide in this order between models with equal scores; the last of them has hardly ever a tie."""
SMALLER = SMALLER_IS_BETTER | {"log_loss"}
PERFECT = 1.0
PIXELS = ("pixel_error", "log_loss")
"""Scores of single pixels; those that are left where the truth tells no cells apart."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best model so far.

    Attributes:
        step: after which it was validated.
        value: its score; larger is better.
        waited: validations since then, but for those with an equal score that cannot be exceeded.
        threshold, core, grow, minimum_size: how its probabilities become cells.
        weights: of its network; empty where the last model is kept in any case.
        minimum_probability, fill_holes, split: as the other numbers of the cut; checkpoints of before had none.
        ties: its further scores, by which equal models are compared; larger is better; as far as they were noted.
        by: metric of the score; empty in checkpoints of before.
        diameter: of the usual cell that it finds around strokes; 0 where that was not looked for.
        top: the highest score so far, which is that of another model where later ones that are about as good are kept.
    """

    step: int
    value: float
    waited: int
    threshold: float
    core: float
    grow: int
    minimum_size: int
    weights: dict[str, Tensor]
    minimum_probability: float = 0.0
    fill_holes: int = 0
    split: float = 0.0
    ties: tuple[float, ...] = ()
    by: str = ""
    diameter: float = 0.0
    top: float = -math.inf


def as_tree(best: Best) -> dict[str, Any]:
    """Arguments of `Best(**tree)` that make it again; nothing but numbers and tensors."""
    return {field.name: getattr(best, field.name) for field in fields(best)}


def metric_for(data: TrainingSet, options: TrainOptions) -> str:
    """The metric by which models are compared; see `best_by`. `LAST` where no score tells them apart.

    Raises InputError where it is not defined for these labels, or patience is asked for without images held out.
    """
    if options.patience and not data.validation:
        raise InputError(f"--patience {options.patience} needs images held out", "Give --validation, or more images.")
    if data.classes > 2 and options.best_by in CELLS:
        found = f"--best-by {options.best_by} is for cells and background, here are {data.classes} classes"
        raise InputError(found, "Choose iou or pixel_error.")
    truths = judged_truths(data.validation)
    if data.validation and not tell_apart(truths):
        return "pixel_error" if truths and options.best_by == "pixel_error" else LAST
    if options.best_by in OF_SEGMENTS and truths and all(map(is_one_object, truths)):
        return "ap50"
    return _usual(data, truths) if options.best_by in (None, LAST) else options.best_by


def tie_of(data: TrainingSet, options: TrainOptions, metric: str) -> float:
    """Distance below the highest score at which a later model is kept, unless a metric was asked for.

    Of strokes and of cells that fill the images a little: the schedule makes later models better, and so small a
    difference on few images is chance.
    """
    strokes = data.classes == 2 and metric == "iou"
    return LUCK if options.best_by is None and (strokes or metric == "v_both") else 0.0


def _usual(data: TrainingSet, truths: Sequence[LabelPlane]) -> str:
    """The metric where none is asked for."""
    if data.classes > 2 or (truths and not are_outlined(truths)):
        return "iou"
    return "v_both" if truths and is_dense(truths) else "ap50"


def judged_truths(images: Sequence[Annotated]) -> list[LabelPlane]:
    """The truths of images held out that hold an annotated pixel."""
    return [image.truth for image in images if is_known(image.truth)]


def keeps_last(data: TrainingSet, options: TrainOptions, metric: str) -> bool:
    """True if the last model is kept: it is asked for, or nothing that is held out tells models apart."""
    return LAST in (options.best_by, metric) or not data.validation


def scores_that_tell(scores: Mapping[str, float], truth: LabelPlane, apart: bool) -> dict[str, float]:
    """The scores of an image without those that say nothing.

    Args:
        scores: by metric.
        truth: of the image.
        apart: whether the images that it belongs to tell cells apart, see `tell_apart`.
    """
    if not apart:
        return {name: value for name, value in scores.items() if name in PIXELS}
    silent = OF_SEGMENTS if is_one_object(truth) else ()
    return {name: value for name, value in scores.items() if name not in silent}


def value_of(scores: Mapping[str, float], metric: str) -> float:
    """Value of a model, larger is better; on the images of an earlier training it must be as good as on the new."""
    found = [scores[name] for name in (metric, f"old_{metric}") if name in scores]
    value = sum(found) / len(found)
    if math.isnan(value):
        return -math.inf
    return -value if metric in SMALLER else value


def values_of(scores: Mapping[str, float], metric: str) -> tuple[float, ...]:
    """The value of a model by a metric, and those by which equal models are compared."""
    return tuple(value_of(scores, name) for name in dict.fromkeys((metric, *TIES)) if name == metric or name in scores)


def is_better(values: Sequence[float], than: Sequence[float]) -> bool:
    """True if the later of two models is the better one: by the first values that differ; of equals it is."""
    for own, other in zip(values, than, strict=False):
        if abs(own - other) > TIE:
            return own > other
    return True


def better_of(
    best: Best | None,
    model: TrainedModel,
    step: int,
    values: tuple[float, ...],
    metric: str,
    *,
    keep: bool,
    tie: float = 0.0,
) -> Best:
    """The better one of the best so far and the model of this step.

    Args:
        best: None before the first validation.
        model: of this step.
        step: the steps done.
        values: of the model, see `values_of`.
        metric: of the first of them.
        keep: whether weights are kept.
        tie: how far below the highest score this one may be and is kept, as the later one.
    """
    top, waited = values[0], 0
    if best is not None:
        highest = max(best.top, best.value)
        top = max(highest, top)
        better = values[0] > highest + TIE if tie else is_better(values, (best.value, *best.ties))
        if not better:
            waited = best.waited + (not _is_tie_at_top(values[0], highest, metric))
        if not (values[0] >= top - tie if tie else better):
            return replace(best, waited=waited, top=top)
    weights = {name: tensor.detach().clone() for name, tensor in model.network.state_dict().items()} if keep else {}
    cut = {name: getattr(model.card, name) for name in KEPT}
    return Best(step, values[0], waited, weights=weights, ties=values[1:], by=metric, top=top, **cut)


def _is_tie_at_top(value: float, best: float, metric: str) -> bool:
    """True if a model has the best score that there is, as the best one has."""
    return min(value, best) >= (0.0 if metric in SMALLER else PERFECT) - TIE


def check_continued(best: Best | None, data: TrainingSet, metric: str) -> None:
    """Refuse to go on with the best model of a checkpoint that was chosen by another metric.

    Versions before noted no metric; they took V_rand and V_info also where one object covers most of the planes.

    Raises:
        InputError: the scores cannot be compared.
    """
    if best is None or metric == LAST:
        return
    old = "v_both" if not best.by and any(map(is_one_object, judged_truths(data.validation))) else metric
    if (best.by or old) != metric:
        found = f"the best model of this run was chosen by {best.by or old}, by which models are not compared any more"
        raise InputError(found, f"Start a new run with --from this one; its models are compared by {metric}.")


def cut_as(card: ModelCard, best: Best) -> ModelCard:
    """The card with the best model's cut."""
    return replace(card, **{name: getattr(best, name) for name in KEPT if name in CUT or not card.diameter})
