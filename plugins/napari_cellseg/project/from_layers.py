"""A new project of the image layers in a viewer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari.layers import Image, Layer
from napari.utils.notifications import show_warning

import cellseg
from napari_cellseg.annotation import notes_on, what_of
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.pixels.channels import StackedChannels, channels_of
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
from napari_cellseg.project.growth import with_files
from napari_cellseg.project.layers import choose_annotation, claimed, show_image, shown_at_once
from napari_cellseg.project.notes import notes_for

if TYPE_CHECKING:
    from napari.components import ViewerModel

MOST_AXES = 5
"""Of a layer that can be put into a project, colours not counted."""


def create_project(
    viewer: ViewerModel, folder: Path, layers: Sequence[Image] | None = None, *, files: Sequence[Path] = ()
) -> Project:
    """Make a project of images, and add a layer for the annotation of each, or of the first of many.

    The channels of a file are one image. An image without a file, or one that was changed since it was read, is saved
    in the project; other files are referred to.

    Args:
        viewer: where the layers are.
        folder: a new or empty folder.
        layers: by default all image layers where there are files, else the selected ones, else all.
        files: that need not be open.

    Raises:
        InputError: no images, a folder in use, or an image that cannot be saved.
    """
    chosen = _chosen(viewer, everything=bool(files)) if layers is None else list(layers)
    if not chosen and not files:
        raise cellseg.InputError("there is no image to annotate", "Open one first: File > Open, or Open Sample.")
    project = Project.create(folder)
    for channels in _by_image(viewer, chosen):
        project = project.add([_file_of(channels, project)])
        _adopt(channels, project)
    project, problems = with_files(project, files)
    for words in problems:
        show_warning(words)
    project = claimed(project.path)
    for image in shown_at_once(project):
        show_image(viewer, project, image, visible=image is project.images[0])
    for image in project.images[:1]:
        choose_annotation(viewer, project, image)
    return project


def _chosen(viewer: ViewerModel, *, everything: bool) -> list[Image]:
    selected = sorted(viewer.layers.selection, key=viewer.layers.index)
    return (_images_of(selected) if not everything else []) or _images_of(viewer.layers)


def _images_of(layers: Iterable[Layer]) -> list[Image]:
    """Images of the user's: what this plugin has made is none."""
    return [layer for layer in layers if isinstance(layer, Image) and what_of(layer) in ("", "image")]


def _by_image(viewer: ViewerModel, chosen: Iterable[Image]) -> list[list[Image]]:
    """Layers of each image: one, or all its channels that are open."""
    layers = [unwrapped(layer) for layer in viewer.layers]
    groups = {tuple(map(id, found)): found for layer in chosen if (found := channels_of(layers, unwrapped(layer)))}
    return list(groups.values())


def _file_of(channels: Sequence[Image], project: Project) -> Path:
    """The file that shows what the layers of an image show; one in the project where there is none."""
    layer, several = channels[0], len(channels) > 1 or "channel" in notes_on(channels[0])
    shown = [
        file_that_shows(named_file(channel), whole_of(channel), rgb=bool(channel.rgb), channel=several)
        for channel in channels
    ]
    file = shown[0]
    if file is None or None in shown:
        name = str(notes_on(layer).get("image", layer.name)) if several else layer.name
        file = project.path / "images" / f"{free_name(name, [image.name for image in project.images])}.tif"
        _save(channels, file)
    return file


def _save(channels: Sequence[Image], file: Path) -> None:
    layer = channels[0]
    data, known = whole_of(layer), axes_of_layer(layer)
    if len(channels) > 1:
        axes = known or guess_axes(data.ndim, rgb=False)
        stacked = StackedChannels([whole_of(channel) for channel in channels])
        write_pixels(file, stacked, f"{axes[:-2]}CYX", *pixel_sizes_um(layer))
        return
    if data.ndim - int(layer.rgb) == MOST_AXES:
        data, known = data.reshape(-1, *data.shape[2:]), ""  # a project counts planes, whatever axes they come from
    axes = f"{known}S" if known and layer.rgb else known
    write_pixels(file, data, axes or guess_axes(data.ndim, rgb=bool(layer.rgb)), *pixel_sizes_um(layer))


def _adopt(channels: Sequence[Image], project: Project) -> None:
    """Let layers be those of their image, if the annotation fits on top of them; else hide them behind new ones."""
    image = project.images[-1]
    source, ndim = project.source(image), 2 if image.shape[0] == 1 else 3
    fits = source.channels == len(channels) or channels[0].rgb
    for number, layer in enumerate(channels):
        if layer.ndim == ndim and fits:
            more = {"channel": number} if len(channels) > 1 else {}
            layer.metadata.update(notes_for(project, image, "image", **more))
        else:
            layer.visible = False
