"""The plan of blocks: a plane cut into squares, in scan order; the last ones may be smaller."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cellseg.inference.tiling import Box


@dataclass(frozen=True, slots=True)
class Grid:
    """A plane of height x width pixels in blocks of `block` pixels a side; every pixel is in exactly one."""

    height: int
    width: int
    block: int

    @property
    def rows(self) -> int:
        return -(-self.height // self.block)

    @property
    def columns(self) -> int:
        return -(-self.width // self.block)

    def __len__(self) -> int:
        return self.rows * self.columns

    def __iter__(self) -> Iterator[Box]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> Box:
        """The block with this number; blocks are numbered in scan order."""
        row, column = divmod(index, self.columns)
        top, left = row * self.block, column * self.block
        return Box(top, left, min(self.block, self.height - top), min(self.block, self.width - left))

    def touching(self, box: Box) -> Iterator[int]:
        """Numbers of the blocks that share a pixel with `box`, which lies within the plane."""
        for row in range(box.top // self.block, -(-(box.top + box.height) // self.block)):
            for column in range(box.left // self.block, -(-(box.left + box.width) // self.block)):
                yield row * self.columns + column

    def around(self, box: Box, halo: int) -> Box:
        """`box` and up to `halo` pixels on each side of it, as far as the plane reaches."""
        top, left = max(box.top - halo, 0), max(box.left - halo, 0)
        bottom = min(box.top + box.height + halo, self.height)
        right = min(box.left + box.width + halo, self.width)
        return Box(top, left, bottom - top, right - left)
