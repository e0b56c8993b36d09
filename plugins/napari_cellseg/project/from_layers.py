"""A new project of the image layers in a viewer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Layer

import cellseg
from napari_cellseg.pixels.layer_files import (
    axes_of_layer,
    file_that_shows,
    guess_axes,
    named_file,
    pixel_sizes_um,
    whole_of,
    write_pixels,
)
from napari_cellseg.project.folder import Project, free_name
from napari_cellseg.project.layers import choose_annotation, claimed, show_image
from napari_cellseg.project.notes import notes_for

if TYPE_CHECKING:
    from napari.components import ViewerModel

MOST_AXES = 5
"""Of a layer that can be put into a project, colours not counted."""


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
        project = project.add([_file_of(layer, project)])
        _adopt(layer, project)
    project = claimed(project.path)
    for image in project.images:
        show_image(viewer, project, image, visible=image is project.images[0])
    for image in project.images[:1]:
        choose_annotation(viewer, project, image)
    return project


def _chosen(viewer: ViewerModel) -> list[Image]:
    selected = sorted(viewer.layers.selection, key=viewer.layers.index)
    return _images_of(selected) or _images_of(viewer.layers)


def _images_of(layers: Iterable[Layer]) -> list[Image]:
    return [layer for layer in layers if isinstance(layer, Image)]


def _file_of(layer: Image, project: Project) -> Path:
    """The file that shows what a layer shows; one in the project where there is none."""
    file = file_that_shows(named_file(layer), whole_of(layer), rgb=bool(layer.rgb))
    if file is None:
        name = free_name(layer.name, [image.name for image in project.images])
        file = project.path / "images" / f"{name}.tif"
        _save(layer, file)
    return file


def _save(layer: Image, file: Path) -> None:
    data, known = whole_of(layer), axes_of_layer(layer)
    if data.ndim - int(layer.rgb) == MOST_AXES:
        data, known = data.reshape(-1, *data.shape[2:]), ""  # a project counts planes, whatever axes they come from
    axes = f"{known}S" if known and layer.rgb else known
    write_pixels(file, data, axes or guess_axes(data.ndim, rgb=bool(layer.rgb)), *pixel_sizes_um(layer))


def _adopt(layer: Image, project: Project) -> None:
    """Let a layer be the one of its image, if the annotation fits on top of it; else hide it behind a new one."""
    image = project.images[-1]
    source = project.source(image)
    if layer.ndim == (2 if image.shape[0] == 1 else 3) and (source.channels == 1 or layer.rgb):
        layer.metadata.update(notes_for(project, image, "image"))
    else:
        layer.visible = False
