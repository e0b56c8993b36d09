"""The overlap-tile plan: which part of the image each tile reads and which output pixels it owns.

Source: Ronneberger et al. 2015, figure 2. Every output pixel is owned by exactly one tile; a tile
reads the true surroundings of what it writes, and only what lies outside the image is mirrored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np

from cellseg.arrays import Int64, Shape
from cellseg.errors import InputError
from cellseg.models.geometry import Geometry


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels; `top` and `left` may be negative where it reaches outside the image."""

    top: int
    left: int
    height: int
    width: int

    @property
    def bottom(self) -> int:
        return self.top + self.height

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def rows(self) -> slice:
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)

    def overlap(self, other: Box) -> Box | None:
        """The pixels that are in both; None where there are none."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom, right = min(self.bottom, other.bottom), min(self.right, other.right)
        return Box(top, left, bottom - top, right - left) if top < bottom and left < right else None

    def within(self, other: Box) -> tuple[slice, slice]:
        """Rows and columns of this box, counted from the corner of another box that holds it."""
        top, left = self.top - other.top, self.left - other.left
        return slice(top, top + self.height), slice(left, left + self.width)


@dataclass(frozen=True, slots=True)
class Tile:
    """One step of a prediction: the network sees `read` of a plane, the result fills `write`."""

    plane: int
    read: Box
    write: Box


@dataclass(frozen=True, slots=True)
class Span:
    """A tile along one axis: it reads [read, read + size) and owns [write, write + length)."""

    read: int
    size: int
    write: int
    length: int


TilePlace = tuple[int, int, int]
"""A plane, and a row and a column in it."""
SEEN_AT_LEAST = 176
"""Output pixels that are computed along an axis, even if fewer are wanted. For very small layers the library of the
processor takes other kernels, which round differently, by up to 1e-5 in the probabilities; from here on by 6e-8."""


@dataclass(frozen=True, slots=True)
class TilePlan(Sequence[Tile]):
    """All tiles of an image in scan order, made when they are asked for: a plan of millions takes no memory."""

    planes: int
    rows: tuple[Span, ...]
    columns: tuple[Span, ...]

    def __len__(self) -> int:
        return self.planes * len(self.rows) * len(self.columns)

    @overload
    def __getitem__(self, number: int) -> Tile: ...

    @overload
    def __getitem__(self, number: slice) -> list[Tile]: ...

    def __getitem__(self, number: int | slice) -> Tile | list[Tile]:
        if isinstance(number, slice):
            return [self._tile(k) for k in range(len(self))[number]]
        return self._tile(range(len(self))[number])

    def numbers(self, places: Iterable[TilePlace]) -> Int64:
        """Numbers of the tiles (n,) with these places."""
        found = np.array(list(places), np.int64).reshape(-1, 3)
        rows, columns = (np.array([span.write for span in spans]) for spans in (self.rows, self.columns))
        row, column = np.searchsorted(rows, found[:, 1]), np.searchsorted(columns, found[:, 2])
        numbers: Int64 = (found[:, 0] * len(rows) + row) * len(columns) + column
        return numbers

    def _tile(self, number: int) -> Tile:
        band, column = divmod(number, len(self.columns))
        plane, row = divmod(band, len(self.rows))
        y, x = self.rows[row], self.columns[column]
        return Tile(plane, Box(y.read, x.read, y.size, x.size), Box(y.write, x.write, y.length, x.length))


def plan(planes: int, height: int, width: int, geometry: Geometry, shape: Shape) -> TilePlan:
    """The tiles of `planes` images of height x width pixels, in scan order.

    `shape` is the height and width of an output tile in pixels, from `whole_strides`. Offsets are multiples of the
    stride and all tiles read alike sizes, so that the result does not depend on `shape`.
    """
    rows, columns = (spans(length, side, geometry) for length, side in zip((height, width), shape, strict=True))
    return TilePlan(planes, tuple(rows), tuple(columns))


def place(tile: Tile) -> TilePlace:
    """The name of a tile within one prediction: plane, top and left of what it writes."""
    return tile.plane, tile.write.top, tile.write.left


def whole_strides(side: int, geometry: Geometry) -> int:
    """A side of an output tile in pixels, rounded down to the stride; InputError if it is below two strides."""
    if side < 2 * geometry.stride:
        raise InputError(f"--tile {side} is too small for this network", f"Its smallest tile is {2 * geometry.stride}.")
    return side - side % geometry.stride


def spans(length: int, side: int, geometry: Geometry) -> list[Span]:
    """The plan along one axis of `length` pixels with output tiles of `side` pixels."""
    size = geometry.input_size(max(min(side, length), SEEN_AT_LEAST))
    return [Span(at - geometry.margin, size, at, min(side, length - at)) for at in range(0, length, side)]


def nearest_first(tiles: Iterable[Tile], point: TilePlace) -> list[Tile]:
    """The tiles in order of their distance from a point in pixels: those of its plane, then plane by plane."""
    plane, y, x = point

    def distance(tile: Tile) -> tuple[int, int, int]:
        box = tile.write
        down = max(box.top - y, y - box.bottom + 1, 0)
        across = max(box.left - x, x - box.right + 1, 0)
        return abs(tile.plane - plane), tile.plane, down**2 + across**2

    return sorted(tiles, key=distance)
