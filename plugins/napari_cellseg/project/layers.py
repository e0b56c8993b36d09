"""Projects in a viewer: their layers, and the work on the project whose layers are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from napari.layers import Labels, Layer
from napari.utils.notifications import show_warning

from napari_cellseg.annotation import is_annotation, notes_on, what_of
from napari_cellseg.image_reader import LayerData
from napari_cellseg.napari_private import know_type, show_strokes_on_large, unwrapped
from napari_cellseg.project.brush import follow_strokes, hold_next_cell
from napari_cellseg.project.class_colours import show_classes
from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.folder import Project
from napari_cellseg.project.layer_data import errors_told, layer_data, role_of
from napari_cellseg.project.lock import claim
from napari_cellseg.project.notes import belongs_to
from napari_cellseg.project.palette import annotation_colormap
from napari_cellseg.project.recent import remember
from napari_cellseg.project.store import LabelStore

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellseg.session import Session

MOST_SHOWN = 8
"""Images of a project whose layers are all added when it is opened; of a larger one only those of the first are."""


def open_project(viewer: ViewerModel, path: Path) -> Project:
    """Open a project and add its layers; what is missing or in use is told in notifications.

    Raises:
        InputError: no project, or one that cannot be read.
    """
    project = claimed(path)
    for image in shown_at_once(project):
        show_image(viewer, project, image, visible=image is project.images[0])
    for image in project.images[:1]:
        choose_annotation(viewer, project, image)
    return project


def shown_at_once(project: Project) -> tuple[ProjectImage, ...]:
    """Images whose layers are added when a project is opened; the others come when they are chosen."""
    return project.images if len(project.images) <= MOST_SHOWN else project.images[:1]


def choose_annotation(viewer: ViewerModel, project: Project, image: ProjectImage) -> None:
    """Select the annotation of an image."""
    for layer in filter(is_annotation, layers_of(viewer, project, image)):
        viewer.layers.selection.active = layer


def show_image(viewer: ViewerModel, project: Project, image: ProjectImage, *, visible: bool = True) -> None:
    """Add the layers of an image that are not there yet, and show or hide them."""
    there = {what_of(layer): layer for layer in layers_of(viewer, project, image)}
    for made in layer_data(project, image):
        if role_of(made) not in there:
            _insert(viewer, made, there, visible=visible)
    for layer in layers_of(viewer, project, image):
        layer.visible = visible
        make_ready(layer)


def layers_of(viewer: ViewerModel, project: Project, image: ProjectImage) -> list[Layer]:
    """Layers of an image of a project."""
    return [layer for layer in viewer.layers if belongs_to(layer, project, image)]


def claimed(path: Path) -> Project:
    """A project, writable if no other process has it open; what is wrong with it is told in warnings.

    Raises:
        InputError: no project, or one that cannot be read.
    """
    project = Project.open(path)
    reason = _reason_not_to_write(project)
    if reason:
        show_warning(
            f"{project.path.name} can only be looked at: {reason}. To annotate, close that one, then open it again."
        )
        project = replace(project, writable=False)
    for image in filter(lambda image: image.missing, project.images):
        show_warning(
            f"{image.path}: the image {image.name} is not there any more; its annotation is safe. Move the file "
            "back, or tell where it is now: Layers > Annotate > Find an image of a project."
        )
    return project


def make_ready(layer: Layer) -> None:
    """Make the layer of an annotation ready for painting a new cell, or refuse painting where it cannot be kept."""
    if isinstance(layer, Labels) and is_stored(layer):
        layer.editable = layer.data.writable
        know_type(layer)
        follow_strokes(layer)
        hold_next_cell(layer)


def is_stored(layer: Layer) -> bool:
    """True if a layer is painted on in a store on disk."""
    return isinstance(layer.data, LabelStore)


def projects_in(viewer: ViewerModel) -> list[Path]:
    """Folders of the projects whose layers are in a viewer, the one of the topmost layer last."""
    found = (notes_on(layer).get("project") for layer in viewer.layers)
    return [Path(path) for path in found if path]


def follow(session: Session) -> None:
    """Work on a project, with its newest model, as soon as layers of it are in the viewer, however they came there."""

    followed: WeakSet[Layer] = WeakSet()

    def look(event: object = None) -> None:
        names = () if session.project is None else session.project.classes
        for layer in map(unwrapped, session.viewer.layers):
            make_ready(layer)
            with errors_told():
                show_classes(unwrapped(session.viewer), layer, names)
            if layer not in followed and is_stored(layer):
                followed.add(layer)
                show_strokes_on_large(unwrapped(session.viewer), layer)
        paths = projects_in(session.viewer)
        if paths and (session.project is None or session.project.path not in paths):
            use(session, Project.open(paths[-1]))

    session.viewer.layers.events.inserted.connect(look)
    session.signals.project_changed.connect(look)
    look()


def use(session: Session, project: Project) -> None:
    """Work on a project, with its newest model."""
    session.use_project(replace(project, writable=not _reason_not_to_write(project)))
    remember(project.path)
    trained = [run for run in project.runs if (run / "model.safetensors").exists()]
    if trained:
        session.use_model(str(trained[0]))


def _insert(viewer: ViewerModel, made: LayerData, there: dict[str, Layer], *, visible: bool) -> None:
    """Add a layer of an image where its image lies, below its annotation; `there`: its other layers by their roles."""
    data, arguments, kind = made
    under, above = there.get("image"), there.get("annotation")
    placed = {} if under is None else {"scale": under.scale, "translate": under.translate, "units": under.units}
    own = {"colormap": annotation_colormap()} if role_of(made) == "annotation" else {}
    layer = Layer.create(data, {**arguments, **placed, **own, "visible": visible}, kind)
    viewer.layers.insert(len(viewer.layers) if above is None else viewer.layers.index(above), layer)


def _reason_not_to_write(project: Project) -> str:
    """Reason why a project can only be looked at; empty where this process may write to it from now on."""
    try:
        holder = claim(project.path)
    except OSError as error:
        return f"its folder cannot be written ({error.strerror})"
    return f"another window has it open (process {holder.pid} on {holder.host})" if holder else ""
