"""cellseg train: a network from annotated images."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.flags import Flat, JsonFlag
from cellseg.cli.progress import console, say
from cellseg.errors import InputError
from cellseg.options import DataOptions
from cellseg.training.recipes import TrainWishes, given_in
from cellseg.training.torchrun import is_follower, is_launched, is_several

if TYPE_CHECKING:
    from cellseg.training.run import TrainingRun
    from cellseg.training.run_folder import RunFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOutput:
    """Output of a call of the command."""

    dry_run: Annotated[
        bool,
        Parameter(
            negative="", help="Say what would be done, how long it takes and how much memory it needs, and do nothing."
        ),
    ] = False
    events: Annotated[
        bool,
        Parameter(
            negative="",
            help="Print each event as a JSON object in a line of its own on standard output, for other programs.",
        ),
    ] = False
    as_json: Annotated[
        JsonFlag,
        Parameter(help="Print the plan of --dry-run, or the report at the end, as one JSON object on standard output."),
    ] = False


def train(
    *,
    where: Annotated[DataOptions, Flat] = DataOptions(),
    out: Path | None = None,
    resume: bool = False,
    config: Path | None = None,
    start: Annotated[str | None, Parameter(name="--from")] = None,
    output: Annotated[TrainOutput, Flat] = TrainOutput(),
    wishes: Annotated[TrainWishes, Flat] = TrainWishes(),
) -> int:
    """Train a network on annotated images; the run folder holds the model and all there is to know of it.

    Parameters
    ----------
    out
        The run folder; must not exist yet, but for --resume.
    resume
        Go on with an interrupted training, to the same result; from the start where none is there. Options that are
        not given are the run's; images that moved are given anew.
    config
        A TOML file with options, such as config.toml of another run; its paths are relative to its folder. Options
        on the command line take precedence over it.
    start
        A run folder or model file to go on from, with new images: its network, a lower rate, fewer steps.
    """
    if output.events and output.as_json:
        raise InputError("--events and --json both write to standard output", "Choose one of them.")
    if out is None and not output.dry_run:
        raise InputError("--out is needed", "Name a folder for the run, or say --dry-run.")
    if output.dry_run and is_follower():
        return 0
    from cellseg.cli.train_words import lines_on
    from cellseg.training.begin import RunRequest
    from cellseg.training.run import begin

    with console().status("reading images and labels"):
        run = begin(RunRequest(where, given_in(wishes), start, out, resume), dry=output.dry_run)
    for line in lines_on(run):
        say(line)
    if output.dry_run or run.folder is None:
        return _plan(run, output.as_json)
    return _run(run, run.folder, output)


def _plan(run: TrainingRun, as_json: bool) -> int:
    from cellseg.cli.train_plan import in_lines
    from cellseg.training.plan import training_plan

    plan = training_plan(run.data, run.settings, run.start)
    sys.stdout.write(json.dumps(plan.as_json()) + "\n" if as_json else "\n".join(in_lines(plan)) + "\n")
    return 0


def _run(run: TrainingRun, folder: RunFolder, output: TrainOutput) -> int:
    from cellseg.allocator import keep_memory
    from cellseg.cli.train_watch import INTERRUPTED, conclude, follow, watch
    from cellseg.training.report import report_of

    keep_memory()
    try:
        if is_follower():
            follow(run)
            return 0
        found = watch(run, folder, output.events)
    except RuntimeError as error:
        return _lost(error, folder)
    if found is None:  # what ends with another code is started anew by torchrun
        return 0 if is_launched() else INTERRUPTED
    conclude(found, folder)
    if output.as_json:
        sys.stdout.write(json.dumps(report_of(found, run.data, run.settings.train.steps)) + "\n")
    return 0


def _lost(error: RuntimeError, folder: RunFolder) -> int:
    """Say that another process ended, if that is what went wrong."""
    from cellseg.training.several import is_loss

    if not is_several() or not is_loss(error):
        raise error
    say(f"error: another process of this training ended; with --max-restarts torchrun goes on from {folder.checkpoint}")
    return 1
