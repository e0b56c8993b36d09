"""Label images in image files: values as they stand in the file, palettes for display only."""

from __future__ import annotations

from pathlib import Path

from cellseg.images.listing import LOSSLESS, TIFFS, is_broken
from cellseg.images.omezarr.folder import SUFFIX as ZARR
from cellseg.images.omezarr.folder import is_zarr
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource

IMAGE_SUFFIXES = (*TIFFS, *LOSSLESS, ZARR)


def is_label_image(path: Path) -> bool:
    """True if a name is that of an image file that can hold labels."""
    return path.suffix.lower() in IMAGE_SUFFIXES and (path.is_file() or is_zarr(path) or is_broken(path))


def open_plain(path: Path, axes: str | None = None) -> ImageSource:
    """Open an image file of labels: of those with a palette the numbers; see `open_image`."""
    return open_image(path, axes=axes, palette="index")
