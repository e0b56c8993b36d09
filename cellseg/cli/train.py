"""cellseg train: a network from annotated images."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.progress import Stop, bar, console, say, stoppable
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
    from cellseg.training.events import Event, Started
    from cellseg.training.run_folder import RunFolder

Flat = Parameter(name="*")


def train(
    *,
    images: str = "",
    labels: str = "",
    annotated: str = "",
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
        A multi-page TIFF, a folder of TIFFs or a glob; or a sequence of the Cell Tracking Challenge (.../01).
    labels
        The same for the labels, matched by page or by name; or .../01_GT, where what is not labelled is background
        only where markers, silver truth and grey values say so, else ignored.
    annotated
        Masks, matched like labels: nonzero where somebody annotated; the rest does not count.
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
        images, labels, annotated, settings = _as_before(run)
    if not images or not labels:
        raise InputError("--images and --labels are needed", "Give a TIFF stack, a folder or a glob for each.")
    if run is None:
        refuse_used(out)
    entry_of(settings.network.model)
    _use_threads(settings)
    data = _read(images, labels, annotated, settings)
    if run is None:
        run = new_run(out)
        write_config(run, settings, data, {"images": images, "labels": labels, "annotated": annotated})
    return _show(data, settings, run)


def _use_threads(settings: TrainSettings) -> None:
    if settings.train.threads:
        import torch

        torch.set_num_threads(settings.train.threads)


def _as_before(run: RunFolder) -> tuple[str, str, str, TrainSettings]:
    from cellseg.training.recipes import settings_for
    from cellseg.training.run_folder import read_config

    config = read_config(run)
    flat = {name: value for stage in config["options"].values() for name, value in stage.items()}
    return config["images"], config["labels"], config.get("annotated", ""), settings_for(**flat)


def _read(images: str, labels: str, annotated: str, settings: TrainSettings) -> TrainingSet:
    from cellseg.images.annotated import find_annotated_pairs
    from cellseg.training.data import read_training_set

    with console().status("reading images and labels"):
        pairs = find_annotated_pairs(images, labels, annotated)
        data = read_training_set(pairs, settings.labels, settings.train.validation)
    meaning = {"binary": "a mask of cells", "instances": "numbered cells"}.get(data.kind, f"{data.classes} classes")
    say(f"{len(data.training)} images to learn from, {len(data.validation)} held out; labels are {meaning}.")
    ignored = [float(image.truth.ignore.mean()) for image in (*data.training, *data.validation)]
    if any(ignored):
        say(f"{sum(ignored) / len(ignored):.1%} of the pixels are not annotated and do not count.")
    return data


def _show(data: TrainingSet, settings: TrainSettings, run: RunFolder) -> int:
    from cellseg.cli.pictures import draw_curves, draw_validation
    from cellseg.training.events import Finished, Stepped, Validated
    from cellseg.training.run_folder import CURVES, read_metrics, record
    from cellseg.training.train import train_on

    loss, found, last = 0.0, "", None
    resume = run.checkpoint.exists()
    training = train_on(data, settings, checkpoint=run.checkpoint, weight_maps=run.weight_maps, resume=resume)
    events = record(training, run)
    with stoppable() as stop:
        _prepare(events, len(data.training), stop)
        with bar("training", settings.train.steps) as update:
            for event in events:
                last = event
                if isinstance(event, Stepped):
                    loss = event.loss if not loss else 0.95 * loss + 0.05 * event.loss
                    update(event.step, f"loss {loss:.4f} {found}")
                if isinstance(event, Validated | Finished):
                    found = in_words(event.scores)
                    draw_curves(read_metrics(run), run.path / CURVES)
                if stop.asked and not isinstance(event, Finished):
                    events.close()
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


def _prepare(events: Generator[Event], images: int, stop: Stop) -> None:
    """Show what comes before the first step: the network, and the weight maps."""
    from cellseg.training.events import Started, Weighed

    with bar("weight maps", images) as update:
        for event in events:
            if isinstance(event, Started):
                _introduce(event)
            if isinstance(event, Weighed):
                update(event.done, f"{event.reused} kept from before" if event.reused else "")
            if stop.asked:
                events.close()
            if isinstance(event, Weighed) and event.done == event.total:
                return


def in_words(scores: dict[str, float]) -> str:
    """Scores in a line."""
    return ", ".join(f"{name} {value:.4f}" for name, value in scores.items())


def _introduce(event: Started) -> None:
    say(
        f"a network of {event.parameters:,} parameters; samples of {event.output_size} x {event.output_size} pixels, "
        f"seen within {event.input_size} x {event.input_size}; steps {event.step} to {event.steps}"
    )
