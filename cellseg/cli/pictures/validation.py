"""The picture of a validation: what the model makes of some images, and where it is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from cellseg.cli.pictures.drawing import TITLE_AT, add_scale_bar, save_picture, stretched
from cellseg.cli.pictures.panels import PINK, colour_errors, colour_instances
from cellseg.inference.cut import instances_in
from cellseg.inference.result import classes_of
from cellseg.models.trained import TrainedModel
from cellseg.training.events import PredictedImage

IMAGES = 3
"""Rows of the picture, at most."""
LONGEST = 512
"""Pixels of an image's longer side, at most."""
DPI = 80
SIDE, GAP, TITLE = 3.0, 0.05, 0.3
"""Inches: width of an image, between two of them, and above them."""

TitledImage = tuple[str, NDArray[Any], str]
"""Title, image, and the colour map of what is not in colour."""


def draw_validation(model: TrainedModel, seen: Sequence[PredictedImage], path: Path) -> None:
    """A row for each image: the image, its truth, the probability of any cell, the result and its errors."""
    rows = [_panels(model, one) for one in seen[:IMAGES]]
    heights = [SIDE * row[0][1].shape[0] / row[0][1].shape[1] for row in rows]
    figure = Figure(figsize=((SIDE + GAP) * len(rows[0]), sum(heights) + TITLE * len(rows)))
    for number, (line, row, one) in enumerate(zip(_grid(figure, heights, len(rows[0])), rows, seen, strict=False)):
        _draw_row(line, row, titled=number == 0)
        line[0].set_title(one.image.name, fontsize=8, y=TITLE_AT)
        add_scale_bar(line[0], one.image.image.shape[-1], one.image.pixel_um)
    save_picture(figure, path, DPI)


def _grid(figure: Figure, heights: Sequence[float], columns: int) -> Iterator[list[Axes]]:
    """Rows of places for images, of heights in inches; matplotlib's own layout takes as long as the drawing."""
    width, height = figure.get_size_inches()
    top = height
    for high in heights:
        top -= TITLE + high
        lefts = [(SIDE + GAP) * column for column in range(columns)]
        yield [figure.add_axes((left / width, top / height, SIDE / width, high / height)) for left in lefts]


def _draw_row(line: Sequence[Axes], row: Sequence[TitledImage], *, titled: bool) -> None:
    for axes, (title, image, colours) in zip(line, row, strict=True):
        axes.imshow(image, cmap=colours or None, interpolation="nearest", vmin=0, vmax=1)
        axes.set_axis_off()
        axes.set_title(title if titled else "", fontsize=8, y=TITLE_AT)


def _panels(model: TrainedModel, one: PredictedImage) -> list[TitledImage]:
    """The image first, the errors last."""
    truth, several = one.image.truth, len(one.probabilities) > 2
    classes = np.where(truth.ignore, 0, classes_of(model, one.probabilities))
    cells = classes if several else np.where(truth.ignore, 0, instances_in(one.probabilities, model.card))
    panels = [
        ("image", stretched(one.image.image[0]), "gray"),
        ("truth", colour_instances(truth.classes if several else truth.instances), ""),
        ("probability", 1 - one.probabilities[0], "magma"),
        ("result", colour_instances(cells), ""),
        _confused(classes, truth.classes) if several else _wrong(cells, truth.classes),
    ]
    step = math.ceil(max(truth.ignore.shape) / LONGEST)
    return [(title, image[::step, ::step], colours) for title, image, colours in panels]


def _wrong(cells: NDArray[Any], truth: NDArray[Any]) -> TitledImage:
    return "errors: missed orange, invented blue", colour_errors(cells, truth), ""


def _confused(classes: NDArray[Any], truth: NDArray[Any]) -> TitledImage:
    """Errors that also show one class taken for another."""
    errors = colour_errors(classes, truth)
    errors[(classes > 0) & (truth > 0) & (classes != truth)] = to_rgb(PINK)
    return "missed orange, invented blue, confused pink", errors, ""
