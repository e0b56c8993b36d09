"""What of a layer is seen on the canvas, and where pixels of it lie in the world."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from cellseg import InputError
from napari_cellseg.camera import camera, plane_index
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
    """What is seen of a layer.

    Raises:
        InputError: the viewer shows a volume, or other axes than rows and columns, or nothing of the layer.
    """
    last = viewer.dims.ndim - 2, viewer.dims.ndim - 1
    if viewer.dims.ndisplay != 2 or tuple(viewer.dims.displayed) != last:
        raise InputError("The viewer shows no planes", "Go back to 2D, with rows down and columns across.")
    data = layer.data[0] if layer.multiscale else layer.data
    axes = layer.ndim - 2, layer.ndim - 1
    height, width = (int(data.shape[axis]) for axis in axes)
    finer = layer.downsample_factors[layer.data_level] if layer.multiscale else np.ones(layer.ndim)
    corners = [(corner * finer)[list(axes)] for corner in layer.corner_pixels]
    rows, columns = (
        slice(max(0, int(low)), min(length, int(high) + 1))
        for low, high, length in zip(*corners, (height, width), strict=True)
    )
    if rows.start + 1 >= rows.stop or columns.start + 1 >= columns.stop:
        raise InputError(f"Nothing of {layer.name} is seen", "Move it into view.")
    across = float(layer.scale[-1]) * camera(viewer).zoom
    return VisiblePlane(
        Plane(data, plane_index(viewer, layer), (height, width)), (rows, columns), 1 / max(across, 1e-9)
    )


def placed(layer: Image | Labels, origin: tuple[float, float], step: int) -> NDArray[np.float64]:
    """Affine matrix (3, 3) of a flat layer whose pixels are every `step`-th of a plane of `layer` from `origin` on."""
    lead = (0.0,) * (layer.ndim - 2)
    corner, down, across = (
        np.asarray(layer.data_to_world((*lead, origin[0] + y, origin[1] + x)))[-2:]
        for y, x in ((0, 0), (step, 0), (0, step))
    )
    matrix = np.eye(3)
    matrix[:2, 0], matrix[:2, 1], matrix[:2, 2] = down - corner, across - corner, corner
    return matrix
