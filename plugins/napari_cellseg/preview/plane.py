"""One plane of a layer's pixels, whatever holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """(H, W) pixels, or (H, W, S) with colours, read region by region from an array on disk or in memory."""

    data: Any
    """An array of the plane's axes, others before them."""
    index: tuple[int, ...]
    """Where the plane is along the others."""
    shape: tuple[int, int]

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """A region of it; the slices may have steps."""
        return np.asarray(self.data[(*self.index, rows, columns)])
