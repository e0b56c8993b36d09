"""The life of a run: a training from its files to its run folder."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from cellseg.models.trained import TrainedModel, load
from cellseg.options import DataOptions
from cellseg.training.data import find_training_pairs, read_training_set
from cellseg.training.events import Event, Finished, Validated
from cellseg.training.finetune import with_network
from cellseg.training.object_size import magnifier
from cellseg.training.recipes import settings_for
from cellseg.training.run_folder import CONFIG, CURVES, RunFolder, new_run, old_run, read_metrics, record, write_config
from cellseg.training.train import train_on


def train(
    images: str | Path,
    labels: str | Path,
    *,
    where: DataOptions = DataOptions(),
    annotated: str | Path | None = None,
    start: str | Path | TrainedModel | None = None,
    recipe: str = "",
    out: str | Path | None = None,
    resume: bool = False,
    **options: Any,
) -> Generator[Event]:
    """Train a network on pairs of images and labels.

    Args:
        images: multi-page TIFF, folder or glob; or a sequence of the Cell Tracking Challenge.
        labels: the same for the labels; matched by page or name.
        where: further images, to validate on and of an earlier training.
        annotated: masks, matched like labels: nonzero where somebody annotated; the rest is ignored.
        start: a trained model to go on from; its network is taken.
        recipe: "fast" (the default), "quick", "paper", or "finetune" (the default with `start`).
        out: the run folder, which must not exist yet but to resume; without it nothing is written.
        resume: go on with the training of `out`, to the same bits on a processor; from the start where none is there.
        options: fields of the option dataclasses; they take precedence over the recipe.

    Yields:
        Events; the last is `Finished` with the model.

    Raises InputError for wrong input or options, before the first step.
    """
    settings = settings_for(recipe or ("finetune" if start else "fast"), **options)
    model = start if start is None or isinstance(start, TrainedModel) else load(start)
    masks = where.annotated if annotated is None else str(annotated)
    where = replace(where, images=str(images), labels=str(labels), annotated=masks)
    pairs = find_training_pairs(where)
    times = magnifier(settings, None if model is None else model.card)
    held, separate = settings.train.validation, settings.weights.separate
    classes = 0 if model is None else len(model.card.class_names)
    data = read_training_set(pairs, settings.labels, held, times, separate, classes)
    if out is None:
        yield from train_on(data, settings, start=model)
        return
    if model is not None:  # the run folder names the network that is trained
        settings = with_network(settings, model.card)
    run = _folder(Path(out), resume)
    if not (run.path / CONFIG).is_file():
        write_config(run, settings, data, {**asdict(where), "from": _name_of(start)})
    again = resume and run.checkpoint.exists()
    events = train_on(data, settings, start=model, checkpoint=run.checkpoint, weight_maps=run.weight_maps, resume=again)
    yield from _drawn(record(events, run, data, settings.train.steps), run)


def _folder(path: Path, resume: bool) -> RunFolder:
    return (old_run(path) if resume else None) or new_run(path)


def _name_of(start: str | Path | TrainedModel | None) -> str | None:
    """The file of a model; of one in memory there is none."""
    return None if start is None or isinstance(start, TrainedModel) else str(start)


def _drawn(events: Generator[Event], run: RunFolder) -> Generator[Event]:
    """Pass events on, drawing the curves anew after each validation and at the end."""
    from cellseg.training.curves import draw_curves

    with closing(events):
        for event in events:
            if isinstance(event, Validated | Finished):
                draw_curves(read_metrics(run), run.path / CURVES)
            yield event
