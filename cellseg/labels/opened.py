"""One label image of any format, opened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.omezarr.folder import is_zarr
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource, array_source
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.formats.channel_files import ChannelFiles
from cellseg.labels.formats.coloured import ColouredLabels
from cellseg.labels.formats.drawn import DrawnLabels
from cellseg.labels.formats.hdf5 import Hdf5Pixels
from cellseg.labels.formats.readers import bare
from cellseg.labels.layouts import label_entries
from cellseg.labels.pairs import are_of_others

PUT_TOGETHER = (DrawnLabels, ChannelFiles, ColouredLabels, Hdf5Pixels)
"""Pixels that are no file of their own."""


def open_labels(path: str | Path, *, axes: str | None = None, like: ImageSource | Array | None = None) -> ImageSource:
    """Open the labels of one image: a TIFF or OME-Zarr, or any other format that is read.

    Args:
        path: a file, or a folder with one mask for each cell.
        axes: axes of a label image, where it does not say or says the wrong thing.
        like: the image, whose size some formats have to be told; or an array (H, W) or (Z, H, W) of its size.

    Raises:
        InputError: it is not there, cannot be read, or holds the labels of several images.
    """
    if isinstance(like, np.ndarray):
        return open_labels(path, axes=axes, like=array_source(like))
    entries = label_entries(path, axes, images=1)
    if len(entries) != 1:
        raise InputError(f"holds the labels of {len(entries)} images", "Name those of one.", path=path)
    if entries[0].file and Path(path).is_dir() and not is_zarr(Path(path)):
        raise InputError("is a folder with a label file", f"Name the file: {entries[0].file}.", path=path)
    if like is not None and like.path is not None:
        _refuse_other_image(entries[0], like)
    return entries[0].open(like)


def _refuse_other_image(entry: UnopenedImage, like: ImageSource) -> None:
    """InputError where labels say themselves that they are of another image."""
    image = UnopenedImage(bare(Path(like.name)), lambda _: like, file=like.name)
    if entry.inside and are_of_others(entry, image):
        found = f"the image is {like.name}, the labels are of {entry.shown}"
        raise InputError(found, "Give that image, or both the same name.", path=like.path)


def open_labels_like(path: str | Path, like: str | Path | None) -> ImageSource:
    """Open the labels of one image, with the pixel size of that image where they do not say their own.

    Args:
        path: as in `open_labels`.
        like: the image; None where there is none.

    Raises:
        InputError: as `open_labels`, or the two do not show the same pixels.
    """
    image = None if like is None else open_image(like)
    return with_size_of(image, open_labels(path, like=image))


def with_size_of(image: ImageSource | None, labels: ImageSource) -> ImageSource:
    """Labels under the name and with the pixel size of their image. Raises InputError where their sizes differ."""
    if image is None:
        return labels
    if (labels.height, labels.width) != (image.height, image.width) or not labels.has_planes_of(image):
        sizes = [f"{one.planes_in_words} x {one.height} x {one.width}" for one in (labels, image)]
        found = f"the labels are {sizes[0]}, {image.name} is {sizes[1]}"
        raise InputError(found, "They must show the same pixels.", path=labels.path)
    return replace(
        labels,
        name=image.name,
        pixel_size_um=labels.pixel_size_um or image.pixel_size_um,
        spacing_um=labels.spacing_um or image.spacing_um,
    )


def is_one_file(source: ImageSource) -> bool:
    """True if an image is what stands in one image file, and not put together or drawn by the library."""
    return source.path is not None and not isinstance(source.pixels, PUT_TOGETHER)
