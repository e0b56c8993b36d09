"""Input and output sizes of a network, and its receptive field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cellseg.errors import InputError

SizeT = TypeVar("SizeT", int, tuple[int, int])


@dataclass(frozen=True, slots=True)
class Geometry:
    """Legal sizes of a network, along one axis; both axes of an image follow the same rule.

    Attributes:
        smallest: smallest legal input size in pixels.
        stride: legal sizes are smallest, smallest + stride, ...; tiles that are predicted alike are
            offset by multiples of it.
        margin: pixels that the network takes away on each side; a tile read with it is exact.
        halo: pixels on each side beyond which the input cannot influence an output pixel; may be a few more
            than the margin, because pooling looks further for some pixels of a stride than for others.
        exact: prediction by tiles equals prediction in one piece.
    """

    smallest: int
    stride: int
    margin: int
    halo: int
    exact: bool

    def output_size(self, size: SizeT) -> SizeT:
        """Size of the output for an input of `size`, an int for squares or (H, W), in pixels.

        Raises InputError that names the nearest legal sizes where `size` is illegal.
        """
        return _each(size, self._output)

    def input_size(self, size: SizeT) -> SizeT:
        """Smallest legal input size whose output covers `size`, an int for squares or (H, W)."""
        return _each(size, self._input)

    def legal(self, size: int) -> bool:
        """True if the network takes an input side of `size` pixels."""
        return size >= self.smallest and (size - self.smallest) % self.stride == 0

    def _output(self, size: int) -> int:
        if not self.legal(size):
            raise InputError(f"the network cannot take an input of {size} pixels", self._nearest(size))
        return size - 2 * self.margin

    def _input(self, size: int) -> int:
        missing = max(size + 2 * self.margin - self.smallest, 0)
        return self.smallest + -(-missing // self.stride) * self.stride

    def _nearest(self, size: int) -> str:
        if size < self.smallest:
            return f"The smallest legal size is {self.smallest}."
        below = size - (size - self.smallest) % self.stride
        return f"The nearest legal sizes are {below} and {below + self.stride}."


def _each(size: SizeT, rule: Callable[[int], int]) -> SizeT:
    if isinstance(size, int):
        return rule(size)
    height, width = size
    return rule(height), rule(width)
