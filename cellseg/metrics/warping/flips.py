"""Simple-point flips that bring one mask as near as possible to another.

Both masks lie in arrays with a frame of background: `BEFORE` rows and columns in front, `BEHIND` behind.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import UInt8
from cellseg.compiled import compiled
from cellseg.metrics.warping.windows import ONE, SIDE, Scratch, best_board, make_scratch

BEFORE, BEHIND = 1, 6
BUDGETS = (60, 500, 4000, 32_000, 131_072)
"""Boards to look at in one window, in the first round and the later ones."""
PLENTY = 200_000
"""No further round once so many boards were looked at in all."""

Clock = NDArray[np.int64]
Clocks = tuple[Clock, Clock, NDArray[np.bool_]]
"""When each pixel changed, when the board at each corner was searched, and whether the budget ended that search."""


def flip_differences(warped: UInt8, target: UInt8, simple: NDArray[np.bool_]) -> None:
    """Flip pixels of `warped` that differ from `target` and are simple, first come, first served, until none is."""
    waiting = warped != target
    queue = np.empty(warped.size + 1, dtype=np.int64)
    count = int(np.count_nonzero(waiting))
    queue[:count] = np.flatnonzero(waiting)
    _flip_queue(warped, target, simple, waiting, queue, count)


def search_windows(warped: UInt8, target: UInt8, simple: NDArray[np.bool_]) -> None:
    """Look around every differing pixel of `warped` for a better window that simple flips reach, until there is none.

    Rounds go on with larger budgets while little was looked at, so that few differences are searched far.
    """
    if np.array_equal(warped, target):
        return
    scratch = make_scratch()
    changed = np.zeros(warped.shape, dtype=np.int64)
    searched = np.full(warped.shape, -1, dtype=np.int64)
    open_ended = np.zeros(warped.shape, dtype=np.bool_)
    turn, looked = 0, 0
    for budget in BUDGETS:
        if looked > PLENTY:
            break
        searched[open_ended] = -1
        gain = 1
        while gain:
            places = np.argwhere(warped != target)
            clocks = changed, searched, open_ended
            gain, turn, seen = _pass(warped, target, simple, places, budget, scratch, clocks, turn)
            looked += seen


@compiled
def _flip_queue(
    warped: UInt8, target: UInt8, simple: NDArray[np.bool_], waiting: NDArray[np.bool_], queue: Clock, count: int
) -> None:
    """Work a ring of `count` waiting places off; a flip lets the differing pixels around it wait again."""
    width = warped.shape[1]
    head, tail = 0, count
    while head != tail:
        y, x = queue[head] // width, queue[head] % width
        head = (head + 1) % len(queue)
        waiting[y, x] = False
        if not simple[_neighbourhood(warped, y, x)]:
            continue
        warped[y, x] = target[y, x]
        for near_y in range(y - 1, y + 2):
            for near_x in range(x - 1, x + 2):
                if warped[near_y, near_x] != target[near_y, near_x] and not waiting[near_y, near_x]:
                    waiting[near_y, near_x] = True
                    queue[tail] = near_y * width + near_x
                    tail = (tail + 1) % len(queue)


@compiled
def _pass(
    warped: UInt8,
    target: UInt8,
    simple: NDArray[np.bool_],
    places: NDArray[np.int64],
    budget: int,
    scratch: Scratch,
    clocks: Clocks,
    turn: int,
) -> tuple[int, int, int]:
    """Search the window of each differing pixel, unless nothing changed in it since; gain, turn, boards looked at."""
    changed, searched, open_ended = clocks
    gain, looked = 0, 0
    for i in range(len(places)):
        y, x = places[i, 0], places[i, 1]
        if warped[y, x] == target[y, x]:
            continue
        top, left = _window(warped, target, y, x)
        if searched[top, left] > _latest(changed, top, left):
            continue
        turn += 1
        searched[top, left] = turn
        start, goal, free = _board(warped, target, top, left)
        best, better, seen = best_board(start, goal, free, simple, budget, scratch, turn)
        looked += seen
        open_ended[top, left] = seen == budget
        if better:
            gain += better
            turn += 1
            _store(warped, changed, best, top, left, turn)
    return gain, turn, looked


@compiled
def _latest(changed: Clock, top: int, left: int) -> int:
    """Time of the last change of a pixel of the board."""
    latest = 0
    for y in range(top, top + SIDE + 2):
        for x in range(left, left + SIDE + 2):
            latest = max(latest, changed[y, x])
    return latest


@compiled
def _window(warped: UInt8, target: UInt8, y: int, x: int) -> tuple[int, int]:
    """Upper left corner of the board around the pixel, or midway to the nearest pixel that differs the other way."""
    height, width = warped.shape[0] - BEHIND, warped.shape[1] - BEHIND
    middle_y, middle_x, nearest = y, x, SIDE
    for other_y in range(max(BEFORE, y - SIDE + 1), min(height, y + SIDE)):
        for other_x in range(max(BEFORE, x - SIDE + 1), min(width, x + SIDE)):
            value = warped[other_y, other_x]
            distance = max(abs(other_y - y), abs(other_x - x))
            if value != target[other_y, other_x] and value != warped[y, x] and distance < nearest:
                middle_y, middle_x, nearest = (y + other_y + 1) // 2, (x + other_x + 1) // 2, distance
    half = SIDE // 2 + 1
    return max(min(middle_y - half, height - SIDE - 1), 0), max(min(middle_x - half, width - SIDE - 1), 0)


@compiled
def _board(warped: UInt8, target: UInt8, top: int, left: int) -> tuple[np.uint64, np.uint64, NDArray[np.uint64]]:
    """The board now, the board wanted, and the bits of the window's pixels that lie in the image."""
    height, width = warped.shape[0] - BEHIND, warped.shape[1] - BEHIND
    start, goal = np.uint64(0), np.uint64(0)
    free = np.empty(SIDE * SIDE, np.uint64)
    count = 0
    for row in range(SIDE + 2):
        for column in range(SIDE + 2):
            y, x = top + row, left + column
            bit = np.uint64(8 * row + column)
            inner = 1 <= row <= SIDE and 1 <= column <= SIDE
            start |= np.uint64(warped[y, x]) << bit
            goal |= np.uint64(target[y, x] if inner else warped[y, x]) << bit
            if inner and BEFORE <= y < height and BEFORE <= x < width:
                free[count] = bit
                count += 1
    return start, goal, free[:count]


@compiled
def _store(warped: UInt8, changed: Clock, board: np.uint64, top: int, left: int, turn: int) -> None:
    """Write a board's window back and note when its pixels changed."""
    for row in range(1, SIDE + 1):
        for column in range(1, SIDE + 1):
            value = np.uint8(board >> np.uint64(8 * row + column) & ONE)
            if warped[top + row, left + column] != value:
                warped[top + row, left + column] = value
                changed[top + row, left + column] = turn


@compiled
def _neighbourhood(mask: UInt8, y: int, x: int) -> int:
    """The 3x3 neighbourhood as a number, bit 0 upper left to bit 8 lower right."""
    pattern = 0
    for place in range(9):
        pattern |= mask[y - 1 + place // 3, x - 1 + place % 3] << place
    return pattern
