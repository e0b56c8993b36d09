"""A sheet of samples in rows, each row with its name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cellseg.cli.pictures.drawing import add_scale_bar, outlined, save_picture

COLUMN, NAMES, TITLE = 1.7, 1.5, 0.35
"""Inches."""
GAP, DPI = 0.04, 110
GRID = "#56B4E9"
LINES = 8
"""Lines of the deformation grid over the shorter side of a panel."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture of the sheet."""

    image: NDArray[np.float32]
    """(h, w): grey values from 0 to 1, or weights."""
    classes: NDArray[np.uint8] | None = None
    """(h, w) drawn as outlines."""
    coordinates: NDArray[np.float32] | None = None
    """(2, h, w) where in the image each pixel was read, drawn as lines that were straight there."""
    weights: bool = False
    """Drawn in colours with a common scale; 0 = ignored, grey."""


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Panels side by side."""

    name: str
    panels: Sequence[Panel]


def draw_sheet(rows: Sequence[PanelRow], path: Path, *, title: str = "", pixel_um: float | None = None) -> None:
    """Write the sheet as PNG; the scale bar, where the pixel size is known, is in the first panel."""
    columns = max(len(row.panels) for row in rows)
    shape = rows[0].panels[0].image.shape
    row_height = COLUMN * shape[0] / shape[1]
    width, height = COLUMN * columns + NAMES, row_height * len(rows) + TITLE
    figure = Figure(figsize=(width, height))
    figure.text(0.5, 1 - TITLE / 2 / height, title, ha="center", va="center", fontsize=9)
    places = {"left": NAMES / width, "right": 1, "bottom": 0, "top": 1 - TITLE / height, "wspace": GAP, "hspace": GAP}
    grid = figure.subplots(len(rows), columns, squeeze=False, gridspec_kw=places)
    for axes in grid.ravel():
        axes.set(xticks=[], yticks=[], frame_on=False)
    brightest = _brightest(rows)
    for row, line in zip(rows, grid, strict=True):
        line[0].set_ylabel(row.name, rotation=0, ha="right", va="center", fontsize=9)
        for panel, axes in zip(row.panels, line, strict=False):
            _draw(axes, panel, brightest)
    add_scale_bar(grid[0][0], shape[1], pixel_um)
    save_picture(figure, path, DPI)


def _brightest(rows: Sequence[PanelRow]) -> float:
    """The largest weight, the end of the common scale."""
    panels = chain.from_iterable(row.panels for row in rows)
    return max((float(panel.image.max()) for panel in panels if panel.weights), default=1.0)


def _draw(axes: Axes, panel: Panel, brightest: float) -> None:
    if panel.weights:
        colours = colormaps["viridis"].with_extremes(bad="#999999")
        shown = np.where(panel.image > 0, panel.image, np.nan)
        axes.imshow(shown, cmap=colours, norm=Normalize(0, brightest), interpolation="nearest")
    else:
        classes = np.zeros(panel.image.shape, np.uint8) if panel.classes is None else panel.classes
        axes.imshow(outlined(panel.image, classes), interpolation="nearest")
    if panel.coordinates is not None:
        _draw_grid(axes, panel.coordinates)


def _draw_grid(axes: Axes, coordinates: NDArray[np.float32]) -> None:
    """Lines of equal row and of equal column in the image."""
    step = min(coordinates.shape[1:]) / LINES
    for at in coordinates:
        levels = np.arange(np.ceil(at.min() / step), at.max() / step) * step
        if levels.size:
            axes.contour(at, levels=levels, colors=GRID, linewidths=0.6)
