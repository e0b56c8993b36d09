"""`cellseg predict --share K/N`: one of several processes that compute tiles of the same results."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cellseg.cli.predict_batch import Outcome
from cellseg.cli.predict_files import ResultFiles
from cellseg.cli.progress import bar, say
from cellseg.cli.signals import stoppable
from cellseg.errors import InputError
from cellseg.options import PredictOptions, ProcessOptions

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.inference.prediction import Prediction
    from cellseg.inference.tiling import Tile
    from cellseg.inference.work_log import WorkLog
    from cellseg.models.trained import TrainedModel


@dataclass(frozen=True, slots=True)
class ShareOfImage:
    """Share `number` (from 1) of `count`; share `first` (from 0) gets the first rows of the image."""

    number: int
    count: int
    first: int = 0

    def __str__(self) -> str:
        return f"share {self.number}/{self.count}"

    def tiles(self, prediction: Prediction) -> list[Tile]:
        """Its tiles that are not finished."""
        from cellseg.inference.helping import share_of

        plan = prediction.planned
        numbers = share_of(len(plan), len(plan.columns), self.number, self.count, self.first)
        return [tile for k in numbers if not prediction.holds(tile := plan[k])]


def refuse_beside_shares(processes: ProcessOptions, files: ResultFiles, verify_seams: int) -> None:
    """InputError for what only makes sense when a result is there, beside shares of it."""
    asked = {"--table": files.table, "--report": files.report, "--verify-seams": verify_seams or None}
    for flag, value in asked.items():
        if processes.share is not None and value is not None:
            raise InputError(f"{flag} has no effect with --share", f"Give {flag} with --resume, when all have ended.")


def share_into(
    target: Path, trained: TrainedModel, source: ImageSource, options: PredictOptions, share: ShareOfImage
) -> Outcome:
    """Compute a share of the tiles of a result; who finds all of them done writes it."""
    from cellseg.inference.journal import JournalClosed
    from cellseg.inference.segment import joined_prediction
    from cellseg.inference.work_log import at_work, close_useless, logs_of, refuse_unshared

    refuse_unshared(target)
    try:
        with at_work(target, str(share)) as log:
            prediction = joined_prediction(target, trained, source, options)
            if prediction.missing():
                refuse_unshared(target, begun=True)
            tiles = share.tiles(prediction)
            twins = sum(other.at_work and other.name == str(share) for other in logs_of(target))
            done = _compute(prediction, tiles[::-1] if twins > 1 else tiles, log, str(share))
            return _written_or_left(prediction, target) if done else "stopped"
    except InputError:
        close_useless(target)
        raise
    except JournalClosed:
        say(f"{target} is complete: another process has written it")
        return "written"


def _compute(prediction: Prediction, tiles: list[Tile], log: WorkLog, name: str) -> bool:
    """Compute tiles; False where it was stopped before the last."""
    from cellseg.inference.helping import help_with, measure_together

    source = prediction.source.name
    for _ in measure_together(prediction, sorted({tile.plane for tile in tiles})):
        pass
    with ExitStack() as stack:
        stop = stack.enter_context(stoppable())
        update = stack.enter_context(bar(f"{source}: {name}", len(tiles)))
        for progress in stack.enter_context(closing(help_with(prediction, tiles, log))):
            update(progress.done)
            if stop.asked and progress.done < len(tiles):
                say(f"stopped: {name} has done {progress.done} of {len(tiles)} tiles; the same command goes on")
                return False
    say(f"{source}: {name} has done {log.tiles} tiles, {len(prediction.missing())} of all are missing")
    return True


def _written_or_left(prediction: Prediction, target: Path) -> Outcome:
    """Write the result where no tile is missing and no other process does."""
    from cellseg.cli.predict import finish_told, say_notes
    from cellseg.inference.finishing import sole_finisher

    if prediction.missing():
        return "left"
    with sole_finisher(target) as alone:
        if not alone:
            say(f"{target}: another process writes it")
            return "written"
        done = finish_told(prediction, target, None)
    if done:
        say_notes(prediction)
    return "written" if done else "stopped"
