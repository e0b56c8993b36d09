"""Words on how labels of other programs were read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from cellseg.cli.progress import say

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource


def say_notes(labels: Iterable[ImageSource]) -> None:
    """Say how label images were read, where that is not plain: overlaps, colours, masks of single cells."""
    from cellseg.labels.notes import notes_on

    for note in notes_on(labels):
        say(note)
