"""Write planes into a labels layer so that the viewer can undo it."""

from __future__ import annotations

import numpy as np
from napari.layers import Labels

from cellseg.arrays import UInt32

MOST_UNDONE = 8_000_000
"""Changed pixels of a plane that napari remembers; more would take gigabytes."""


def put(layer: Labels, index: tuple[int, ...], values: UInt32) -> bool:
    """Set the plane (H, W) at `index` of a layer; False where that cannot be undone."""
    before = np.asarray(layer.data[(*index, slice(None), slice(None))])
    rows, columns = np.nonzero(before != values)
    if rows.size <= MOST_UNDONE:
        lead = tuple(np.full(rows.size, k) for k in index)
        layer.data_setitem((*lead, rows, columns), values[rows, columns])
        return True
    layer.data[(*index, slice(None), slice(None))] = values.astype(before.dtype)
    layer.refresh()
    return False
