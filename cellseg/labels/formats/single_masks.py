"""One mask file for each cell, as in the Data Science Bowl of 2018: ID/images/ID.png, ID/masks/*.png."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cellseg.arrays import Array, Mask
from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.formats.drawn import CellMask, cropped, drawn_source
from cellseg.labels.formats.plain import open_plain

GREY = ("1", "L", "I;16")
"""Pillow's names for pictures of one sample."""
FOLDERS = ("masks", "mask")


@dataclass(frozen=True, slots=True, eq=False)
class MaskFiles:
    """The mask files of one image, in natural order: the k-th is cell k."""

    files: tuple[Path, ...]
    shape: tuple[int, int]

    notes: tuple[str, ...] = ("one mask file for each cell: the k-th of an image is cell k",)

    def cells(self, plane: int) -> Sequence[CellMask]:
        """All cells; masks without any pixel are empty ones."""
        return [cropped(self._mask(file), number) for number, file in enumerate(self.files, 1)]

    def _mask(self, file: Path) -> Mask:
        values = _values(file)
        if values.shape != self.shape:
            theirs, ours = (" x ".join(map(str, size)) for size in (values.shape, self.shape))
            raise InputError(
                f"is {theirs}, other masks of the image {ours}", "They must show the same pixels.", path=file
            )
        mask: Mask = values > 0
        inside = values[mask]
        if inside.size and inside.min() != inside.max():
            found = f"has values from {inside.min()} to {inside.max()}, where the mask of one cell has one"
            raise InputError(found, "Label images lie in no folder of masks: move it.", path=file)
        return mask


def _values(file: Path) -> Array:
    """The values (H, W) of a mask file, the largest of its channels.

    Grey PNGs are read past the cache of image pieces, which thousands of masks would flood (27 s in place of 4 s).
    """
    from PIL import Image

    with suppress(OSError, SyntaxError, ValueError), Image.open(file, formats=["PNG"]) as image:
        if image.mode in GREY:
            return np.asarray(image)
    values: Array = open_plain(file).read(0).max(axis=0)
    return values


def masks_entry(name: Path, files: Sequence[Path]) -> UnopenedImage:
    """The labels of one image from the masks of its cells; a single file may number several."""
    if len(files) == 1:
        return UnopenedImage(name, lambda _: _single(files[0]))
    return UnopenedImage(name, lambda _: open_masks(files, name.name))


def open_masks(files: Sequence[Path], name: str) -> ImageSource:
    """Labels of one image from the masks of its cells, which are read when the labels are."""
    first = open_plain(files[0])
    shape = first.height, first.width
    return drawn_source(MaskFiles(tuple(files), shape), shape, name, files[0].parent)


def _single(file: Path) -> ImageSource:
    from cellseg.labels.formats.coloured import without_colours

    return without_colours(open_plain(file))


def grouped_masks(images: int, files: Sequence[Path]) -> dict[Path, list[Path]] | None:
    """Mask files by the folder of their image, where each of so many images has a folder of masks; else None."""
    places: dict[Path, list[Path]] = {}
    for file in files:
        places.setdefault(file.parent, []).append(file)
    single = all(place.name.lower() in FOLDERS for place in places)
    if not single or len(places) != images or (len(files) == images == 1):
        return None
    return {place.parent: found for place, found in places.items()}


def is_tree(folder: Path) -> bool:
    """True if subfolders of a folder hold masks, as those of stage1_train do."""
    return folder.is_dir() and any(map(_has_masks, folder.iterdir()))


def _has_masks(folder: Path) -> bool:
    return folder.is_dir() and any((folder / name).is_dir() for name in FOLDERS)
