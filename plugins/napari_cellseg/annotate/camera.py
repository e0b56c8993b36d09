"""napari's camera, which has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari.components import ViewerModel


def camera(viewer: ViewerModel) -> Any:
    """The camera of a viewer: since napari 0.9 it belongs to the scene."""
    return getattr(viewer, "scene", viewer).camera
