"""The type in which instances are written: never one that is too small for their number."""

from __future__ import annotations

from typing import Any

import numpy as np

from cellseg.errors import InputError
from cellseg.options import LabelType


def label_dtype(largest: int, label_type: LabelType) -> np.dtype[Any]:
    """The asked type for ids up to `largest`; raises InputError where they do not fit."""
    dtype = np.dtype(label_type)
    if largest > np.iinfo(dtype).max:
        raise InputError(
            f"there are {largest} instances, --label-type {label_type} holds {np.iinfo(dtype).max}",
            "Take --label-type uint32." if label_type == "uint16" else "Predict fewer planes at a time.",
        )
    return dtype
