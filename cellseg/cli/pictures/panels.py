"""Pictures of what was done: panels side by side, curves, errors in colour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cellseg.cli.pictures.drawing import TITLE_AT, save_picture
from cellseg.training.curves import BLUE as BLUE
from cellseg.training.curves import ORANGE as ORANGE
from cellseg.training.curves import PINK as PINK


def colour_instances(labels: NDArray[Any]) -> NDArray[np.float32]:
    """Labels (H, W) as colours (H, W, 3): background black, neighbours told apart by hue and brightness."""
    from matplotlib import colormaps

    ids = labels.astype(np.int64)
    hue = (ids * 0.61803398875) % 1.0
    colours = colormaps["viridis"](0.15 + 0.85 * hue)[..., :3]
    return np.where(ids[..., None] > 0, colours, 0.0).astype(np.float32)


def colour_errors(found: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float32]:
    """Foreground masks (H, W) as colours (H, W, 3): right white, missed orange, invented blue, background black."""
    from matplotlib.colors import to_rgb

    found, truth = found > 0, truth > 0
    out = np.zeros((*found.shape, 3), np.float32)
    out[found & truth] = 0.92
    out[~found & truth] = to_rgb(ORANGE)
    out[found & ~truth] = to_rgb(BLUE)
    return out


def draw_panels(panels: Sequence[tuple[str, NDArray[Any], str]], path: Path) -> None:
    """Images side by side, each with a title and a colour map's name ("" for colours as they are)."""
    height, width = panels[0][1].shape[:2]
    figure = Figure(figsize=(3.4 * len(panels), 3.4 * height / width + 0.5), layout="constrained")
    for axes, (title, image, colours) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        shown = axes.imshow(image, cmap=colours or None, interpolation="nearest")
        axes.set_title(title, fontsize=10, y=TITLE_AT)
        axes.set_axis_off()
        if colours in ("magma", "viridis"):
            figure.colorbar(shown, ax=axes, shrink=0.8)
    save_picture(figure, path)
