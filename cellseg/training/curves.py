"""The curves of a run: loss and scores over the steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from cellseg.files import complete_file

BLUE, ORANGE, GREEN, PINK, GREY = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#999999"  # Okabe and Ito
SCORES = {"v_rand": BLUE, "v_info": GREEN, "iou": PINK, "ap50": ORANGE, "pixel_error": GREY}
DPI = 110
PLACES = {"left": 0.1, "right": 0.98, "bottom": 0.14, "top": 0.91, "wspace": 0.18}
"""Parts of the figure's width and height; to the left is room for `0.00123`."""


class _Plain(LogFormatter):
    """Labels of the ticks that matplotlib labels, in plain figures: formulas take longer to set than all the rest."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def draw_curves(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Loss and validation scores over the steps, from the rows of metrics.csv; dotted: earlier images."""
    figure = Figure(figsize=(8, 3.6))  # with a layout of its own: matplotlib's takes two thirds of the drawing
    left, right = figure.subplots(1, 2, gridspec_kw=PLACES)
    steps = np.array([int(row["step"]) for row in rows])
    loss = np.array([float(row["loss"]) for row in rows])
    left.plot(steps, loss, color=GREY, linewidth=0.5, alpha=0.6)
    window = min(max(len(loss) // 20, 1), 50)
    left.plot(steps[window - 1 :], np.convolve(loss, np.ones(window) / window, "valid"), color=BLUE)
    left.set(xlabel="step", ylabel="loss", yscale="log")
    left.set_title("training loss", y=1)
    left.yaxis.set_major_formatter(_Plain())
    left.yaxis.set_minor_formatter(_Plain())
    for name, colour in SCORES.items():
        for column, style in ((name, "-"), (f"old_{name}", ":")):
            points = [(int(row["step"]), float(row[column])) for row in rows if row.get(column)]
            if points:
                right.plot(*zip(*points, strict=True), style, color=colour, marker="o", markersize=3, label=column)
    right.set(xlabel="step", ylim=(0, 1))
    right.set_title("images held out", y=1)  # without a place for it, matplotlib's search takes half of the drawing
    if right.lines:
        right.legend(fontsize=8)
    FigureCanvasAgg(figure)
    with complete_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI)
