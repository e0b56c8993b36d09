"""Places of the annotated cells, so that samples can be drawn around them.

Samples that lie anywhere see a large image with few cells more often than a small one with many, while each cell counts
alike where a result is judged (docs/measurements.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Float64, Int64, Shape
from cellseg.labels.meaning import LabelPlane

JITTER = 0.45
"""Largest distance of the cell from the middle of the sample, as a part of the window."""


@dataclass(frozen=True, slots=True)
class CellPlaces:
    """Places of the cells of each example.

    Attributes:
        middles: (n, 2) y, x of each example's cells, of the middles of their bounding boxes.
    """

    middles: tuple[Float64, ...]

    @property
    def counts(self) -> Int64:
        """(N,) cells of each example."""
        return np.array([len(places) for places in self.middles])

    def draw(
        self, rng: np.random.Generator, shapes: Sequence[Shape], chances: NDArray[np.float64], window: int
    ) -> tuple[int, tuple[float, float]]:
        """An example and the centre y, x of a window that a cell of it lies in, and that lies in the image if it can.

        Args:
            rng: where all random numbers come from.
            shapes: (H, W) of each example.
            chances: (N,) how likely each example is drawn; 0 without cells.
            window: side of the labelled part of the sample.
        """
        chosen = int(rng.choice(len(chances), p=chances))
        place = self.middles[chosen][int(rng.integers(len(self.middles[chosen])))]
        shape = np.array(shapes[chosen])
        inside = np.minimum(window, shape) / 2
        y, x = np.clip(place + rng.uniform(-JITTER, JITTER, 2) * window, inside, shape - inside)
        return chosen, (float(y), float(x))


def find_cells(truths: Sequence[LabelPlane]) -> CellPlaces | None:
    """Places of the cells in annotated planes; None where there is none."""
    found = CellPlaces(tuple(_middles(truth) for truth in truths))
    return found if found.counts.any() else None


def _middles(truth: LabelPlane) -> Float64:
    boxes = [box for box in ndimage.find_objects(truth.instances) if box is not None]
    return np.array([[(side.start + side.stop - 1) / 2 for side in box] for box in boxes]).reshape(-1, 2)
