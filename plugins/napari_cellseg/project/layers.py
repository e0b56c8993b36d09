"""Projects in a viewer: their images, annotation and predictions as layers, and layers as a project."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.utils.notifications import show_error, show_warning

import cellseg
from napari_cellseg.annotation import FIRST_CELL
from napari_cellseg.image_reader import LayerData
from napari_cellseg.pixels.layer_files import file_that_shows, guess_axes, named_file, whole_of, write_pixels
from napari_cellseg.pixels.lazy import contrast, pixels_of
from napari_cellseg.pixels.pyramid import IN_MEMORY, kept_pictures
from napari_cellseg.project.brush import follow_strokes
from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.folder import Project, free_name
from napari_cellseg.project.lock import claim
from napari_cellseg.project.store import LabelStore

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from cellseg.images.source import ImageSource
    from napari_cellseg.session import Session

MOST_SHOWN = 8
"""Images whose layers are added when a project is opened; others are by `show_image`."""
MOST_AXES = 5
"""Of a layer that can be put into a project, colours not counted."""
RESULTS = ("probabilities", "uncertainty", "instances")
"""Names of the files in predictions/NAME that are shown, the last one on top."""


def open_project(viewer: ViewerModel, path: Path) -> Project:
    """Open a project and add its layers; what is missing or in use is told in notifications.

    Raises:
        InputError: no project, or one that cannot be read.
    """
    project = claimed(path)
    for image in project.images[:MOST_SHOWN]:
        show_image(viewer, project, image, visible=image is project.images[0])
    return project


def show_image(viewer: ViewerModel, project: Project, image: ProjectImage, *, visible: bool = True) -> None:
    """Add the layers of an image that are not there yet, and show or hide them."""
    there = {layer.metadata["cellseg"]["what"]: layer for layer in layers_of(viewer, project, image)}
    under = there.get("image")
    placed = {} if under is None else {"scale": under.scale, "translate": under.translate}
    for data, arguments, kind in layer_data(project, image):
        what = arguments["metadata"]["cellseg"]["what"]
        if what not in there:
            layer = Layer.create(data, {**arguments, **placed, "visible": visible}, kind)
            below = [viewer.layers.index(old) for name, old in there.items() if name == "annotation"]
            viewer.layers.insert(below[0] if below else len(viewer.layers), layer)
    for layer in layers_of(viewer, project, image):
        layer.visible = visible
        make_ready(layer)


def layers_of(viewer: ViewerModel, project: Project, image: ProjectImage) -> list[Layer]:
    """Layers of an image of a project."""
    told = ((layer, layer.metadata.get("cellseg", {})) for layer in viewer.layers)
    return [
        layer for layer, mine in told if (mine.get("project"), mine.get("image")) == (str(project.path), image.name)
    ]


def create_project(viewer: ViewerModel, folder: Path, layers: Sequence[Image] | None = None) -> Project:
    """Make a project of image layers, and add a layer for the annotation of each.

    An image without a file, or one that was changed since it was read, is saved in the project.

    Args:
        viewer: where the layers are.
        folder: a new or empty folder.
        layers: by default the selected image layers, else all.

    Raises:
        InputError: no image layers, a folder in use, or an image that cannot be saved.
    """
    chosen = _chosen(viewer) if layers is None else list(layers)
    if not chosen:
        raise cellseg.InputError("there is no image to annotate", "Open one first: File > Open, or Open Sample.")
    project = Project.create(folder)
    for layer in chosen:
        file = file_that_shows(named_file(layer), whole_of(layer), rgb=bool(layer.rgb))
        if file is None:
            name = free_name(layer.name, [image.name for image in project.images])
            file = project.path / "images" / f"{name}.tif"
            _save(layer, file)
        project = project.add([file])
        _adopt(layer, project)
    project = claimed(project.path)
    for image in project.images:
        show_image(viewer, project, image, visible=image is project.images[0] or len(project.images) == 1)
    return project


def claimed(path: Path) -> Project:
    """A project, writable if no other process has it open; what is wrong with it is told in warnings.

    Raises:
        InputError: no project, or one that cannot be read.
    """
    project = Project.open(path)
    try:
        holder = claim(project.path)
        reason = f"another window has it open (process {holder.pid} on {holder.host})" if holder else ""
    except OSError as error:
        reason = f"its folder cannot be written ({error.strerror})"
    if reason:
        show_warning(
            f"{project.path.name} can only be looked at: {reason}. To annotate, close that one, then open it again."
        )
        project = replace(project, writable=False)
    for image in project.images:
        if image.missing:
            show_warning(
                f"{image.path}: the image {image.name} is not there any more; its annotation is safe. Move the file "
                "back, or tell where it is now: Layers > Annotate > Find an image of a project."
            )
    return project


def layer_data(project: Project, image: ProjectImage) -> list[LayerData]:
    """Layers of an image, lowest first: channels, results, annotation. What cannot be read is told and left out."""
    found: list[LayerData] = []
    scale: tuple[float, ...] = (1.0,) * (2 if image.shape[0] == 1 else 3)
    if not image.missing:
        try:
            source = project.source(image)
            scale = _scale(source)
            found += _channels(source, _told(project, image, "image"), image.name)
        except cellseg.InputError as error:
            show_error(str(error))
    for what in RESULTS:
        for file in _files(project.predictions / image.name, what):
            try:
                found.append(_result(cellseg.open_image(file), what, image.name, _told(project, image, what), scale))
            except cellseg.InputError as error:
                show_error(str(error))
    shown = {arguments["metadata"]["cellseg"]["what"] for _, arguments, _ in found}
    for what, levels in kept_pictures(project.predictions / image.name):
        if what not in shown and levels[0].ndim == len(scale):
            found.append(_picture(levels, what, image.name, _told(project, image, what), scale))
    try:
        told = _told(project, image, "annotation")
        arguments = {"name": f"{image.name} annotation", "metadata": told, "scale": scale}
        labels = project.labels(image)
        if project.writable:
            labels.flush()  # what a crash left in the journal
        found.append((labels, arguments, "labels"))
    except cellseg.InputError as error:
        show_error(str(error))
    return found


def make_ready(layer: Layer) -> None:
    """Make the layer of an annotation ready for painting a new cell, or refuse painting where it cannot be kept."""
    if isinstance(layer, Labels) and isinstance(layer.data, LabelStore):
        layer.editable = layer.data.writable
        follow_strokes(layer)
        if layer.selected_label < FIRST_CELL:
            layer.selected_label = max(layer.data.max() + 1, FIRST_CELL)


def follow(session: Session) -> None:
    """Work on a project, with its newest model, as soon as layers of it are in the viewer, however they came there."""

    def look(event: object = None) -> None:
        told = [layer.metadata["cellseg"] for layer in session.viewer.layers if "cellseg" in layer.metadata]
        paths = [Path(mine["project"]) for mine in told if mine.get("project")]
        for layer in session.viewer.layers:
            make_ready(layer)
        if paths and (session.project is None or session.project.path not in paths):
            use(session, Project.open(paths[-1]))

    session.viewer.layers.events.inserted.connect(look)
    look()


def use(session: Session, project: Project) -> None:
    """Work on a project, with its newest model."""
    try:
        mine = claim(project.path) is None
    except OSError:
        mine = False
    project = replace(project, writable=mine)
    session.use_project(project)
    trained = [run for run in project.runs if (run / "model.safetensors").exists()]
    if trained:
        session.use_model(str(trained[0]))


def _told(project: Project, image: ProjectImage, what: str) -> dict[str, Any]:
    return {"cellseg": {"project": str(project.path), "image": image.name, "what": what}}


def _scale(source: ImageSource) -> tuple[float, ...]:
    """Size of a pixel in micrometres where it is known, with the distance of planes, else 1."""
    high, wide = source.pixel_size_um or (1.0, 1.0)
    return (high, wide) if source.planes == 1 else (source.spacing_um or max(high, wide), high, wide)


def _channels(source: ImageSource, told: dict[str, Any], name: str) -> list[LayerData]:
    arguments = {"metadata": told, "scale": _scale(source)}
    if source.channels in (3, 4) and source.dtype == np.uint8:
        return [(pixels_of(source, None), {**arguments, "name": name, "rgb": True}, "image")]
    several = source.channels > 1
    return [
        (
            pixels_of(source, channel),
            {
                **arguments,
                "metadata": {"cellseg": {**told["cellseg"], "channel": channel}} if several else told,
                "name": f"{name} {source.channel_names[channel]}" if several else name,
                "contrast_limits": contrast(source, channel),
                "blending": "additive" if several else "translucent",
            },
            "image",
        )
        for channel in range(source.channels)
    ]


def _files(folder: Path, what: str) -> list[Path]:
    """The newest file of a result, or none."""
    found = [file for file in folder.glob(f"{what}.*") if file.suffix.lower() in (".tif", ".tiff", ".zarr")]
    return sorted(found, key=lambda file: file.stat().st_mtime)[-1:]


def _result(source: ImageSource, what: str, name: str, told: dict[str, Any], scale: tuple[float, ...]) -> LayerData:
    arguments = {"name": f"{name} {what}", "metadata": told, "scale": scale}
    if what == "instances":
        return pixels_of(source, 0), arguments, "labels"
    foreground = min(1, source.channels - 1)
    limits = (0.0, 1.0) if source.dtype.kind == "f" else (0.0, 255.0)
    shown = {"colormap": "magma", "opacity": 0.6, "contrast_limits": limits}
    return pixels_of(source, foreground), {**arguments, **shown}, "image"


def _picture(levels: list[Any], what: str, name: str, told: dict[str, Any], scale: tuple[float, ...]) -> LayerData:
    """What the panel for segmenting left; read into memory where it is small, so that cells can be corrected."""
    small = math.prod(levels[0].shape) <= IN_MEMORY
    data = np.asarray(levels[0]) if small else levels if len(levels) > 1 else levels[0]
    arguments = {"name": f"{name} {what}", "metadata": told, "scale": scale, "multiscale": data is levels}
    if what == "instances":
        return data, {**arguments, "opacity": 0.5}, "labels"
    return data, {**arguments, "colormap": "magma", "opacity": 0.6, "contrast_limits": (0.0, 255.0)}, "image"


def _chosen(viewer: ViewerModel) -> list[Image]:
    selected = [layer for layer in viewer.layers if layer in viewer.layers.selection and isinstance(layer, Image)]
    return selected or [layer for layer in viewer.layers if isinstance(layer, Image)]


def _save(layer: Image, file: Path) -> None:
    data = whole_of(layer)
    if data.ndim - int(layer.rgb) == MOST_AXES:
        data = data.reshape(-1, *data.shape[2:])  # a project counts planes, whatever axes they come from
    known = str(layer.units[-1]) in ("micrometer", "um", "µm")
    size = (float(layer.scale[-2]), float(layer.scale[-1])) if known else None
    write_pixels(file, data, guess_axes(data.ndim, rgb=bool(layer.rgb)), size, None)


def _adopt(layer: Image, project: Project) -> None:
    """Let a layer be the one of its image, if the annotation fits on top of it; else hide it behind a new one."""
    image = project.images[-1]
    source = project.source(image)
    if layer.ndim == (2 if image.shape[0] == 1 else 3) and (source.channels == 1 or layer.rgb):
        layer.metadata.update(_told(project, image, "image"))
    else:
        layer.visible = False
