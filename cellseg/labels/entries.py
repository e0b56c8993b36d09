"""Images and labels that are found but not opened yet, under the names by which partners are found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cellseg.images.source import ImageSource

Opener = Callable[[ImageSource | None], ImageSource]
"""Opens an image or labels; it is given the partner, whose size some formats have to be told."""


@dataclass(frozen=True, slots=True, eq=False)
class UnopenedImage:
    """An image, or the labels of one image, in a file, in a part of one, or in several."""

    name: Path
    """Folder and name without a suffix: of partners they are alike."""
    open: Opener
    sized: bool = True
    """Its height and width stand in the file."""
    file: str = ""
    """Name in messages; by default the last part of `name`."""
    inside: str = ""
    """File that tells this name, where labels say themselves which image they are of."""

    @property
    def stem(self) -> str:
        """The last part of the name."""
        return self.name.name

    @property
    def shown(self) -> str:
        """Name in messages."""
        name = self.file or self.stem
        return f"{name} (named in {self.inside})" if self.inside else name
