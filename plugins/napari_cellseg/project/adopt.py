"""Labels of a user's that become cells of a project, so that what is painted on them is kept."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from napari.layers import Labels

import cellseg
from napari_cellseg.annotation import RESULT, notes_on
from napari_cellseg.opened import is_seen
from napari_cellseg.pixels.layer_files import named_file, whole_of
from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.layers import make_ready
from napari_cellseg.project.notes import notes_for
from napari_cellseg.project.own_cells import keep_cells, keep_cells_in
from napari_cellseg.project.recovery import recovery_place
from napari_cellseg.session import Session


def adopt_cells(session: Session, layer: Labels) -> bool:
    """Keep the cells of a layer in the open project, with the image that is seen.

    Returns:
        False where no project may be written to, or the image has another size.

    Raises:
        InputError: they cannot be written.
    """
    project, image = session.project, _image_for(session, layer)
    if project is None or image is None:
        _keep_for_recovery(session, layer)
        return False
    layer.data = keep_cells(project, image, layer.name, layer.data)
    layer.metadata.update(notes_for(project, image, RESULT))
    make_ready(layer)
    return True


def _image_for(session: Session, layer: Labels) -> ProjectImage | None:
    """The image of the project that is seen, if a layer has its size."""
    project, open_layers = session.project, session.open_layers()
    if project is None or not project.writable or layer.multiscale:
        return None
    seen = (image for image in project.images if is_seen(open_layers, (str(project.path), image.name)))
    return next((image for image in seen if tuple(layer.data.shape) == image.shape[-layer.ndim :]), None)


def _keep_for_recovery(session: Session, layer: Labels) -> None:
    """Keep the cells of a layer where they are found again after a crash, if its image is in a file."""
    image = session.image()
    file = None if image is None else named_file(image)
    if image is None or file is None or layer.multiscale or tuple(layer.data.shape) != _shape_of(image):
        return
    with suppress(OSError, cellseg.InputError):  # then they are in memory, as they were
        folder = recovery_place(file)
        layer.data = keep_cells_in(folder, layer.name, layer.data)
        known = {"image": notes_on(image).get("image", image.name), "recovery": str(folder)}
        layer.metadata["cellseg"] = {**notes_on(layer), **known}
        make_ready(layer)


def _shape_of(image: Any) -> tuple[int, ...]:
    shape = tuple(whole_of(image).shape)
    return shape[:-1] if image.rgb else shape
