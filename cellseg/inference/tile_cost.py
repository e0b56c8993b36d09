"""Memory and time of a tile, and the largest tile within a budget."""

from __future__ import annotations

import math
import time
from collections import Counter
from typing import Any

import numpy as np

from cellseg.arrays import Shape
from cellseg.errors import InputError
from cellseg.inference.memory import resident
from cellseg.inference.runner import Runner
from cellseg.inference.statistics import folded
from cellseg.inference.tiling import SEEN_AT_LEAST, Box, Tile
from cellseg.inference.versions import VERSIONS
from cellseg.models.cost import forward_bytes, operations
from cellseg.models.geometry import Geometry
from cellseg.models.hardware import free_on_device, prediction_device
from cellseg.options import Averaging

PREFERRED = 1024
"""Longest side of an output tile in pixels; beyond it nothing is gained."""
OVERHEAD = 1.6
"""Memory that is taken for each byte of the network's own values: what lies unused between them, and what the libraries
below need. Measured: 1.2 to 1.6 (tests/benchmarks/test_predict_speed.py)."""
PASSES = 2
"""Passes that are measured, the quicker one counts."""
AROUND = 1.2
"""Time of a prediction for each second of the network: pixels are read, measured, cut and written, too. Measured: 1.05
to 1.4 (tests/benchmarks/test_cost_model.py)."""
BESIDE = 200 * 10**6
"""Bytes for the queues, the blocks of the image that are kept, the labels of a block, the compressor."""


def largest_tile(network: Any, plane: Shape, sample: tuple[int, ...], average: Averaging, memory: int) -> Shape:
    """The best output tile (h, w) for planes (H, W) within `memory` bytes.

    `sample` is the shape of the batch that the network sees for its statistics, empty if it needs none. Raises
    InputError where even the smallest tile needs more.
    """
    base, side = resident() + BESIDE, PREFERRED
    free = free_on_device(prediction_device())
    budget = memory - base if free is None else int(0.8 * free)
    while True:
        tile = even_tile(plane, side, network.geometry)
        needed = _bytes(network, tile, sample, average)
        if needed <= budget:
            return tile
        if max(tile) <= SEEN_AT_LEAST:
            found, wanted = f"{memory / 1e9:.2g}GB of memory does not suffice", f"{(base + needed) / 1e9:.2g}GB"
            raise InputError(found, f"This network needs --memory {wanted}; a smaller network needs less.")
        side = max(tile) * 3 // 4


def estimate(
    network: Any, runner: Runner, plane: Shape, tile: Shape, sample: tuple[int, ...], average: Averaging
) -> tuple[int, float]:
    """Bytes that the process will take with such tiles, and seconds that a plane needs, about."""
    needed = _bytes(network, tile, sample, average) if free_on_device(prediction_device()) is None else 0
    tiles = math.prod(-(-length // side) for length, side in zip(plane, tile, strict=True))
    channels = network.options.channels
    shapes = Counter(_input_shapes(tile, average, network.geometry))
    work = tiles * sum(count * operations(network, (1, channels, *shape)) for shape, count in shapes.items())
    work += operations(network, sample) if sample else 0
    return resident() + BESIDE + needed, AROUND * work * seconds_per_operation(network, runner)


def seconds_per_operation(network: Any, runner: Runner) -> float:
    """Time of a forward pass for each operation, from a small tile.

    A pixel at the edge of the input costs less than one in the middle, so time goes with operations, not with pixels.
    """
    side, channels = network.geometry.input_size(SEEN_AT_LEAST), network.options.channels
    pixels = np.zeros((channels, side, side), np.float32)
    runner(pixels)  # the first pass of a size also chooses its kernels
    times = []
    for _ in range(PASSES):
        start = time.perf_counter()
        runner(pixels)
        times.append(time.perf_counter() - start)
    return min(times) / operations(network, (1, channels, side, side))


def even_tile(plane: Shape, longest: int, geometry: Geometry) -> Shape:
    """The output tile that cuts a plane (H, W) into equal parts with sides of about `longest` pixels or less."""

    def side(length: int) -> int:
        parts = -(-length // longest)
        return max(-(-length // (parts * geometry.stride)), 2) * geometry.stride

    return side(plane[0]), side(plane[1])


def _bytes(network: Any, tile: Shape, sample: tuple[int, ...], average: Averaging) -> int:
    """Bytes for a tile, which the network sees as it is run, its normalisations folded; for a sample they are not."""
    run, channels = folded(network), network.options.channels
    shapes = set(_input_shapes(tile, average, network.geometry))
    tiles = max(forward_bytes(run, (1, channels, *shape)) for shape in shapes)
    return int(OVERHEAD * max(tiles, forward_bytes(network, sample) if sample else 0))


def _input_shapes(tile: Shape, average: Averaging, geometry: Geometry) -> list[Shape]:
    """Height and width that the network sees for a tile, one for each version of the image."""
    size = geometry.input_size((max(tile[0], SEEN_AT_LEAST), max(tile[1], SEEN_AT_LEAST)))
    example = Tile(0, Box(-geometry.margin, -geometry.margin, *size), Box(0, 0, *tile))
    seen = [version.sees(example, geometry) for version in VERSIONS[average]]
    return [(box.height, box.width) for box in seen]
