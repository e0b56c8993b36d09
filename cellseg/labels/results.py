"""Results of `cellseg predict`, of which the mark says what they hold, given as labels or as probabilities."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from cellseg.errors import InputError
from cellseg.images.made import result_holds, result_mark
from cellseg.images.source import ImageSource
from cellseg.options import LabelType

WORDS = {
    "instances": "cell numbers",
    "classes": "classes",
    "probabilities": "probabilities",
    "uncertainty": "uncertainties",
}
MEASURES = ("uint8", "float32")
"""Types of probabilities and uncertainties; no cell numbers of a result have them, see `LabelType`."""


def held_by(source: ImageSource) -> str:
    """Content of a result of `cellseg predict`, a key of `WORDS`; empty for anything else."""
    holds = "" if source.path is None else result_holds(source.path)
    return holds if holds in WORDS else ""


def all_hold(sources: Iterable[ImageSource], what: str) -> bool:
    """True if all are results that hold this, a key of `WORDS`."""
    return all(held_by(source) == what for source in once_each(sources))


def is_numbered(source: ImageSource) -> bool:
    """True of a result whose values number cells, which their type says, see `LabelType`."""
    numbers = source.dtype.name in get_args(LabelType)
    return numbers and source.path is not None and result_mark(source.path) is not None


def once_each(sources: Iterable[ImageSource]) -> Iterable[ImageSource]:
    """A source of each file."""
    return {source.path: source for source in sources}.values()


def refuse_as_labels(source: ImageSource) -> None:
    """InputError for probabilities and uncertainties, of which whole numbers would be taken for labels."""
    if source.dtype.name in MEASURES and (holds := held_by(source)) in ("probabilities", "uncertainty"):
        found = f"holds {WORDS[holds]} of cellseg predict, and no labels"
        raise InputError(found, "Predict with --result instances or classes, and give that.", path=source.path)


def refuse_as_probabilities(source: ImageSource) -> None:
    """InputError for results of `cellseg predict` that are no probabilities."""
    if (holds := held_by(source)) not in ("", "probabilities"):
        found = f"holds {WORDS[holds]} of cellseg predict, and no probabilities"
        raise InputError(found, "Write them with --result probabilities.", path=source.path)
