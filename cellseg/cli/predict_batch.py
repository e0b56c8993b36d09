"""Several predictions one after the other: a damaged image does not end the rest, and what is finished stays."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from cellseg.cli.failures import in_a_line
from cellseg.cli.predict_files import ImageJob
from cellseg.cli.progress import say
from cellseg.errors import InputError
from cellseg.options import PredictOptions

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.models.trained import TrainedModel

Outcome = Literal["written", "left", "stopped"]
"""What has become of a result: it is there, waits for other shares, or the run was stopped."""

logger = logging.getLogger(__name__)

SOME_FAILED = 1
T = TypeVar("T")


@dataclass(slots=True)
class Failures:
    """Images without a result, and why. The error of a single image is an error as any other."""

    total: int
    """Images in all."""
    why: dict[Path, str] = field(default_factory=dict)
    written: list[Path] = field(default_factory=list)
    """Results of this run."""
    left: list[Path] = field(default_factory=list)
    """Results of which other shares have tiles to compute."""

    def tried(self, image: Path, work: Callable[[], T]) -> T | None:
        """Result of `work` for an image; None where it failed, which is said and kept in mind."""
        if self.total == 1:
            return work()
        try:
            return work()
        except Exception as error:
            logger.info("%s", image, exc_info=True)
            self.why[image], _ = in_a_line(error)
            say(f"no result: {_named(image, self.why[image])}")
            return None

    def told(self, target: Path, outcome: Outcome) -> bool:
        """Note what has become of a result; one of several that is written is told at once. False where it stopped."""
        if outcome == "left":
            self.left.append(target)
        elif outcome == "written":
            self.written.append(target)
            if self.total > 1:
                say(f"wrote {target}")
        return outcome != "stopped"

    def ready(self, jobs: Sequence[ImageJob], look: Callable[[ImageJob], T]) -> list[tuple[ImageJob, T]]:
        """The images that can be predicted as far as is known, with what a first look gives. Raises as `refuse_all`."""
        found = [(job, self.tried(job.image, partial(look, job))) for job in jobs]
        self.refuse_all()
        return [(job, key) for job, key in found if key is not None]

    def refuse_all(self) -> None:
        """InputError where no image is left."""
        if len(self.why) == self.total > 0:
            reasons = list(dict.fromkeys(self.why.values()))
            several = f"none of the {self.total} images can be predicted, the first because: {reasons[0]}"
            raise InputError(several if len(reasons) > 1 else reasons[0])

    def report(self, out: Path) -> int:
        """Tell which have no result, and the next step with those in the folder `out`; returns the exit code."""
        if self.left and not self.why:
            several = f"{len(self.left)} of {self.total} results wait" if self.total > 1 else f"{self.left[0]} waits"
            say(f"{several} for other shares; next: when they have ended, the same command with --resume, no --share")
            return 0
        if not self.why:
            done = f"all {self.total} results are in {out}; " if self.total > 1 else ""
            done = f"wrote {self.written[0]}; " if self.total == len(self.written) == 1 else done
            say(f"{done}next: cellseg napari IMAGE to look at it, cellseg evaluate {out} TRUTH to score it")
            return 0
        self.refuse_all()
        lines = [f"  {_named(image, reason)}" for image, reason in self.why.items()]
        say("\n".join([f"error: {len(self.why)} of {self.total} images have no result:", *lines]))
        return SOME_FAILED


def looked_at(source: ImageSource, model: TrainedModel, options: PredictOptions) -> dict[str, Any]:
    """The key of a prediction, after all that can be known before the first tile has been checked.

    Raises:
        InputError: the image is damaged, does not suit the model, or the options do not suit either.
    """
    from cellseg.inference.decisions import check_wishes
    from cellseg.inference.journal_key import journal_key
    from cellseg.inference.object_size import unmeasured
    from cellseg.inference.scope import PLAN
    from cellseg.inference.seen import seen_by

    seen = seen_by(model, source, options, measure=unmeasured)
    check_wishes(seen)
    return journal_key(seen, without=PLAN)


def unfinished(
    jobs: Sequence[tuple[ImageJob, dict[str, Any]]], options: PredictOptions, *, classes: bool = False
) -> list[ImageJob]:
    """The jobs whose results are not there yet, for `--resume`; `classes`: a table says the class of each cell.

    Raises:
        InputError: a result, finished or interrupted, was made with another model or other options.
    """
    from cellseg.inference.journal import close_journal, left_behind
    from cellseg.inference.result_mark import is_finished, mark_of

    missing = []
    for job, key in jobs:
        if is_finished(job.target, mark_of(key, options), options, classes=classes):
            close_journal(job.target)  # which a process that was killed behind its last step has left
            continue
        left_behind(job.target, {name: value for name, value in key.items() if name != "image"})
        missing.append(job)
    if len(missing) < len(jobs):
        say(f"{len(jobs) - len(missing)} of {len(jobs)} results are finished already and stay as they are")
    return missing


def _named(image: Path, reason: str) -> str:
    """The reason, with the image's name where it does not tell it."""
    return reason if image.name in reason else f"{image}: {reason}"
