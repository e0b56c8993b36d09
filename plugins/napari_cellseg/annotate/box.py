"""A window of a plane, in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, order=True)
class PlaneBox:
    """Rows and columns of a plane, the last ones excluded."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the window in an array (H, W)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def shape(self) -> tuple[int, int]:
        return self.bottom - self.top, self.right - self.left

    @property
    def pixels(self) -> int:
        height, width = self.shape
        return height * width

    @property
    def centre(self) -> tuple[float, float]:
        """Row and column of its middle, where (0, 0) is the middle of the first pixel."""
        return (self.top + self.bottom - 1) / 2, (self.left + self.right - 1) / 2

    def grown(self, margin: int, shape: tuple[int, int]) -> Self:
        """With a margin on every side, as far as a plane of `shape` goes."""
        return type(self)(
            max(self.top - margin, 0),
            max(self.left - margin, 0),
            min(self.bottom + margin, shape[0]),
            min(self.right + margin, shape[1]),
        )

    def union(self, other: Self) -> Self:
        """The smallest window that holds both."""
        return type(self)(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )
