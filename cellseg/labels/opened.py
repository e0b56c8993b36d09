"""One label image of any format, opened."""

from __future__ import annotations

from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.omezarr.folder import is_zarr
from cellseg.images.source import ImageSource
from cellseg.labels.formats.channel_files import ChannelFiles
from cellseg.labels.formats.coloured import ColouredLabels
from cellseg.labels.formats.drawn import DrawnLabels
from cellseg.labels.formats.hdf5 import Hdf5Pixels
from cellseg.labels.layouts import label_entries

PUT_TOGETHER = (DrawnLabels, ChannelFiles, ColouredLabels, Hdf5Pixels)
"""Pixels that are no file of their own."""


def open_labels(path: str | Path, *, axes: str | None = None, like: ImageSource | None = None) -> ImageSource:
    """Open the labels of one image: a TIFF or OME-Zarr, or any other format that is read.

    Args:
        path: a file, or a folder with one mask for each cell.
        axes: axes of a label image, where it does not say or says the wrong thing.
        like: the image, whose size some formats have to be told.

    Raises:
        InputError: it is not there, cannot be read, or holds the labels of several images.
    """
    entries = label_entries(path, axes, images=1)
    if len(entries) != 1:
        raise InputError(f"holds the labels of {len(entries)} images", "Name those of one.", path=path)
    if entries[0].file and Path(path).is_dir() and not is_zarr(Path(path)):
        raise InputError("is a folder with a label file", f"Name the file: {entries[0].file}.", path=path)
    return entries[0].open(like)


def is_one_file(source: ImageSource) -> bool:
    """True if an image is what stands in one image file, and not put together or drawn by the library."""
    return source.path is not None and not isinstance(source.pixels, PUT_TOGETHER)
