"""Arrays by their type of number, and the shape of a plane; shapes of arrays stand in the docstrings."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int]
"""Height and width of a plane in pixels."""
Array = NDArray[Any]
Mask = NDArray[np.bool_]
Labels = NDArray[Any]
UInt8 = NDArray[np.uint8]
UInt32 = NDArray[np.uint32]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]
Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Floating = NDArray[np.floating[Any]]
