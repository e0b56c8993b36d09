"""What the values of a labels layer mean: those of a project, or plain numbers of cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

BACKGROUND = 1
"""In a project; below it nobody annotated, above it are cells."""


def is_annotation(metadata: Mapping[str, Any]) -> bool:
    """Whether a layer with this metadata is the annotation of a project: 0 = not annotated, 1 = background."""
    mine = metadata.get("cellseg")
    return isinstance(mine, Mapping) and mine.get("what") == "annotation"


def cells_and_unknown(values: NDArray[Any], annotation: bool) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """What the weight map takes.

    Args:
        values: (H, W) of any integer type.
        annotation: they are those of a project; else 0 = background, other values = cells.

    Returns:
        (H, W) cells of the same type, 0 = background, and (H, W) bool, True = not annotated, or None.
    """
    if not annotation:
        return values, None
    return np.where(values > BACKGROUND, values, values.dtype.type(0)), values == 0
