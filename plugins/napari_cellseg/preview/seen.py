"""Part of a layer on the canvas, and the place of its pixels in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from cellseg import InputError
from napari_cellseg.camera import camera, plane_index
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.preview.plane import Plane
from napari_cellseg.preview.window import FieldSlices

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(frozen=True, slots=True, eq=False)
class VisiblePlane:
    """The plane of a layer that is on the screen, and the part of it within the canvas."""

    plane: Plane
    field: FieldSlices
    coarseness: float
    """Pixels of the plane along one of the screen."""


def seen(viewer: ViewerModel, layer: Image | Labels) -> VisiblePlane:
    """Visible part of a layer.

    Raises:
        InputError: the viewer shows a volume, or other axes than rows and columns, or nothing of the layer.
    """
    _check_view(viewer)
    data = whole_of(layer)
    height, width = (int(length) for length in data.shape[layer.ndim - 2 : layer.ndim])
    first, last = (corner[-2:] for corner in _corners(layer))
    rows, columns = map(_inside, first, last, (height, width))
    if rows.start + 1 >= rows.stop or columns.start + 1 >= columns.stop:
        raise InputError(f"Nothing of {layer.name} is seen", "Move it into view.")
    across = float(layer.scale[-1]) * camera(viewer).zoom
    plane = Plane(data, plane_index(viewer, layer), (height, width))
    return VisiblePlane(plane, (rows, columns), 1 / max(across, 1e-9))


def _check_view(viewer: ViewerModel) -> None:
    last = viewer.dims.ndim - 2, viewer.dims.ndim - 1
    if viewer.dims.ndisplay != 2 or tuple(viewer.dims.displayed) != last:
        raise InputError("The viewer shows no planes", "Go back to 2D, with rows down and columns across.")


def _corners(layer: Image | Labels) -> NDArray[np.float64]:
    """First and last pixel that is seen, (2, ndim), in full resolution."""
    finer = layer.downsample_factors[layer.data_level] if layer.multiscale else 1
    return np.asarray(layer.corner_pixels * np.asarray(finer), np.float64)


def _inside(low: float, high: float, length: int) -> slice:
    """Pixels of an axis from one to another one that are in the image."""
    return slice(max(0, int(low)), min(length, int(high) + 1))


def affine_on(layer: Image | Labels, origin: tuple[float, float], step: int) -> NDArray[np.float64]:
    """Affine matrix (3, 3) of a flat layer whose pixels are every `step`-th of a plane of `layer` from `origin` on."""
    lead = (0.0,) * (layer.ndim - 2)
    corner, down, across = (
        np.asarray(layer.data_to_world((*lead, origin[0] + y, origin[1] + x)))[-2:]
        for y, x in ((0, 0), (step, 0), (0, step))
    )
    matrix = np.eye(3)
    matrix[:2, 0], matrix[:2, 1], matrix[:2, 2] = down - corner, across - corner, corner
    return matrix
