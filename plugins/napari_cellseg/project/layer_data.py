"""Layers of an image of a project, as napari's readers give them: channels, results, annotation."""

from __future__ import annotations

import math
from collections.abc import Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_error

import cellseg
from napari_cellseg.annotation import RESULT, role_in
from napari_cellseg.image_reader import LayerData, are_colours
from napari_cellseg.pixels.lazy import contrast, pixels_of
from napari_cellseg.pixels.pyramid import IN_MEMORY, KeptPicture, cells_in, kept_pictures
from napari_cellseg.project.corrections import cells_of, correctable, folder_beside
from napari_cellseg.project.notes import notes_for
from napari_cellseg.project.own_cells import own_cells

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.folder import Project

Placed = dict[str, Any]
"""Scale and units of a layer, as napari takes them."""
_RESULTS = ("probabilities", "uncertainty", "instances")
"""Names of the files in predictions/NAME that are shown, the last one on top."""
_RESULT_FILES = (".tif", ".tiff", ".zarr")


def layer_data(project: Project, image: ProjectImage) -> list[LayerData]:
    """Layers of an image, lowest first: channels, results, annotation. What cannot be read is told and left out."""
    placed, channels = _pixels(project, image)
    results = _results(project, image, placed)
    pictures = _pictures(project, image, placed, without={role_of(made) for made in results})
    own = _own_cells(project, image, placed)
    return [*channels, *results, *pictures, *own, *_annotation(project, image, placed)]


def role_of(made: LayerData) -> str:
    """Role of a layer that is about to be made."""
    return role_in(made[1]["metadata"])


@contextmanager
def errors_told() -> Iterator[None]:
    """Tell an error for people in a notification, and go on after the block."""
    try:
        yield
    except cellseg.InputError as error:
        show_error(str(error))


def _pixels(project: Project, image: ProjectImage) -> tuple[Placed, list[LayerData]]:
    """Size of a pixel, and the layers of the channels; 1 and none where the file is gone or cannot be read."""
    placed: Placed = {"scale": (1.0,) * (2 if image.shape[0] == 1 else 3)}
    channels: list[LayerData] = []
    if not image.missing:
        with errors_told():
            source = project.source(image)
            placed = _placed(source)
            channels = _channels(project, image, source)
    return placed, channels


def _results(project: Project, image: ProjectImage, placed: Placed) -> list[LayerData]:
    """Files of results that `cellseg predict` or a user left in the project."""
    found = []
    for what in _RESULTS:
        for file in _newest(project.predictions / image.name, what):
            with errors_told():
                common = _common(project, image, what, placed)
                read = _cells_in_file if what == RESULT else _values_in_file
                found.append(read(file, common, writable=project.writable))
    return found


def _pictures(project: Project, image: ProjectImage, placed: Placed, *, without: Set[str]) -> list[LayerData]:
    """Pictures that the panel for segmenting left, but for those of which there are files of results."""
    found = kept_pictures(project.predictions / image.name)
    shown = [kept for kept in found if kept.role not in without and kept.levels[0].ndim == len(placed["scale"])]
    return [_picture(kept, _common(project, image, kept.role, placed), writable=project.writable) for kept in shown]


def _own_cells(project: Project, image: ProjectImage, placed: Placed) -> list[LayerData]:
    """Cells that a user brought along."""
    found: list[LayerData] = []
    with errors_told():
        common = _common(project, image, RESULT, placed)
        found += [
            (cells, {**common, "name": name, "opacity": 0.5}, "labels") for name, cells in own_cells(project, image)
        ]
    return found


def _annotation(project: Project, image: ProjectImage, placed: Placed) -> list[LayerData]:
    found: list[LayerData] = []
    with errors_told():
        labels = project.labels(image)
        if project.writable:
            labels.flush()  # what a crash left in the journal
        found.append((labels, _common(project, image, "annotation", placed), "labels"))
    return found


def _common(project: Project, image: ProjectImage, what: str, placed: Placed) -> dict[str, Any]:
    return {"name": f"{image.name} {what}", "metadata": notes_for(project, image, what), **placed}


def _placed(source: ImageSource) -> Placed:
    """Size of a pixel in micrometres where it is known, with the distance of planes, else 1, and the units of these."""
    high, wide = source.pixel_size_um or (1.0, 1.0)
    across = ["um" if source.pixel_size_um else "pixel"] * 2
    if source.planes == 1:
        return {"scale": (high, wide), "units": across}
    spacing = "um" if source.spacing_um else "pixel"
    return {"scale": (source.spacing_um or max(high, wide), high, wide), "units": [spacing, *across]}


def _channels(project: Project, image: ProjectImage, source: ImageSource) -> list[LayerData]:
    common = {"name": image.name, "metadata": notes_for(project, image, "image"), **_placed(source)}
    if are_colours(source):
        return [(pixels_of(source, None), {**common, "rgb": True}, "image")]
    if source.channels == 1:
        shown = {"contrast_limits": contrast(source, 0), "blending": "translucent"}
        return [(pixels_of(source, 0), {**common, **shown}, "image")]
    return [
        (
            pixels_of(source, channel),
            {
                **common,
                "metadata": notes_for(project, image, "image", channel=channel),
                "name": f"{image.name} {source.channel_names[channel]}",
                "contrast_limits": contrast(source, channel),
                "blending": "additive",
            },
            "image",
        )
        for channel in range(source.channels)
    ]


def _newest(folder: Path, what: str) -> list[Path]:
    """The newest file of a result, or none."""
    found = [file for file in folder.glob(f"{what}.*") if file.suffix.lower() in _RESULT_FILES]
    return sorted(found, key=lambda file: file.stat().st_mtime)[-1:]


def _cells_in_file(file: Path, common: dict[str, Any], *, writable: bool) -> LayerData:
    cells = pixels_of(cellseg.open_image(file), 0)
    _note_classes(common, file)
    return correctable(cells, folder_beside(file), writable=writable), common, "labels"


def _note_classes(common: dict[str, Any], cells: Path) -> None:
    """Note beside which name the classes of cells lie, if a network told them."""
    common["metadata"]["cellseg"]["classes"] = str(cells)


def _values_in_file(file: Path, common: dict[str, Any], *, writable: bool) -> LayerData:
    source = cellseg.open_image(file)
    foreground = min(1, source.channels - 1)
    limits = (0.0, 1.0) if source.dtype.kind == "f" else (0.0, 255.0)
    shown = {"colormap": "magma", "opacity": 0.6, "contrast_limits": limits}
    return pixels_of(source, foreground), {**common, **shown}, "image"


def _picture(kept: KeptPicture, common: dict[str, Any], *, writable: bool) -> LayerData:
    """Result of the panel for segmenting."""
    if kept.role == RESULT:
        cells, multiscale = cells_of(kept.levels, kept.folder, writable=writable)
        _note_classes(common, cells_in(kept.folder))
        return cells, {**common, "multiscale": multiscale, "opacity": 0.5}, "labels"
    levels = kept.levels
    small = math.prod(levels[0].shape) <= IN_MEMORY
    data = np.asarray(levels[0]) if small else levels if len(levels) > 1 else levels[0]
    shown = {"colormap": "magma", "opacity": 0.6, "contrast_limits": (0.0, 255.0)}
    return data, {**common, **shown, "multiscale": data is levels}, "image"
