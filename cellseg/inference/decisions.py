"""Decisions before the first tile: its size and the precision; and the expected cost of the prediction."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, get_args

from cellseg.arrays import Shape
from cellseg.inference.memory import parse_memory
from cellseg.inference.precision import choose_precision
from cellseg.inference.runner import Arithmetic, Runner
from cellseg.inference.scope import changed
from cellseg.inference.seen import SeenImage
from cellseg.inference.tile_cost import estimate, even_tile, largest_tile
from cellseg.inference.tiling import whole_strides
from cellseg.models.hardware import threads_in_use

MOST_THREADS = 4096


@dataclass(frozen=True, slots=True)
class Decisions:
    """Answers to what the options left open; kept for --resume."""

    tile: Shape
    """Height and width of an output tile in pixels."""
    precision: Arithmetic
    why: str
    """Why this precision."""
    threads: int | None = None
    """Threads of the processor, on which sums depend in the last bits; None in older journals."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, tree: dict[str, Any]) -> Decisions:
        """Decisions from a tree of JSON. Raises ValueError, TypeError or LookupError where it holds none."""
        height, width = map(int, tree["tile"])
        if min(height, width) < 1 or tree["precision"] not in get_args(Arithmetic):
            raise ValueError(f"tiles of {height} x {width} in {tree['precision']}")
        threads = int(tree.get("threads") or 0)
        if not 0 <= threads <= MOST_THREADS:
            raise ValueError(f"{threads} threads")
        return cls((height, width), tree["precision"], str(tree["why"]), threads or None)


def decide(seen: SeenImage, runner: Runner, side: int | None = None) -> Decisions:
    """Decide what the options leave open.

    Args:
        seen: the image.
        runner: the network, which from now on computes in the chosen arithmetic.
        side: longest side of automatic tiles in pixels where no memory is asked for; None = as large as half of the
            free memory allows and pays.

    Raises:
        InputError: the memory does not suffice, or the tile is too small for the network.
    """
    tile = _tile(seen, side)
    precision, why = choose_precision(seen, runner)
    runner.precision = precision
    return Decisions(tile, precision, why, threads_in_use())


def check_wishes(seen: SeenImage) -> None:
    """InputError where the options ask for no amount of memory, or for tiles that are too small for the network."""
    parse_memory(seen.options.memory)
    if seen.options.tile is not None:
        whole_strides(seen.options.tile, seen.geometry)


def expected_cost(seen: SeenImage, runner: Runner, decisions: Decisions) -> tuple[int, float]:
    """Bytes that the process will take, and seconds that all planes need, about."""
    average = seen.options.average
    memory, seconds = estimate(seen.network, runner, seen.plane, decisions.tile, seen.sample_shape, average)
    return memory, seconds * seen.source.planes


def _tile(seen: SeenImage, side: int | None) -> Shape:
    options = seen.options
    if options.tile is not None:
        return _asked(options.tile, seen)
    if side is not None and not changed(options, {"memory"}):
        return even_tile(seen.plane, side, seen.geometry)
    return largest_tile(seen.network, seen.plane, seen.sample_shape, options.average, parse_memory(options.memory))


def _asked(side: int, seen: SeenImage) -> Shape:
    """Squares of the asked side, no longer than the plane needs."""
    side, most = whole_strides(side, seen.geometry), even_tile(seen.plane, max(seen.plane), seen.geometry)
    return min(side, most[0]), min(side, most[1])
