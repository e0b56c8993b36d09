"""Label images in image files: values as they stand in the file, palettes for display only."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.listing import SUFFIXES
from cellseg.images.omezarr.folder import SUFFIX as ZARR
from cellseg.images.omezarr.folder import is_zarr
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource, Physical, make_source
from cellseg.labels.formats.coloured import RGB

PICTURES = (".png", ".bmp")
IMAGE_SUFFIXES = (*SUFFIXES, ZARR, *PICTURES)


def is_label_image(path: Path) -> bool:
    """True if a name is that of an image file that can hold labels."""
    return path.suffix.lower() in IMAGE_SUFFIXES and (path.is_file() or is_zarr(path))


def open_plain(path: Path, axes: str | None = None) -> ImageSource:
    """Open an image file of labels; see `open_image`."""
    if path.suffix.lower() in PICTURES:
        return _open_picture(path)
    return open_image(path, axes=axes, palette="index")


def _open_picture(path: Path) -> ImageSource:
    """A PNG or BMP; of those with a palette the numbers, alpha is dropped."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            values = np.asarray(file)
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise InputError(f"cannot be read ({error})", "The file is damaged.", path=path) from error
    return _source(values.astype(np.uint8) if values.dtype == bool else values, path)


def _source(values: Array, path: Path) -> ImageSource:
    from cellseg.images.source import array_source

    colours = values.ndim == 3 and values.shape[2] >= 3
    sheets = np.moveaxis(values[..., :3] if colours else values[..., :1], -1, 0) if values.ndim == 3 else values
    pixels = array_source(sheets, axes="CYX"[-sheets.ndim :]).pixels
    physical = Physical(channel_names=RGB if colours else ())
    return make_source(
        pixels, "CYX"[-sheets.ndim :], sheets.shape, values.dtype, name=path.name, path=path, physical=physical
    )
