"""One of several processes that fill a journal: it computes tiles that it was given, and that nobody has finished."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence

from cellseg.errors import InputError
from cellseg.inference.notes import POLL
from cellseg.inference.prediction import Prediction
from cellseg.inference.progress import Progress
from cellseg.inference.tiling import Tile
from cellseg.inference.work_log import WorkLog
from cellseg.models.hardware import computes_bfloat16, prediction_device

PIECES = 8
"""Pieces of the work for each share, at least: so that all end together."""


def share_of(total: int, columns: int, number: int, count: int, first: int = 0) -> range | list[int]:
    """Numbers of the tiles of share `number` (from 1) of `count`: every `count`-th row of tiles.

    Where there are few rows, pieces of rows.

    Args:
        total: tiles in all, in scan order.
        columns: tiles in a row.
        number, count: the share.
        first: the share, from 0, that gets the first row: another one for each of several images.
    """
    piece = max(1, min(columns, total // (PIECES * count)))
    starts = range(0, total, piece)
    mine = (number - 1 - first) % count
    return [k for start in starts[mine::count] for k in range(start, min(start + piece, total))]


def measure_together(prediction: Prediction, planes: Sequence[int]) -> Iterator[Progress]:
    """Measure planes, each by one of the processes that want it; yields after each, and while waiting for others.

    Raises InputError for an image that cannot be read.
    """
    noted, waiting = prediction.noted, list(planes)
    while waiting:
        left = []
        for plane in waiting:
            if not noted.attempt(plane):
                left.append(plane)
            yield Progress(len(planes) - len(waiting) + 1, len(planes), "measuring")
        if len(left) == len(waiting):
            time.sleep(POLL)
        waiting = left


def help_with(prediction: Prediction, tiles: Sequence[Tile], log: WorkLog) -> Generator[Progress, None, None]:
    """Compute those of the tiles that nobody has finished; yields after each, how many were computed of all given.

    Their planes have been measured. Stop whenever you like, what is done is kept. Raises InputError where this machine
    has not the arithmetic that was decided for all.
    """
    _refuse_other_arithmetic(prediction, tiles)
    missing = (tile for tile in tiles if not prediction.holds(tile))
    for count, tile in enumerate(prediction.computed(missing, log.tile), 1):
        yield Progress(count, len(tiles), tile=prediction.seen.back.tile(tile))


def _refuse_other_arithmetic(prediction: Prediction, tiles: Sequence[Tile]) -> None:
    """InputError where bfloat16 was chosen for all processes, and this one would only emulate it."""
    chosen = prediction.decisions.precision == "bfloat16" and prediction.seen.options.precision is None
    if tiles and chosen and not computes_bfloat16(prediction_device()):
        found = "the tiles are computed in bfloat16, for which this machine has no hardware"
        raise InputError(found, "Take a machine like the first, or start again with --precision float32.")
