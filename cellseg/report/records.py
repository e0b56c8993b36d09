"""Records of predictions that only their run knows, certainty and notes, kept until the page that tells them is there.

They wait in a file beside the page, so that a run that was stopped can go on with --resume; of what was finished
before, the page that is there tells them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellseg.files import part_name, write_json
from cellseg.inference.certainty import CertaintySum

DATA = 'id="cellseg-data">'
"""Ends the line of a page behind which its data stand, in a line."""


@dataclass(slots=True)
class PredictionRecord:
    """Record of the prediction of one image."""

    sure: CertaintySum = field(default_factory=CertaintySum)
    notes: list[str] = field(default_factory=list)

    def begin(self, tiles: int) -> None:
        """Forget what an earlier prediction was sure of, where none of its tiles are gone on from."""
        self.sure = self.sure if tiles else CertaintySum()

    def as_json(self) -> dict[str, Any]:
        """A tree of JSON."""
        return {"doubt": self.sure.doubt, "cell": self.sure.cell, "notes": self.notes}


@dataclass(slots=True)
class PredictionRecords:
    """Records of all images of a run, by the marks of their results."""

    path: Path
    """The page."""
    known: dict[str, PredictionRecord] = field(default_factory=dict)

    def of(self, mark: str) -> PredictionRecord:
        """The record of an image; an empty one, which is kept, where there is none yet."""
        return self.known.setdefault(mark, PredictionRecord())

    def keep(self) -> None:
        """Write all of them beside the page."""
        write_json(_beside(self.path), {mark: record.as_json() for mark, record in self.known.items()})

    def drop(self) -> None:
        """Remove that file, for the page tells what is in it."""
        _beside(self.path).unlink(missing_ok=True)


def records_of(path: Path, resume: bool) -> PredictionRecords:
    """Records for the page at `path`; those of earlier runs only where they are resumed."""
    left = {**_of_page(path), **_read(_beside(path))} if resume else {}
    return PredictionRecords(path, {mark: _record(tree) for mark, tree in left.items()})


def _beside(path: Path) -> Path:
    return part_name(path).with_suffix(".records.json")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _of_page(path: Path) -> dict[str, Any]:
    """The records in a page; none where there is no such page."""
    try:
        with open(path, encoding="utf-8") as lines:
            if any(line.rstrip().endswith(DATA) for line in lines):
                return dict(json.loads(next(lines))["records"])
    except (OSError, ValueError, LookupError, StopIteration, TypeError):
        pass
    return {}


def _record(tree: Any) -> PredictionRecord:
    try:
        sums = CertaintySum(float(tree["doubt"]), float(tree["cell"]))
        return PredictionRecord(sums, [str(note) for note in tree["notes"]])
    except (LookupError, TypeError, ValueError):
        return PredictionRecord()
