"""Load what the previews are computed by, so that the first one is as quick as the next."""

from __future__ import annotations

import numpy as np

import cellseg


def load() -> None:
    """Call each function once on next to nothing: compiled code is read from the disk, or made and kept there."""
    labels = np.zeros((8, 8), np.int32)
    labels[:, :4], labels[:, 5:] = 1, 2
    cellseg.weight_map(labels)
    cellseg.separate(labels)
    field = cellseg.displacement_field(labels.shape, np.random.default_rng(0))
    for order in (0, 1):
        cellseg.warp(np.zeros((3, 8, 8), np.uint8), field, order)
