"""cellseg train: a network from annotated images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.progress import bar, console, say, stoppable
from cellseg.errors import InputError
from cellseg.options import (
    AugmentOptions,
    LabelOptions,
    NetworkOptions,
    TrainOptions,
    TrainSettings,
    WeightOptions,
)

if TYPE_CHECKING:
    from cellseg.training.data import TrainingSet
    from cellseg.training.events import Started
    from cellseg.training.run_folder import RunFolder

Flat = Parameter(name="*")


def train(
    *,
    images: str = "",
    labels: str = "",
    out: Path,
    resume: bool = False,
    training: Annotated[TrainOptions, Flat] = TrainOptions(),
    network: Annotated[NetworkOptions, Flat] = NetworkOptions(),
    label_options: Annotated[LabelOptions, Flat] = LabelOptions(),
    weights: Annotated[WeightOptions, Flat] = WeightOptions(),
    augment: Annotated[AugmentOptions, Flat] = AugmentOptions(),
) -> int:
    """Train a network on annotated images; the run folder holds the model and all there is to know of it.

    Parameters
    ----------
    images
        A multi-page TIFF, a folder of TIFFs or a glob.
    labels
        The same for the labels; matched by page or by name.
    out
        The run folder; must not exist yet, but for --resume.
    resume
        Go on with an interrupted training, to the same result; from the start where none is there.
    """
    from cellseg.models.registry import entry_of
    from cellseg.training.run_folder import new_run, old_run, refuse_used, write_config

    settings = TrainSettings(labels=label_options, weights=weights, augment=augment, network=network, train=training)
    run = old_run(out) if resume else None
    if run is not None and not images:
        images, labels, settings = _as_before(run)
    if not images or not labels:
        raise InputError("--images and --labels are needed", "Give a TIFF stack, a folder or a glob for each.")
    if run is None:
        refuse_used(out)
    entry_of(settings.network.model)
    _use_threads(settings)
    data = _read(images, labels, settings)
    if run is None:
        run = new_run(out)
        write_config(run, settings, data, {"images": images, "labels": labels})
    return _show(data, settings, run)


def _use_threads(settings: TrainSettings) -> None:
    if settings.train.threads:
        import torch

        torch.set_num_threads(settings.train.threads)


def _as_before(run: RunFolder) -> tuple[str, str, TrainSettings]:
    from cellseg.training.recipes import settings_for
    from cellseg.training.run_folder import read_config

    config = read_config(run)
    flat = {name: value for stage in config["options"].values() for name, value in stage.items()}
    return config["images"], config["labels"], settings_for(**flat)


def _read(images: str, labels: str, settings: TrainSettings) -> TrainingSet:
    from cellseg.images.pairs import find_pairs
    from cellseg.training.data import read_training_set

    pairs = find_pairs(images, labels)
    with console().status(f"reading {len(pairs)} pairs and computing weight maps"):
        data = read_training_set(pairs, settings.labels, settings.weights, settings.train.validation)
    meaning = {"binary": "a mask of cells", "instances": "numbered cells"}.get(data.kind, f"{data.classes} classes")
    say(f"{len(data.training)} images to learn from, {len(data.validation)} held out; labels are {meaning}.")
    return data


def _show(data: TrainingSet, settings: TrainSettings, run: RunFolder) -> int:
    from cellseg.cli.pictures import draw_curves, draw_validation
    from cellseg.training.events import Finished, Started, Stepped, Validated
    from cellseg.training.run_folder import CURVES, read_metrics, record
    from cellseg.training.train import train_on

    loss, found, last = 0.0, "", None
    events = record(train_on(data, settings, checkpoint=run.checkpoint, resume=run.checkpoint.exists()), run)
    with stoppable() as stop, bar("training", settings.train.steps) as update:
        for event in events:
            last = event
            if isinstance(event, Started):
                _introduce(event)
            if isinstance(event, Stepped):
                loss = event.loss if not loss else 0.95 * loss + 0.05 * event.loss
                update(event.step, f"loss {loss:.4f} {found}")
            if isinstance(event, Validated | Finished):
                found = in_words(event.scores)
                draw_curves(read_metrics(run), run.path / CURVES)
            if stop.asked and not isinstance(event, Finished):
                events.close()
                break
    if not isinstance(last, Finished):
        say(f"stopped; go on with: cellseg train --out {run.path} --resume")
        return 130
    shown = data.validation or data.training
    draw_validation(last.model, shown[0], run.path / "validation.png")
    held = f" On the images held out: {found}." if last.scores else ""
    say(f"done: {run.path}, threshold {last.model.card.threshold:g}.{held}")
    say(f"look at {run.path / CURVES} and {run.path / 'validation.png'}")
    say(f"next: cellseg predict {run.path} IMAGE.tif --out LABELS.tif")
    return 0


def in_words(scores: dict[str, float]) -> str:
    """Scores in a line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in scores.items())


def _introduce(event: Started) -> None:
    say(
        f"a network of {event.parameters:,} parameters; samples of {event.output_size} x {event.output_size} pixels, "
        f"seen within {event.input_size} x {event.input_size}; steps {event.step} to {event.steps}"
    )
