"""Notes on layers: the project and the image that they belong to, and their role there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_cellseg.annotation import notes_on

if TYPE_CHECKING:
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.folder import Project


def notes_for(project: Project, image: ProjectImage, what: str, **more: Any) -> dict[str, Any]:
    """Metadata of a layer of an image of a project; `what` is its role."""
    return {"cellseg": {"project": str(project.path), "image": image.name, "what": what, **more}}


def belongs_to(layer: Any, project: Project, image: ProjectImage) -> bool:
    """True if a layer is one of an image of a project."""
    said = notes_on(layer)
    return (said.get("project"), said.get("image")) == (str(project.path), image.name)


def image_of_layer(layer: Any, project: Project) -> ProjectImage | None:
    """The image of a project that a layer belongs to."""
    return next((image for image in project.images if belongs_to(layer, project, image)), None)
