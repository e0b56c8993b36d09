"""Differences of test tensors that are allowed: other processors and libraries round differently."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cellseg.arrays import Float32

MOST = 1e-2
"""Largest difference that a package may allow itself."""
MOST_OF_A_MILLION = 1000.0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Differences that are allowed.

    Attributes:
        absolute_tolerance: of a value.
        relative_tolerance: in parts of the value, added to the absolute one.
        mismatched_elements_per_million: values that may differ by more.
    """

    absolute_tolerance: float = 1e-3
    relative_tolerance: float = 0.0
    mismatched_elements_per_million: float = 0.0

    def allows(self, found: Float32, told: Float32) -> bool:
        """True where the values differ by no more."""
        within = np.abs(found - told) <= self.absolute_tolerance + self.relative_tolerance * np.abs(told)
        return bool(np.count_nonzero(~within) <= self.mismatched_elements_per_million / 1e6 * told.size)


FOREIGN = Tolerance(relative_tolerance=1e-3, mismatched_elements_per_million=100)
"""Of a package that names none: what the library of bioimage.io allows."""
LIMITS = {"absolute_tolerance": MOST, "relative_tolerance": MOST, "mismatched_elements_per_million": MOST_OF_A_MILLION}


def tolerance_of(description: Any) -> Tolerance:
    """The largest tolerance that a description names for any weights, in reason."""
    config = getattr(description.config, "bioimageio", None)
    named = [FOREIGN, *(getattr(config, "reproducibility_tolerance", None) or ())]
    return Tolerance(
        **{name: min(max(float(getattr(one, name)) for one in named), limit) for name, limit in LIMITS.items()}
    )
