"""Chosen layers as TIFFs for `cellseg train`; a project has its own training set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.arrays import UInt32
from napari_cellseg.annotation import IGNORE, to_training
from napari_cellseg.project.training_set import TrainingFiles


def write_layers(image: Any, labels: Any, folder: Path, *, annotation: bool, rgb: bool = False) -> TrainingFiles:
    """Write an image and its labels, plane by plane.

    Args:
        image: array-like (..., H, W), or (..., H, W, 3) with `rgb`.
        labels: array-like (..., H, W) of whole numbers, of the image's planes.
        folder: a new one.
        annotation: whether 0 is not annotated, 1 background, 2 and up cells; else 0 is background. Planes on which
            nothing is annotated are left out.
        rgb: whether the last axis of the image is colour.

    Raises:
        InputError: the shapes differ, nothing is annotated, or the folder cannot be written.
    """
    shape = tuple(image.shape[:-1] if rgb else image.shape)
    _check_shapes(shape, tuple(labels.shape))
    files = TrainingFiles(folder / "images", folder / "labels", IGNORE, painted=annotation)
    encode = to_training if annotation else _as_uint32
    for count, index in enumerate(np.ndindex(shape[:-2])):
        values = np.asarray(labels[index])
        if values.any() or not annotation:
            name = f"plane_{count:04}.tif"
            _write_image(files.images / name, np.asarray(image[index]), rgb)
            cellseg.write_stack(files.labels / name, encode(values), "YX")
    if not files.images.is_dir():
        raise cellseg.InputError("nothing is annotated", "Paint some cells (2 and up) and some background (1).")
    return files


def _write_image(file: Path, pixels: NDArray[Any], rgb: bool) -> None:
    """Write a plane (H, W), or (H, W, 3) with `rgb`."""
    channels = np.ascontiguousarray(np.moveaxis(pixels, -1, 0)) if rgb else np.ascontiguousarray(pixels)
    cellseg.write_stack(file, channels, "CYX" if rgb else "YX")


def _as_uint32(values: NDArray[Any]) -> UInt32:
    return values.astype(np.uint32)


def _check_shapes(image: tuple[int, ...], labels: tuple[int, ...]) -> None:
    if image != labels:
        found = f"the image is {_size(image)} and the labels are {_size(labels)}"
        raise cellseg.InputError(found, "Choose labels of this image.")


def _size(shape: Any) -> str:
    return " x ".join(map(str, shape))
