"""One image among those in a microscope's file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellseg.arrays import Array
from cellseg.images.axes import sizes_of
from cellseg.images.source import Physical


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """An image of a file: its axes, and how a sheet of it is read."""

    name: str
    axes: str
    """Such as TCZYX, which ends in YX, or in YXS with red, green and blue."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    physical: Physical
    read: Callable[[dict[str, int]], Array]
    """The sheet (H, W), or (H, W, 3) in red, green and blue, at these places of the axes ahead of Y; can be pickled."""

    @property
    def ahead(self) -> str:
        """Axes that count sheets."""
        return self.axes[: self.axes.index("Y")]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        high, wide = sizes_of("YX", self.axes, self.shape)
        return high, wide

    @property
    def samples(self) -> int:
        """Samples of a pixel."""
        return self.shape[-1] if self.axes.endswith("S") else 1
