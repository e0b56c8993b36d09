"""Cells of a layer as a file: what is seen, corrections included."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.pixels.layer_files import axes_of_layer, guess_axes, pixel_sizes_um, whole_of
from napari_cellseg.project.cell_classes import classes_of
from napari_cellseg.project.notes import image_of_layer

if TYPE_CHECKING:
    from napari_cellseg.project.folder import Project

_BLOCK = 256
"""Side of the tiles of a TIFF, as `cellseg predict` writes them."""


def write_cells(layer: Any, project: Project | None, path: Path) -> None:
    """Write cells as TIFF, OME-TIFF or OME-Zarr, by the name, and their classes beside them; complete or not at all.

    Args:
        layer: Labels.
        project: the open one, which knows the axes of its images.
        path: of the file.

    Raises:
        InputError: it cannot be written, or the layer has too many axes.
    """
    pixel_size, spacing = pixel_sizes_um(layer)
    cells = np.asarray(whole_of(layer))
    axes = axes_of(layer, project)
    table = classes_of(layer, ())
    if table is None:
        cellseg.CellClasses.forget(path)
    beside = nullcontext() if table is None else table.as_classes(_cells_of(cells)).written_beside(path)
    with beside:
        cellseg.write_stack(path, cells, axes, pixel_size_um=pixel_size, spacing_um=spacing, tile=(_BLOCK, _BLOCK))


def _cells_of(cells: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Plane and number of each cell of (..., H, W)."""
    for plane, values in enumerate(cells.reshape(-1, *cells.shape[-2:])):
        yield from ((plane, number) for number in np.unique(values).tolist() if number)


def axes_of(layer: Any, project: Project | None) -> str:
    """Axes of a layer of labels, those of its image where they are known."""
    ndim = whole_of(layer).ndim
    image = None if project is None else image_of_layer(layer, project)
    known = "" if image is None or len(image.axes) != ndim else image.axes
    return known or axes_of_layer(layer) or guess_axes(ndim, rgb=False)
