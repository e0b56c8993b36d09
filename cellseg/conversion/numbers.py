"""Cell numbers as files hold them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.measure.files import MeasurePlan

LARGEST = 2**32 - 1


def numbers_of(plan: MeasurePlan, plane: int) -> Array:
    """Cell numbers (H, W) of a plane. Raises InputError where one is too large to be read back from any file."""
    numbers = plan.numbers(plane)
    highest = int(numbers.max(initial=0))
    if highest > LARGEST:
        found = f"{plan.labels.name} has a cell with the number {highest}, files hold {LARGEST} at most"
        raise InputError(found, "cellseg check --fix numbers cells anew.", path=plan.labels.path)
    return numbers


def planes_of(plan: MeasurePlan) -> Iterator[Array]:
    """Cell numbers (H, W) of each plane."""
    yield from (numbers_of(plan, plane) for plane in range(plan.labels.planes))


def count_of(plan: MeasurePlan) -> tuple[int, int]:
    """The number of cells, added up over planes, and the highest number."""
    numbers = [np.unique(plane) for plane in planes_of(plan)]
    return sum(int(np.count_nonzero(found)) for found in numbers), max(int(found.max(initial=0)) for found in numbers)
