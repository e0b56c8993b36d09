"""Labels as a PNG of 16 bits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cellseg.conversion.numbers import count_of, numbers_of
from cellseg.errors import InputError
from cellseg.files import complete_file
from cellseg.measure.files import MeasurePlan

LARGEST = 2**16 - 1


def write_png(path: Path, plans: Sequence[MeasurePlan]) -> int:
    """Write cell numbers as a PNG.

    Raises:
        InputError: a stack, or numbers that 16 bits do not hold.
    """
    from PIL import Image

    (plan,) = plans
    refuse_stack(plan, "a PNG")
    cells, highest = count_of(plan)
    if highest > LARGEST:
        found = f"{plan.labels.name} has {cells} cells with numbers up to {highest}, a PNG holds {LARGEST}"
        raise InputError(found, "Write a .tif or .zarr.", path=path)
    with complete_file(path) as part:
        Image.fromarray(numbers_of(plan, 0).astype(np.uint16)).save(part, "PNG")
    return cells


def refuse_stack(plan: MeasurePlan, what: str) -> None:
    """InputError for labels of several planes, which a format does not hold."""
    if plan.labels.planes > 1:
        found = f"{plan.labels.name} has {plan.labels.planes} planes, {what} holds one"
        raise InputError(found, "Write a .tif, .zarr, .zip or .geojson.")
