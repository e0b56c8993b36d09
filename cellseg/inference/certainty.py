"""Certainty of a prediction in one number, summed up while its tiles pass by."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cellseg.inference.predicted import Predicted
from cellseg.inference.result import entropy


@dataclass(slots=True)
class CertaintySum:
    """Sums over the pixels of an image, in which each counts by its probability to be in a cell.

    So what is surely background has no say, however much of it there is, and a cell that was nearly found has.
    """

    doubt: float = 0.0
    """Sum of probability times entropy; entropy as part of the largest one, 0 to 1."""
    cell: float = 0.0
    """Sum of probabilities."""

    def add(self, found: Predicted) -> None:
        """Add the pixels of a tile."""
        cell = 1 - found.probabilities[0]
        share = entropy(found.probabilities) / math.log2(len(found.probabilities))
        self.doubt += float(np.vdot(cell, share))
        self.cell += float(cell.sum(dtype=np.float64))

    @property
    def value(self) -> float | None:
        """1 = all pixels that may be in a cell are surely in one, 0 = all are undecided; None where there are none."""
        return 1 - self.doubt / self.cell if self.cell else None
