"""Findings of `cellseg check` on an annotation, for a list in the panel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotation import IGNORE, to_training

SEVERITIES = ("error", "warning", "note")
CONTEXT_PX = 64
"""Pixels around what is annotated that are looked at, too."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Place of a finding: a pixel of a plane."""

    plane: int
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list."""

    severity: str
    """error, warning or note; empty for a place of the finding above."""
    text: str
    remedy: str
    spot: Spot | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """A part of a plane that is checked."""

    origin: Spot
    """Its first pixel."""
    image: NDArray[Any]
    """(h, w) grey values."""
    labels: NDArray[Any]
    """(h, w) of an annotation."""

    @property
    def name(self) -> str:
        return f"plane_{self.origin.plane:04}.tif"


def write(sheets: Iterable[Sheet], folder: Path) -> dict[str, Spot]:
    """Write sheets as pairs of TIFFs in `images` and `labels`; returns the first pixel of each by its name."""
    origins = {}
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for sheet in sheets:
        cellseg.write_stack(folder / "images" / sheet.name, sheet.image, "YX")
        cellseg.write_stack(folder / "labels" / sheet.name, to_training(sheet.labels), "YX")
        origins[sheet.name] = sheet.origin
    return origins


def command(folder: Path) -> list[str]:
    """Call of `cellseg check` on the written files."""
    pairs = [str(folder / "images"), str(folder / "labels")]
    return ["cellseg", "check", *pairs, "--labels-are", "instances", "--ignore-label", str(IGNORE), "--json"]


def lines(report: dict[str, Any], origins: dict[str, Spot]) -> list[Line]:
    """A line for each finding and for each of its places, the grave ones first.

    Args:
        report: what `cellseg check --json` printed.
        origins: see `write`.
    """
    grave_first = sorted(report["findings"], key=lambda finding: SEVERITIES.index(finding["severity"]))
    return [line for finding in grave_first for line in _lines_of(finding, origins)]


def verdict(report: dict[str, Any]) -> str:
    """One sentence on the whole."""
    cells = report["summary"]["cells"]
    ready = "ready to train" if report["usable"] else "not ready to train"
    return f"{cells:,} cells: {ready}"


def _lines_of(finding: dict[str, Any], origins: dict[str, Spot]) -> list[Line]:
    """A line for a finding, and one for each of its places where there are several."""
    places = [_place(place, origins[place["pair"]]) for place in finding["places"] if place["pair"] in origins]
    spot = places[0].spot if places else _only_sheet(finding, origins)
    line = Line(finding["severity"], finding["found"], finding["remedy"], spot)
    return [line, *places] if len(places) > 1 else [line]


def _only_sheet(finding: dict[str, Any], origins: dict[str, Spot]) -> Spot | None:
    """First pixel of the sheet in which something was found; None where it was found in several."""
    where = [origins[name] for name in finding["where"] if name in origins]
    return where[0] if len(where) == 1 else None


def _place(place: dict[str, Any], origin: Spot) -> Line:
    spot = Spot(origin.plane, origin.row + place["y"], origin.column + place["x"])
    what = f"cell {place['value'] + 1}" if place["value"] else "background"
    return Line("", f"{what}, row {spot.row}, column {spot.column}, {place['pixels']} pixels", "", spot)
