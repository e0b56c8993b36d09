"""napari's camera, which has moved, and where it looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels


def camera(viewer: ViewerModel) -> Any:
    """The camera of a viewer: since napari 0.9 it belongs to the scene."""
    return getattr(viewer, "scene", viewer).camera


def look_at(viewer: ViewerModel, point: Sequence[float] | NDArray[np.float64]) -> None:
    """Move the camera, and the sliders of a stack, to a point.

    Args:
        viewer: whose camera.
        point: in the world, along the last axes of the viewer.
    """
    first = viewer.dims.ndim - len(point)
    for axis, value in enumerate(point, first):
        if axis in viewer.dims.not_displayed:
            viewer.dims.set_point(axis, float(value))
    shown = [float(point[axis - first]) for axis in viewer.dims.displayed if axis >= first]
    centre = camera(viewer).center
    camera(viewer).center = (*centre[: 3 - len(shown)], *shown)


def plane_index(viewer: ViewerModel, layer: Image | Labels) -> tuple[int, ...]:
    """Index of the plane on the screen along the layer's axes before rows and columns."""
    at = layer.world_to_data(viewer.dims.point)[: layer.ndim - 2]
    data = layer.data[0] if layer.multiscale else layer.data
    return tuple(int(np.clip(np.round(k), 0, length - 1)) for k, length in zip(at, data.shape, strict=False))
