"""The nearest and the second nearest different cell of every pixel, exact, in linear time.

Columns first: only the two nearest different cells of each column matter to a pixel, as a third one
has two others nearer in that very column. A sweep up and a sweep down find them.

Then rows: each column c offers the parabola (x - c)^2 + its squared distance, and the lower envelope
of these gives the nearest cell along the row (Felzenszwalb, Huttenlocher 2012, Distance transforms
of sampled functions). Where one cell is the nearest, from x1 to x2, the second nearest is the
envelope without that cell; two such parabolas cross but once, so it is made of columns from that of
the envelope left of x1 to that right of x2 only. These ranges overlap at most twice: linear time.

Squared distances are whole numbers at a spacing of 1, exact in float64.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float64, Int32
from cellseg.compiled import compiled

NAME, NEAREST, SECOND = 0, 1, 2
"""Rows of `columns` (3, W): the nearest cell of each column, its squared distance, that of the second nearest.

`envelopes` (4, W + 1) holds, for the first and for the second envelope, the columns of its parabolas
and the first pixel from which on each is the lowest."""


def sums_of_two(
    cells: Int32, reach: float, spacing: tuple[float, float] = (1.0, 1.0), everywhere: bool = False
) -> NDArray[np.float32]:
    """d1 + d2 of every background pixel, the distances to the nearest and second nearest different cell.

    Args:
        cells: (H, W) int32, 0 = background.
        reach: sums above it are of no interest, in the unit of `spacing`.
        spacing: distance of two pixels along y and x.
        everywhere: on cells too, to which their own cell is the nearest: d1 = 0.

    Returns:
        (H, W) float32; inf where the sum is above `reach`, and on cells unless `everywhere`.
    """
    width = cells.shape[1]
    below = np.zeros((2, *cells.shape), np.int32), np.zeros((2, *cells.shape), np.int32)
    above = np.zeros((2, width), np.int32), np.zeros((2, width), np.int32)
    columns, envelopes = np.zeros((3, width)), np.zeros((4, width + 1), np.int64)
    sums = np.full(cells.shape, np.inf, np.float32)
    _sweep_up(cells, *below)
    _sweep_down(
        cells, below, above, columns, envelopes, float(reach), (float(spacing[0]), float(spacing[1])), everywhere, sums
    )
    return sums


@compiled
def _put_first(cells: Int32, y: int, names: Int32, rows: Int32) -> None:
    """Put the cells (W) of row y first among the two nearest of their columns: `names`, `rows` (2, W)."""
    for x in range(cells.size):
        cell = cells[x]
        if cell != 0:
            if cell != names[0, x]:
                names[1, x], rows[1, x] = names[0, x], rows[0, x]
                names[0, x] = cell
            rows[0, x] = y


@compiled
def _sweep_up(cells: Int32, names: Int32, rows: Int32) -> None:
    """The two nearest different cells at or below each pixel in its column: (2, H, W) names, and rows they lie in."""
    height, width = cells.shape
    for y in range(height - 1, -1, -1):
        for k in range(2 if y + 1 < height else 0):
            for x in range(width):
                names[k, y, x], rows[k, y, x] = names[k, y + 1, x], rows[k, y + 1, x]
        _put_first(cells[y], y, names[:, y], rows[:, y])


@compiled
def _sweep_down(
    cells: Int32,
    below: tuple[Int32, Int32],
    above: tuple[Int32, Int32],
    columns: Float64,
    envelopes: NDArray[np.int64],
    reach: float,
    spacing: tuple[float, float],
    everywhere: bool,
    sums: NDArray[np.float32],
) -> None:
    aspect, reach = spacing[0] / spacing[1], reach / spacing[1]  # from here on in pixels along x
    for y in range(cells.shape[0]):
        _merge(y, above[0], above[1], below[0][:, y], below[1][:, y], aspect, reach, columns)
        _sums_of_row(cells[y], columns, envelopes, reach, spacing[1], everywhere, sums[y])
        _put_first(cells[y], y, above[0], above[1])


@compiled
def _merge(
    y: int, names_a: Int32, rows_a: Int32, names_b: Int32, rows_b: Int32, aspect: float, reach: float, columns: Float64
) -> None:
    """The two nearest different cells of each column seen from row y, from the two above and the two below it."""
    far = 2.0 * reach
    for x in range(columns.shape[1]):
        a = (y - rows_a[0, x]) * aspect if names_a[0, x] != 0 else far
        b = (rows_b[0, x] - y) * aspect if names_b[0, x] != 0 else far
        second_a = (y - rows_a[1, x]) * aspect if names_a[1, x] != 0 else far
        second_b = (rows_b[1, x] - y) * aspect if names_b[1, x] != 0 else far
        differ = names_a[0, x] != names_b[0, x]
        if a <= b:
            name, nearest, second = names_a[0, x], a, min(second_a, b if differ else second_b)
        else:
            name, nearest, second = names_b[0, x], b, min(second_b, a if differ else second_a)
        columns[NAME, x] = name
        columns[NEAREST, x] = nearest * nearest if nearest <= reach else np.inf
        columns[SECOND, x] = second * second if second <= reach else np.inf


@compiled
def _sums_of_row(
    cells: Int32,
    columns: Float64,
    envelopes: NDArray[np.int64],
    reach: float,
    step: float,
    everywhere: bool,
    sums: NDArray[np.float32],
) -> None:
    """d1 + d2 of the wanted pixels of a row, one stretch with the same nearest cell after the other."""
    width = cells.size
    count = _envelope(columns, -1.0, 0, width, 0, width, reach * reach, envelopes, 0)
    begin = 0
    while begin < count:
        end = begin + 1
        name = columns[NAME, envelopes[0, begin]]
        while end < count and columns[NAME, envelopes[0, end]] == name:
            end += 1
        left = envelopes[0, begin - 1] if begin > 0 else -1
        right = envelopes[0, end] if end < count else width
        start, stop = envelopes[1, begin], envelopes[1, end]
        highest = min(_highest(cells, columns, left, right, start, stop, everywhere), reach * reach)
        if _envelope(columns, name, max(left, 0), min(right + 1, width), start, stop, highest, envelopes, 2) > 0:
            _write_sums(cells, columns, begin, start, stop, envelopes, reach, step, everywhere, sums)
        begin = end


@compiled
def _envelope(
    columns: Float64,
    without: float,
    left: int,
    right: int,
    start: int,
    stop: int,
    highest: float,
    envelopes: NDArray[np.int64],
    room: int,
) -> int:
    """Lower envelope of the columns left..right without one cell, for the pixels start..stop; its length."""
    count = 0
    for column in range(left, right):
        square = columns[NEAREST, column] if columns[NAME, column] != without else columns[SECOND, column]
        if square > highest:
            continue
        from_x = start
        while count > 0:
            rival, since = envelopes[room, count - 1], envelopes[room + 1, count - 1]
            rival_square = columns[NEAREST, rival] if columns[NAME, rival] != without else columns[SECOND, rival]
            if square + (since - column) ** 2 > rival_square + (since - rival) ** 2:
                crossing = (square - rival_square) / (2 * (column - rival)) + 0.5 * (column + rival)
                from_x = math.floor(crossing) + 1
                break
            count -= 1  # the rival is nowhere the lowest
        if from_x < stop:
            envelopes[room, count], envelopes[room + 1, count] = column, from_x
            count += 1
    envelopes[room + 1, count] = stop
    return count


@compiled
def _highest(cells: Int32, columns: Float64, left: int, right: int, start: int, stop: int, everywhere: bool) -> float:
    """Bound of the second nearest cell: the lower one of two parabolas at its highest; -1: nobody asks."""
    highest = -1.0
    for x in range(start, stop):
        if everywhere or cells[x] == 0:
            square = np.inf
            if left >= 0:
                square = (x - left) ** 2 + columns[NEAREST, left]
            if right < cells.size:
                square = min(square, (x - right) ** 2 + columns[NEAREST, right])
            highest = max(highest, square)
    return highest


@compiled
def _write_sums(
    cells: Int32,
    columns: Float64,
    one: int,
    start: int,
    stop: int,
    envelopes: NDArray[np.int64],
    reach: float,
    step: float,
    everywhere: bool,
    sums: NDArray[np.float32],
) -> None:
    """d1 + d2 of the wanted pixels start..stop, from member `one` of the first envelope on."""
    name, two = columns[NAME, envelopes[0, one]], 0
    for x in range(start, stop):
        while envelopes[1, one + 1] <= x:
            one += 1
        while envelopes[3, two + 1] <= x:
            two += 1
        if everywhere or cells[x] == 0:
            a, b = envelopes[0, one], envelopes[2, two]
            square = columns[NEAREST, b] if columns[NAME, b] != name else columns[SECOND, b]
            total = math.sqrt((x - a) ** 2 + columns[NEAREST, a]) + math.sqrt((x - b) ** 2 + square)
            if total <= reach:
                sums[x] = total * step
