"""Numbers of cells in files against values of an annotation.

In files 0 is what is no cell, and cells are 1 and up. In a project's layer 0 = not annotated, 1 = background, and cells
are 2 and up. Cells keep their numbers, so that they are called the same everywhere; only where a file has a cell 1, all
its cells move up by one.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Rest = Literal["background", "unknown", "kept"]
"""What becomes of pixels that are no cell in a file: background, not annotated, or what the layer says already."""
Values = NDArray[np.uint32]

UNKNOWN, BACKGROUND, FIRST_CELL = 0, 1, 2


def shift_of(lowest: int, annotation: bool) -> int:
    """By how much cells move up in the layer, where the lowest cell of the file has this number."""
    return FIRST_CELL - lowest if annotation and 0 < lowest < FIRST_CELL else 0


def to_values(numbers: NDArray[Any], annotation: bool, rest: Rest, before: Values, shift: int = 0) -> Values:
    """Values of a layer from a file's numbers.

    Args:
        numbers: (H, W), 0 = no cell, negative = not annotated, other values = cells.
        annotation: the layer is a project's; else 0 = background, other values = cells.
        rest: what pixels become that are no cell.
        before: (H, W) what the layer says already.
        shift: see `shift_of`.

    Returns:
        (H, W) uint32.
    """
    none: Any = np.uint32(BACKGROUND if annotation and rest == "background" else UNKNOWN)
    values = np.where(numbers > 0, (numbers + shift).astype(np.uint32), before if rest == "kept" else none)
    return np.where(numbers < 0, before if rest == "kept" else np.uint32(UNKNOWN), values).astype(np.uint32)


def to_numbers(values: NDArray[Any], annotation: bool) -> tuple[Values, NDArray[np.bool_]]:
    """Cells (H, W) uint32, 0 = none, and where nobody annotated (H, W) bool, from a layer's values."""
    values = np.asarray(values).astype(np.uint32, copy=False)
    if not annotation:
        return values, np.zeros(values.shape, bool)
    return np.where(values >= FIRST_CELL, values, np.uint32(0)), values == UNKNOWN
