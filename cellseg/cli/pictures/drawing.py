"""Common parts of pictures: grey values, outlines, scale bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cellseg.files import complete_file
from cellseg.images.display import outlines as outlines
from cellseg.images.display import stretched as stretched

OUTLINE = "#E69F00"
TITLE_AT = 1.0
"""Height of a title above its image, of the image's; matplotlib's own search for it takes half of the drawing."""
LENGTHS_UM = tuple(step * 10.0**power for power in range(-3, 5) for step in (1, 2, 5))


def outlined(image: NDArray[Any], labels: NDArray[Any], strength: float = 1.0) -> NDArray[np.float32]:
    """Grey values (H, W) of 0 to 1 as colours (H, W, 3), the labels outlined."""
    colours = np.repeat(image[..., None].astype(np.float32), 3, axis=-1)
    edge = outlines(labels)
    colours[edge] = (1 - strength) * colours[edge] + strength * np.array(to_rgb(OUTLINE), np.float32)
    return colours


def add_scale_bar(axes: Axes, width: int, pixel_um: float | None) -> None:
    """A bar of a round length, about a fifth of the image's `width` in pixels; none where the pixel size is unknown."""
    if not pixel_um:
        return
    length = max((round_um for round_um in LENGTHS_UM if round_um <= width * pixel_um / 4), default=LENGTHS_UM[0])
    text = f"{length:g} µm" if length < 1000 else f"{length / 1000:g} mm"
    left, bottom = 0.04, 0.05
    box = {"facecolor": "black", "alpha": 0.6, "edgecolor": "none", "pad": 1.5}
    part = length / (width * pixel_um)
    axes.plot([left, left + part], [bottom] * 2, color="white", linewidth=3, transform=axes.transAxes)
    axes.text(left, bottom + 0.03, text, color="white", fontsize=8, transform=axes.transAxes, bbox=box)


def save_picture(figure: Figure, path: Path, dpi: int = 110) -> None:
    """Write a figure as PNG, complete or not at all."""
    FigureCanvasAgg(figure)
    with complete_file(path) as temporary:
        figure.savefig(temporary, format="png", dpi=dpi)
