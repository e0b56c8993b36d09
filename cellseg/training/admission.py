"""Admission of a data set: what `cellseg check` calls an error is refused by a training, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cellseg.errors import InputError
from cellseg.labels.doctor.examine import Examination, judge
from cellseg.labels.doctor.finding import Finding, Report, listed
from cellseg.labels.pairs import Pair
from cellseg.options import LabelOptions

OF_IMAGES = ("channels", "image-not-numbers", "constant", "contradiction")
"""Errors that name images; the others name label files."""
OLD_HELD = 0.1
"""Part of the images of an earlier training that is held out at most, to see whether they are forgotten."""


@dataclass(frozen=True, slots=True)
class TrainingPairs:
    """Pairs of a training, those it is validated on, and those of an earlier training."""

    new: Sequence[Pair]
    validation: Sequence[Pair] = ()
    replay: Sequence[Pair] = ()

    @property
    def every(self) -> tuple[Pair, ...]:
        """All pairs."""
        return (*self.new, *self.validation, *self.replay)

    def held(self, validation: float) -> tuple[int, int]:
        """Numbers of the new pairs, and of those of an earlier training, that are held out: the last ones."""
        part = 0.0 if self.validation else validation
        return held_out(len(self.new), part), held_out(len(self.replay), min(validation, OLD_HELD))


def examination_of(
    pairs: TrainingPairs,
    labels: LabelOptions,
    validation: float,
    *,
    classes: int = 0,
    margin: int = 0,
) -> Examination:
    """The examination of a training's pairs.

    Args:
        pairs: of the training.
        labels: how they are read.
        validation: part or number of the pairs held out.
        classes: classes of the model that is gone on from; 0: there is none.
        margin: pixels that the network takes away on each side.
    """
    every, (new, old) = pairs.every, pairs.held(validation)
    last_new = range(len(pairs.new) - new, len(pairs.new) + len(pairs.validation))
    held = frozenset((*last_new, *range(len(every) - old, len(every))))
    return Examination(every, labels, held, classes, margin)


def admitted(pairs: TrainingPairs, labels: LabelOptions, validation: float, *, classes: int = 0) -> Report:
    """The report of pairs that can be trained on.

    Raises InputError with the first error of the examination.
    """
    report = judge(examination_of(pairs, labels, validation, classes=classes))
    errors = [finding for finding in report.findings if finding.severity == "error"]
    if errors:
        raise _refusal(errors, pairs.every)
    return report


def held_out(count: int, validation: float) -> int:
    """Number of `count` images that are held out: a part of them (at least one of four or more) or a number."""
    if validation >= 1:
        held = int(validation)
        if held >= count:
            raise InputError(f"--validation {held} of {count} images leaves none to learn from", "Choose fewer.")
        return held
    return max(round(count * validation), 1 if validation and count >= 4 else 0)


def _refusal(errors: Sequence[Finding], pairs: Sequence[Pair]) -> InputError:
    first, more = errors[0], len(errors) - 1
    fix = " (cellseg check shows it)" if not first.repairable else ""
    also = f" {more} more: cellseg check lists them." if more else ""
    names = list(first.where) or [pairs[0].name]
    if first.code not in OF_IMAGES:
        names = list(dict.fromkeys(pair.labels.name for pair in pairs if pair.name in names))
    return InputError(first.found + fix, first.remedy + also, path=listed(names))
