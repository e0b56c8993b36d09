"""Smaller copies of an image, each of half the height and width, built while its rows pass by.

A pixel of a copy stands for 2 x 2 pixels of the level above: their mean, or for labels, where a mean is another
cell's number, the value most of them have (the first in reading order where two are equally common). An odd last
row or column is taken twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.images.layout import ResultLayout

SMALLEST = 1024
"""The last level is not larger than this on either side."""

Shapes = list[tuple[int, int]]
Corners = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]
"""Of each 2 x 2 pixels the first, second, third and last in reading order."""
Sink = Callable[[int, int, NDArray[Any]], None]
"""Takes the number of a level, the first row, and rows (h, W) of this level."""


def level_shapes(height: int, width: int) -> Shapes:
    """Height and width of each level, the image itself first."""
    shapes = [(height, width)]
    while max(shapes[-1]) > SMALLEST:
        shapes.append((-(-shapes[-1][0] // 2), -(-shapes[-1][1] // 2)))
    return shapes


def halved(rows: NDArray[Any], labels: bool) -> NDArray[Any]:
    """Half the height and width, rounded up.

    Args:
        rows: (h, w) of any integer or float type.
        labels: take the commonest of 2 x 2 values instead of their mean.

    Returns:
        The same type; means of integers are rounded, halves up.
    """
    even = _even(rows)
    corners = even[::2, ::2], even[::2, 1::2], even[1::2, ::2], even[1::2, 1::2]
    if labels:
        return _commonest(*corners)
    return _mean_of_floats(corners) if rows.dtype.kind == "f" else _mean_of_integers(corners)


def with_copies(
    layout: ResultLayout, blocks: Iterator[NDArray[Any]], shapes: Shapes, sink: Callable[[int], Sink]
) -> Iterator[NDArray[Any]]:
    """Hand on the tiles of an image; on the way full rows of each level go to `sink(sheet)`.

    Rows come in bands as high as a tile, from the top. About two bands of the image are held in memory.
    """
    for sheet in range(layout.planes * layout.channels):
        pyramid = RowPyramid([height for height, _ in shapes], layout.tile[0], layout.holds_labels, sink(sheet))
        for rows, columns in layout.tiles:
            block = next(blocks)
            if columns.start == 0:
                band = np.empty((rows.stop - rows.start, layout.width), layout.dtype)
            band[:, columns] = block
            if columns.stop == layout.width:
                pyramid.add(0, band)
            yield block  # last: nobody asks for more than the last tile


class RowPyramid:
    """The levels of one sheet, or of a part of it, by their heights; of each it holds less than a band of rows."""

    def __init__(self, heights: list[int], band: int, labels: bool, sink: Sink) -> None:
        self._heights = heights
        self._band, self._sink = band, sink
        self._halved = partial(halved, labels=labels)
        self._waiting: list[list[NDArray[Any]]] = [[] for _ in heights]
        self._written = [0] * len(heights)

    def add(self, level: int, rows: NDArray[Any]) -> None:
        """The next rows of a level; they are passed on when there is a band of them, or the last one."""
        waiting = self._waiting[level]
        waiting.append(rows)
        held = sum(map(len, waiting))
        if held >= self._band or self._written[level] + held >= self._heights[level]:
            band = np.concatenate(waiting) if len(waiting) > 1 else waiting[0]
            waiting.clear()
            self._pass_on(level, band)

    def _pass_on(self, level: int, band: NDArray[Any]) -> None:
        """Rows go to the sink, and half as many to the next level."""
        self._sink(level, self._written[level], band)
        self._written[level] += len(band)
        if level + 1 < len(self._heights):
            self.add(level + 1, self._halved(band))


def _even(rows: NDArray[Any]) -> NDArray[Any]:
    """An odd last row or column twice."""
    odd = np.array(rows.shape) % 2
    return np.pad(rows, [(0, end) for end in odd], mode="edge") if odd.any() else rows


def _mean_of_floats(corners: Corners) -> NDArray[Any]:
    mean: NDArray[Any] = np.add.reduce([corner * corner.dtype.type(0.25) for corner in corners])
    return mean


def _mean_of_integers(corners: Corners) -> NDArray[Any]:
    total = sum((corner.astype(np.int64) for corner in corners), np.int64(2))
    return (total // 4).astype(corners[0].dtype)


def _commonest(a: NDArray[Any], b: NDArray[Any], c: NDArray[Any], d: NDArray[Any]) -> NDArray[Any]:
    found = a.copy()
    alone = np.nonzero((a != b) & (a != c) & (a != d))  # few: at borders only
    first, b, c, d = a[alone], b[alone], c[alone], d[alone]
    found[alone] = np.where((b == c) | (b == d), b, np.where(c == d, c, first))
    return found
