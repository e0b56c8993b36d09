"""Words on how labels of other programs were read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cellseg.cli.progress import say

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.labels.meaning import Meaning

KINDS: dict[Meaning, str] = {"instances": "cell numbers", "binary": "a mask of cells", "classes": "classes"}


def say_notes(labels: Iterable[ImageSource]) -> None:
    """Say how label images were read, where that is not plain: overlaps, colours, masks of single cells."""
    from cellseg.labels.notes import notes_on

    for note in notes_on(labels):
        say(note)


def say_numbered(kind: Meaning) -> None:
    """Say what labels were taken for, where their values are no cell numbers and so do not stay."""
    if kind != "instances":
        remedy = "if they are cell numbers, give --labels-are instances"
        say(f"the labels are {KINDS[kind]}: connected regions are numbered as cells; {remedy}")
