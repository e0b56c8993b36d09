"""cellseg train: a network from annotated images."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.flags import Flat, JsonFlag
from cellseg.cli.launched import (
    agreed,
    first_says,
    is_follower,
    is_launched,
    is_restarted,
    is_several,
    join_others,
    note_launcher,
    processes,
)
from cellseg.cli.progress import console, say
from cellseg.errors import InputError
from cellseg.options import DataOptions, TrainSettings
from cellseg.training.recipes import TrainWishes, given_in, settings_for

if TYPE_CHECKING:
    from cellseg.models.trained import TrainedModel
    from cellseg.training.data import TrainingSet
    from cellseg.training.run_folder import RunFolder

Once = Parameter(negative="")


def train(
    *,
    where: Annotated[DataOptions, Flat] = DataOptions(),
    out: Path | None = None,
    resume: bool = False,
    config: Path | None = None,
    start: Annotated[str | None, Parameter(name="--from")] = None,
    dry_run: Annotated[bool, Once] = False,
    events: Annotated[bool, Once] = False,
    as_json: JsonFlag = False,
    wishes: Annotated[TrainWishes, Flat] = TrainWishes(),
) -> int:
    """Train a network on annotated images; the run folder holds the model and all there is to know of it.

    Parameters
    ----------
    out
        The run folder; must not exist yet, but for --resume.
    resume
        Go on with an interrupted training, to the same result; from the start where none is there.
    config
        A TOML file with options, such as config.toml of another run. What is given here goes before it.
    start
        A run folder or model file to go on from, with new images: its network, a lower rate, fewer steps.
    dry_run
        Say what would be done, how long it takes and how much memory it needs, and do nothing.
    events
        Print each event as a JSON object in a line of its own on standard output, for other programs.
    as_json
        Print the plan of --dry-run, or the report at the end, as one JSON object on standard output.
    """
    settings = settings_for(**given_in(wishes))
    if events and as_json:
        raise InputError("--events and --json both write to standard output", "Choose one of them.")
    if dry_run and is_follower():
        return 0
    if not dry_run:
        join_others()
    run = _old_run(out, resume)
    if run is not None and not where.images:
        old = run
        where, start, settings = agreed(lambda: _as_before(old))
    if run is None and not dry_run and not is_follower():
        _check_new(out)
    settings = _with_a_sample_each(settings)
    model, data = agreed(lambda: _begin(settings, start, where))
    if dry_run:
        return _plan(data, settings, model, as_json)
    if run is None:
        run = _new_run(out, settings, data, {**asdict(where), "from": start})
    _say_encoder(data, settings)
    return _run(data, settings, model, run, events, as_json)


def _with_a_sample_each(settings: TrainSettings) -> TrainSettings:
    """The settings with at least one sample a step for each process."""
    asked, batch = settings.train.batch, max(settings.train.batch, processes())
    if batch > asked and not is_follower():
        say(f"--batch {batch} instead of {asked}, so that each of {batch} processes has a sample of every step.")
    return replace(settings, train=replace(settings.train, batch=batch))


def _say_encoder(data: TrainingSet, settings: TrainSettings) -> None:
    """How published weights fit the encoder."""
    from cellseg.models.registry import build_for

    if settings.network.encoder_weights:
        fit = build_for(settings.network, len(data.training[0].image), data.classes)[1]
        say(f"{settings.network.encoder_weights}: {fit}.")


def _old_run(out: Path | None, resume: bool) -> RunFolder | None:
    from cellseg.training.run_folder import RunFolder, old_run

    if out is None or not first_says(lambda: (resume or is_restarted(out)) and old_run(out) is not None):
        return None
    return RunFolder(out)


def _check_new(out: Path | None) -> Path:
    from cellseg.training.run_folder import refuse_used

    if out is None:
        raise InputError("--out is needed", "Name a folder for the run, or say --dry-run.")
    refuse_used(out)
    return out


def _new_run(out: Path | None, settings: TrainSettings, data: TrainingSet, sources: dict[str, str | None]) -> RunFolder:
    from cellseg.training.run_folder import RunFolder, new_run, write_config

    if out is not None and is_follower():
        return RunFolder(out)
    run = new_run(_check_new(out))
    write_config(run, settings, data, sources)
    note_launcher(run.path)
    return run


def _as_before(run: RunFolder) -> tuple[DataOptions, str | None, TrainSettings]:
    from cellseg.training.run_folder import options_in, read_config

    config = read_config(run)
    where = DataOptions(**{name: config.get(name) or None for name in asdict(DataOptions())})
    return where, config.get("from") or None, settings_for(**options_in(config, run))


def _begin(settings: TrainSettings, start: str | None, where: DataOptions) -> tuple[TrainedModel | None, TrainingSet]:
    """The model to go on from, and the data; refuses networks that are not known, and options that they do not have."""
    from cellseg.models.registry import options_for
    from cellseg.models.trained import load
    from cellseg.training.several import share_of

    share_of(settings.train.batch)
    options_for(settings.network, 1, 2)
    if settings.train.threads:
        import torch

        torch.set_num_threads(settings.train.threads)
    model = load(start) if start else None
    return model, _read(where, settings, model)


def _read(where: DataOptions, settings: TrainSettings, model: TrainedModel | None) -> TrainingSet:
    from cellseg.training.data import find_training_pairs, read_training_set
    from cellseg.training.object_size import magnifier

    times = magnifier(settings, None if model is None else model.card)
    with console().status("reading images and labels"):
        pairs, held = find_training_pairs(where), settings.train.validation
        classes = 0 if model is None else len(model.card.class_names)
        data = read_training_set(pairs, settings.labels, held, times, settings.weights.separate, classes)
    for warning in data.warnings:
        say(f"warning: {warning}")
    meaning = {"binary": "a mask of cells", "instances": "numbered cells"}.get(data.kind, f"{data.classes} classes")
    say(f"{len(data.training)} images to learn from, {len(data.held)} held out; labels are {meaning}.")
    if data.scale != 1:
        asked = settings.train.seen_diameter is not None
        said = "--seen-diameter" if asked else "--seen-diameter 0 leaves them as they are"
        say(f"Images are learnt from, and predicted, {data.scale:.2g} times as large ({said}).")
    ignored = [float(image.truth.ignore.mean()) for image in (*data.training, *data.held)]
    if any(ignored):
        say(f"{sum(ignored) / len(ignored):.1%} of the pixels are not annotated and do not count.")
    shared = {image.image.tobytes() for image in data.training} & {image.image.tobytes() for image in data.held}
    if shared:
        say(f"{len(shared)} images to validate on are also learnt from: their scores say little.")
    return data


def _plan(data: TrainingSet, settings: TrainSettings, model: TrainedModel | None, as_json: bool) -> int:
    from cellseg.cli.train_plan import in_lines
    from cellseg.training.plan import training_plan

    plan = training_plan(data, settings, model)
    sys.stdout.write(json.dumps(plan.as_json()) + "\n" if as_json else "\n".join(in_lines(plan)) + "\n")
    return 0


def _run(
    data: TrainingSet,
    settings: TrainSettings,
    model: TrainedModel | None,
    run: RunFolder,
    events: bool,
    as_json: bool,
) -> int:
    from cellseg.allocator import keep_memory
    from cellseg.cli.train_watch import INTERRUPTED, conclude, follow, watch
    from cellseg.training.report import report_of
    from cellseg.training.train import train_on

    keep_memory()
    training = train_on(
        data,
        settings,
        start=model,
        checkpoint=run.checkpoint,
        weight_maps=run.weight_maps,
        resume=first_says(run.checkpoint.exists),
    )
    try:
        if is_follower():
            follow(training)
            return 0
        found = watch(training, run, data, settings, events)
    except RuntimeError as error:
        return _lost(error, run)
    if found is None:  # what ends with another code is started anew by torchrun
        return 0 if is_launched() else INTERRUPTED
    conclude(found, run)
    if as_json:
        sys.stdout.write(json.dumps(report_of(found, data, settings.train.steps)) + "\n")
    return 0


def _lost(error: RuntimeError, run: RunFolder) -> int:
    """Say that another process ended, if that is what went wrong."""
    from cellseg.training.several import is_loss

    if not is_several() or not is_loss(error):
        raise error
    say(f"error: another process of this training ended; with --max-restarts torchrun goes on from {run.checkpoint}")
    return 1
