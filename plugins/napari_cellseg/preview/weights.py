"""The weight map and the separating borders of a field, as training would make them of the whole plane."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.options import WeightOptions
from napari_cellseg.annotation import cells_in, unknown_in
from napari_cellseg.preview.plane import Plane
from napari_cellseg.preview.window import FieldWindow

_NEGLIGIBLE = 1e-4
"""Border weights below this part of w0 cannot be seen."""
_CUT = 2
"""Pixels that the separating border looks beyond the margin, for cells that it touches."""


@dataclass(frozen=True, slots=True, eq=False)
class BordersPreview:
    """Weights and borders of a field in the Borders panel."""

    window: FieldWindow
    weights: NDArray[np.float32]
    """(h, w)"""
    borders: NDArray[np.uint8]
    """(h, w), 1 where touching cells draw back."""


def margin(options: WeightOptions) -> tuple[float, float]:
    """Rows and columns around a field that its weights depend on.

    A border weighs w0 * exp(-(d1 + d2)^2 / (2 sigma^2)). Where the second nearest cell lies beyond the margin m,
    d1 + d2 is above m, so that what is lost is below w0 * exp(-m^2 / (2 sigma^2)): `_NEGLIGIBLE` for m = 4.3 sigma.
    """
    across = options.sigma * math.sqrt(-2 * math.log(_NEGLIGIBLE))
    return across / options.spacing + _CUT, across + _CUT


def preview(
    labels: Plane,
    window: FieldWindow,
    options: WeightOptions,
    *,
    annotation: bool,
    frequencies: NDArray[np.int64] | None = None,
) -> BordersPreview:
    """Weigh the pixels of a window.

    Args:
        labels: the plane that is annotated.
        window: what of it is read, and how coarsely; sigma shrinks with it, borders become one pixel of it.
        options: of the weight map.
        annotation: the values are those of a project: 0 = not annotated, 1 = background.
        frequencies: (K,) pixels per class to balance the classes by; None: those of the window.
    """
    rows, columns = (slice(part.start, part.stop, window.step) for part in window.read)
    values = labels.read(rows, columns)
    cells, unknown = cells_in(values, annotation), unknown_in(values, annotation)
    weights = cellseg.weight_map(
        cells,
        options.w0,
        options.sigma / window.step,
        options.balance != "none" if frequencies is None else frequencies,
        unknown,
        spacing=(options.spacing, 1.0),
        everywhere=options.where == "everywhere",
    )
    borders = (cells != 0) & (cellseg.separate(cells) == 0)
    return BordersPreview(window, weights[window.shown], borders[window.shown].astype(np.uint8))
