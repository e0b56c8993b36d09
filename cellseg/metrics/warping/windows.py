"""States that simple flips can reach in a window of 6 x 6 pixels while everything around it stays.

A board is the window with its frame, 8 x 8 pixels in one uint64; bit 8 r + c is row r, column c.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.compiled import compiled

SIDE = 6
"""Height and width of a window."""
MOST_BOARDS = 1 << 17
SLOTS = 1 << 18
FACTOR = np.uint64(0x9E3779B97F4A7C15)
DOWN = np.uint64(64 - 18)
ONE, THREE, SEVEN, SIX, NINE = (np.uint64(n) for n in (1, 3, 7, 6, 9))

Scratch = tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint64], NDArray[np.int32]]


def make_scratch() -> Scratch:
    """Memory of `best_board`: hash keys, when each was set, boards found, and the next board of equal mismatch."""
    return (
        np.empty(SLOTS, dtype=np.uint64),
        np.zeros(SLOTS, dtype=np.int32),
        np.empty(MOST_BOARDS, dtype=np.uint64),
        np.empty(MOST_BOARDS, dtype=np.int32),
    )


@compiled
def best_board(
    start: np.uint64,
    goal: np.uint64,
    free: NDArray[np.uint64],
    simple: NDArray[np.bool_],
    budget: int,
    scratch: Scratch,
    turn: int,
) -> tuple[np.uint64, int, int]:
    """The board nearest to `goal` among those that flips of simple points reach from `start`.

    Best first: always goes on from the board with the fewest mismatches, among equals from the latest. Everything that
    can be reached is seen if it is at most `budget` boards.

    Args:
        start: the board now.
        goal: the board wanted; equal to `start` outside `free`.
        free: (n,) bits that may be flipped.
        simple: (512,) bool, `simple_points.SIMPLE`.
        budget: how many boards to go on from.
        scratch: from `make_scratch`.
        turn: a number larger than at any call with this scratch before.

    Returns:
        The best board, by how many mismatches it is better, how many boards were gone on from.
    """
    boards, next_board = scratch[2], scratch[3]
    heads = np.full(65, -1)
    low = mismatches = best_count = _count_bits(start ^ goal)
    best = start
    boards[0], next_board[0], heads[low], found = start, -1, 0, 1
    _is_new(start, scratch, turn)
    seen = 0
    while seen < budget:
        while low < 65 and heads[low] < 0:
            low += 1
        if low == 65:
            break
        board = boards[heads[low]]
        heads[low] = next_board[heads[low]]
        seen += 1
        if low < best_count:
            best, best_count = board, low
        if low == 0:
            break
        count = low
        for bit in free:
            if simple[_neighbours(board, bit)] and found < MOST_BOARDS:
                flipped = board ^ (ONE << bit)
                if _is_new(flipped, scratch, turn):
                    error = count + 1 if (flipped ^ goal) >> bit & ONE else count - 1
                    boards[found], next_board[found], heads[error] = flipped, heads[error], found
                    found += 1
                    low = min(low, error)
    return best, mismatches - best_count, seen


@compiled
def _neighbours(board: np.uint64, bit: np.uint64) -> np.uint64:
    """The 3x3 neighbourhood of an inner pixel, bit 0 upper left to bit 8 lower right."""
    above = board >> (bit - NINE) & SEVEN
    beside = board >> (bit - ONE) & SEVEN
    below = board >> (bit + SEVEN) & SEVEN
    return above | beside << THREE | below << SIX


@compiled
def _is_new(board: np.uint64, scratch: Scratch, turn: int) -> bool:
    """True if this turn meets the board for the first time; it is remembered."""
    keys, turns = scratch[0], scratch[1]
    slot = np.int64(board * FACTOR >> DOWN)
    while turns[slot] == turn:
        if keys[slot] == board:
            return False
        slot = (slot + 1) & (SLOTS - 1)
    keys[slot], turns[slot] = board, turn
    return True


@compiled
def _count_bits(board: np.uint64) -> int:
    count = 0
    while board:
        board &= board - ONE
        count += 1
    return count
