"""The dark and the bright level of a plane, from the levels of its small areas; pure functions of tables.

An area with more contrast than noise has something to see; those with more contrast count more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cellseg.arrays import Array, Float64
from cellseg.images.lattice_cell import PLAIN, WHOLE

SEEN = 7.0
"""Contrast in deviations of the noise from which on there is something to see."""
COARSE = 1.5
"""The same of noisy images for differences between areas: noise alone makes up to 1.2 deviations."""
NOISY = 4.0
"""Distance of the levels of noisy images in deviations of the noise, at least."""
ROUNDING = 0.3
"""Deviation of rounding to whole steps, in steps (1 / sqrt 12)."""
MOST = 2.0
"""An area counts at most as one with so many times the median contrast."""
GRAIN = 1.5
"""Differences of pixels a few apart, in those of neighbours, from which on noise has a grain: 1 without, 2 or more if
the image was filtered or enlarged. Structure in electron microscopy has it, too."""
COMMON = 0.98
"""Part of the areas whose contrast is no flaw of a few places, where noise has a grain."""


def levels_of(areas: Sequence[Float64], cells: Float64, noisy: bool = True) -> tuple[float, float, Float64]:
    """The dark and the bright level, and the levels (2, n) of all areas that have something to see.

    Args:
        areas: measures (rows, columns, 5) of the areas of each cell, see lattice_cell.py; nan: not to be counted.
        cells: texture (n, 3) of each cell.
        noisy: False where what differs between neighbours is no noise.
    """
    near, apart, step = _differences(cells) if noisy else (0.0, 0.0, 0.0)
    noise = max(near, ROUNDING * step)
    seen, least = _seen(areas, max(noise, apart))
    if least:  # what is structured as finely as grain is taken for it
        seen, least = _seen(areas, noise)
    usual = _strongest(seen, apart > GRAIN * near) if seen.size else _levels_of_nothing(areas, noise)
    return *_apart(usual, least if seen.size else 0.0), seen


def flattened(areas: Sequence[Array]) -> Array:
    """Measures (n, 5) of all areas, cell by cell."""
    return np.concatenate([each.reshape(-1, each.shape[-1]) for each in areas])


def _differences(cells: Float64) -> tuple[float, float, float]:
    """Deviation of the noise from the differences of neighbours and of pixels a few apart, and the step of grey values.

    Noise with a grain, by a filter or an enlargement, shows only in the second.
    """
    near, steps, apart = (column[~np.isnan(column)] for column in cells.T)
    # the median of |a - b| of two normal numbers is 0.954 deviations
    first, second = (float(np.median(each)) / 0.954 if len(each) else 0.0 for each in (near, apart))
    return first, second, float(steps.min()) if len(steps) else 0.0


def _seen(areas: Sequence[Float64], noise: float) -> tuple[Float64, float]:
    """Levels (2, n) of the areas that have something to see, and how far apart the plane's levels are at least."""
    every = flattened(areas)
    for part in (PLAIN, WHOLE):
        levels = every[~np.isnan(every[:, part.start]), part].T
        seen = levels[:, levels[1] - levels[0] > SEEN * noise]
        if seen.size:
            return seen, 0.0
    coarse = _coarse(areas)
    return coarse[:, coarse[1] - coarse[0] > COARSE * noise], NOISY * noise


def _levels_of_nothing(areas: Sequence[Float64], noise: float) -> tuple[float, float]:
    """Levels around the usual value of a plane in which there is nothing to see."""
    middle = float(np.nanmedian(flattened(areas)[:, WHOLE].mean(axis=1)))
    return _apart((middle, middle), SEEN * noise or 1.0)


def _coarse(areas: Sequence[Float64]) -> Float64:
    """Levels (2, cells) of what is larger than an area: the lowest and highest middle of a cell's areas."""
    middles = [each[..., WHOLE].mean(axis=-1) for each in areas]
    known = [each[~np.isnan(each)] for each in middles]
    return np.array([(each.min(), each.max()) for each in known if each.size]).reshape(-1, 2).T


def _apart(levels: tuple[float, float], least: float) -> tuple[float, float]:
    """The levels, moved apart where they are nearer than that."""
    half = max(least - (levels[1] - levels[0]), 0.0) / 2
    return levels[0] - half, levels[1] + half


def _strongest(levels: Float64, grain: bool) -> tuple[float, float]:
    """Median levels of areas (2, n), which count by the root of their contrast, at most that of `MOST` medians.

    Where noise has a grain, they count by their contrast, as much ground would outweigh some cells otherwise.
    """
    contrast = levels[1] - levels[0]
    power, most = (1.0, float(np.quantile(contrast, COMMON, method="higher"))) if grain else (0.5, np.inf)
    for _ in range(3):
        weights = np.minimum(contrast, most) ** power
        most = MOST * _weighted_median(contrast, weights)
    return _weighted_median(levels[0], weights), _weighted_median(levels[1], weights)


def _weighted_median(values: Float64, weights: Float64) -> float:
    """The value at half the weight, which is summed in an order that follows from values and weights alone."""
    order = np.lexsort((weights, values))
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])
