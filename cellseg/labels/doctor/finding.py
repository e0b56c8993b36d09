"""Findings of the label doctor, and its report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from cellseg.labels.meaning import Meaning
from cellseg.options import LabelOptions

Severity = Literal["error", "warning", "note"]

PLACES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FoundAt:
    """Something small in a plane: a pixel of it, and what it belongs to."""

    pair: str
    """Name of the pair."""
    y: int
    x: int
    """A pixel of it, in rows and columns from 0."""
    value: int
    """The label it has or belongs to."""
    pixels: int
    """How large it is."""
    change: str = ""
    """What `--fix` does with it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, wherever it is in the set."""

    code: str
    """Names the fault, for scripts."""
    severity: Severity
    """error: training would learn something wrong, or refuse; warning: look at it; note: it does no harm."""
    where: tuple[str, ...]
    """Names of the pairs, or nothing for the whole set."""
    found: str
    """What was found, one sentence."""
    remedy: str
    """What to do."""
    places: tuple[FoundAt, ...] = ()
    repairable: bool = False
    """Whether `--fix` takes it away."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """Steps from the values of a set to plain labels, in the order of the fields."""

    offset: int = 0
    """Taken off every value."""
    threshold: float | None = None
    """From this value on it is the mask; below it is background."""
    merged: int | None = None
    """All that is not 0 becomes this value."""
    classes: tuple[int, ...] = ()
    """Class numbers; the k-th becomes k."""

    @property
    def changes(self) -> bool:
        """True if it does anything."""
        return self != Cleaning()


@dataclass(frozen=True, slots=True)
class RepairPlan:
    """Reading and repair of the label planes of a set."""

    cleaning: Cleaning
    kind: Meaning
    speck: int
    """Pieces of so many pixels or fewer are specks."""
    volume: bool
    """Whether ids go on from plane to plane: a 3-D annotation."""
    options: LabelOptions
    """Values that are ignored and background, and that of a mask's cells."""
    readable: bool
    """False where values are no labels and cannot be made labels."""

    @property
    def inverted(self) -> bool:
        """True if 0 is the cell of a mask."""
        return self.kind == "binary" and self.options.foreground == "zero"


@dataclass(frozen=True, slots=True)
class LabelSummary:
    """Meaning and numbers of the labels."""

    pairs: int
    values: tuple[int, int]
    """Lowest and highest label."""
    dtype: str
    cells: int
    """Cells of instances, connected regions of a mask or of classes; a cell of a 3-D stack counts once a plane.
    All of this is counted as the labels are after a repair."""
    diameter: float
    """Median diameter in pixels, of a disc of the same area; 0 without cells."""
    labelled: float
    """Part of the pixels that are not background."""
    structure: Literal["brighter", "darker", "unclear"]
    """How what is labelled looks beside what is not."""
    borders: Literal["brighter", "darker", "unclear"]
    """How the borders of the labels look beside the rest."""


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found."""

    summary: LabelSummary
    findings: tuple[Finding, ...]
    plan: RepairPlan
    """How it is repaired."""

    @property
    def usable(self) -> bool:
        """True if a training on it would learn what was meant."""
        return not any(finding.severity == "error" for finding in self.findings)

    @property
    def repairable(self) -> bool:
        """True if `--fix` would change something."""
        return any(finding.repairable for finding in self.findings)


def listed(names: Iterable[str], shown: int = PLACES_SHOWN) -> str:
    """The first names, and how many more there are."""
    names = list(names)
    rest = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + rest
