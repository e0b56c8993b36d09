"""Labels of a user's that become cells of a project, so that what is painted on them is kept."""

from __future__ import annotations

from napari.layers import Labels

from napari_cellseg.annotation import RESULT
from napari_cellseg.opened import is_seen
from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.layers import make_ready
from napari_cellseg.project.notes import notes_for
from napari_cellseg.project.own_cells import keep_cells
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
