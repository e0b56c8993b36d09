"""Images of a project whose pixels were changed in the window: files of what is shown, for a training.

A project names files, and a child that reads them knows nothing of layers; without this, a filtered layer would be
annotated as it is seen and learnt from as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cellseg
from napari_cellseg.annotation import notes_on, what_of
from napari_cellseg.pixels.channels import StackedChannels
from napari_cellseg.pixels.layer_files import shows, whole_of, write_pixels
from napari_cellseg.pixels.lazy import LazyPixels
from napari_cellseg.project.notes import belongs_to

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.folder import Project


def write_changed(project: Project, layers: Sequence[Any], folder: Path) -> Path | None:
    """Write the images whose layers show other pixels than their files.

    Args:
        project: whose images.
        layers: of the viewer.
        folder: a new one; it is made only if something was changed.

    Returns:
        The folder, or None where the files show what the layers show.

    Raises:
        InputError: a layer has another size now than its image, a file is damaged, or the folder cannot be written.
    """
    for image in filter(lambda image: not image.missing, project.images):
        source, shown = project.source(image), _layers_of(layers, project, image)
        if not _show_file(shown, source):
            pixels, axes = _shown_pixels(source, image, shown)
            write_pixels(changed_file(folder, image), pixels, axes, source.pixel_size_um, source.spacing_um)
    return folder if folder.exists() else None


def changed_file(folder: Path, image: ProjectImage) -> Path:
    """The file of an image in such a folder; not there where the image was not changed."""
    return folder / f"{image.name}.ome.tif"


def _layers_of(layers: Sequence[Any], project: Project, image: ProjectImage) -> dict[int, Any]:
    """Image layers of an image by their channels."""
    mine = (layer for layer in layers if what_of(layer) == "image" and belongs_to(layer, project, image))
    return {int(notes_on(layer).get("channel", 0)): layer for layer in mine}


def _show_file(layers: Mapping[int, Any], source: ImageSource) -> bool:
    """True if all layers of an image show what its file shows."""
    together = _show_all(layers, source)
    return all(
        shows(source if together else source.select([channel]), whole_of(layer), rgb=bool(layer.rgb))
        for channel, layer in layers.items()
    )


def _show_all(layers: Mapping[int, Any], source: ImageSource) -> bool:
    """True if one layer shows all channels of an image."""
    return source.channels == 1 or any(layer.rgb for layer in layers.values())


def _shown_pixels(source: ImageSource, image: ProjectImage, layers: Mapping[int, Any]) -> tuple[Any, str]:
    """Pixels that the layers of an image show, and its axes.

    Raises:
        InputError: a layer has another size than the image.
    """
    for layer in layers.values():
        _check_size(layer, image)
    axes = "YX" if image.shape[0] == 1 else "ZYX"
    if _show_all(layers, source):
        (layer,) = layers.values()
        return whole_of(layer), axes + ("S" if layer.rgb else "")
    return StackedChannels(_all_channels(source, layers)), f"{axes[:-2]}CYX"


def _all_channels(source: ImageSource, layers: Mapping[int, Any]) -> list[Any]:
    """Channels (..., H, W) as their layers show them, those without a layer as in the file."""
    return [whole_of(layers[k]) if k in layers else LazyPixels(source, k) for k in range(source.channels)]


def _check_size(layer: Any, image: ProjectImage) -> None:
    shape = tuple(int(length) for length in whole_of(layer).shape)
    wanted = image.shape[1:] if image.shape[0] == 1 else image.shape
    if (shape[:-1] if layer.rgb else shape) != wanted:
        found = f"the layer {layer.name} has the shape {shape} now, and was annotated as {wanted}"
        raise cellseg.InputError(found, "Give it back its size, or make a project of it.")
