"""Pictures of what was done: panels side by side, curves, errors in colour."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cellseg.cli.pictures.drawing import save_picture

BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#999999"  # Okabe and Ito
SCORES = {"v_rand": BLUE, "v_info": GREEN, "iou": PINK, "ap50": ORANGE, "pixel_error": GREY}


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
        axes.set_title(title, fontsize=10)
        axes.set_axis_off()
        if colours in ("magma", "viridis"):
            figure.colorbar(shown, ax=axes, shrink=0.8)
    save_picture(figure, path)


def draw_curves(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Loss and validation scores over the steps, from the rows of metrics.csv; dotted: earlier images."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = np.array([int(row["step"]) for row in rows])
    loss = np.array([float(row["loss"]) for row in rows])
    left.plot(steps, loss, color=GREY, linewidth=0.5, alpha=0.6)
    window = min(max(len(loss) // 20, 1), 50)
    left.plot(steps[window - 1 :], np.convolve(loss, np.ones(window) / window, "valid"), color=BLUE)
    left.set(xlabel="step", ylabel="loss", yscale="log", title="training loss")
    for name, colour in SCORES.items():
        for column, style in ((name, "-"), (f"old_{name}", ":")):
            points = [(int(row["step"]), float(row[column])) for row in rows if row.get(column)]
            if points:
                right.plot(*zip(*points, strict=True), style, color=colour, marker="o", markersize=3, label=column)
    right.set(xlabel="step", ylim=(0, 1), title="images held out")
    if right.lines:
        right.legend(fontsize=8)
    save_picture(figure, path)
