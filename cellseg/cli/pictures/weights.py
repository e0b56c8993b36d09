"""The picture of a weight map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cellseg.cli.pictures.drawing import add_scale_bar, outlines, save_picture

LONGEST = 1600
"""Pixels of the picture's longer side, at most."""
DPI = 150
IGNORED = "#999999"


def draw_weight_map(
    weights: NDArray[np.float32],
    labels: NDArray[Any],
    path: Path,
    *,
    title: str = "",
    pixel_size_um: tuple[float, float] | None = None,
) -> None:
    """A weight map in perceptually even colours, with a colour bar, the cells lightly outlined.

    Args:
        weights: (H, W); 0 = ignored, drawn grey.
        labels: (H, W), 0 = background.
        path: the PNG to write.
        title: above it.
        pixel_size_um: height and width of a pixel, for the scale bar.
    """
    height, width = weights.shape
    scale = min(max(LONGEST / max(height, width), 0.05), 8)
    inches = max(width * scale / DPI, 3), max(height * scale / DPI, 2)
    figure = Figure(figsize=(inches[0] + 1.2, inches[1] + 0.4), layout="constrained")
    axes = figure.subplots()
    colours = colormaps["viridis"].with_extremes(bad=IGNORED)
    shown = axes.imshow(np.where(weights > 0, weights, np.nan), cmap=colours, interpolation="nearest", vmin=0)
    edge = np.zeros((height, width, 4), np.float32)
    edge[outlines(labels)] = (1, 1, 1, 0.35)
    axes.imshow(edge, interpolation="nearest")
    axes.set_title(title + (" (grey: ignored)" if (weights == 0).any() else ""), fontsize=10)
    axes.set_axis_off()
    add_scale_bar(axes, width, pixel_size_um[1] if pixel_size_um else None)
    figure.colorbar(shown, ax=axes, label="weight of a pixel", shrink=0.9)
    save_picture(figure, path, DPI)
