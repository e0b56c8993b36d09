"""Cells so thin that the separating border would take all of them: part them as far as possible.

Every cell keeps a core, one pixel that touches as few other cores as possible and lies far from
them. From there it keeps the pixels that are nearer to its core than the pixels they touch are to
theirs. Small cells choose first; the places, not the numbers, of the cells decide between equals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Int64
from cellseg.compiled import compiled


def part_thin_cells(cells: NDArray[np.int32], contested: NDArray[np.bool_], keep: NDArray[np.bool_]) -> None:
    """Set in `keep` (H, W) what the contested cells keep.

    Args:
        cells: (H, W) int32, cells below `contested.size`.
        contested: per cell, whether every one of its pixels touches another such cell.
        keep: (H, W) bool, C order, changed in place.
    """
    owner = np.where(contested[cells], cells, 0)
    pixels = _smallest_cell_first(owner)
    cores = np.full(contested.size, -1, np.int64)
    _choose_cores(owner, pixels, cores)
    kept = np.zeros(contested.size, np.int64)
    _keep_nearest(owner, pixels, cores, keep, kept)
    _give_up_touching_cores(owner, pixels, cores, keep, kept)


def _smallest_cell_first(owner: NDArray[np.int32]) -> Int64:
    """Flat indices of the pixels of all cells, cell by cell."""
    pixels = np.flatnonzero(owner)
    _, first, index, sizes = np.unique(
        owner.ravel()[pixels], return_index=True, return_inverse=True, return_counts=True
    )
    return pixels[np.lexsort((pixels, first[index], sizes[index]))]


@compiled
def _neighbours(pixel: int, height: int, width: int) -> tuple[int, int, int, int]:
    """Flat indices of the 4-neighbours; outside the image the pixel itself."""
    y, x = pixel // width, pixel % width
    return (
        pixel - width if y > 0 else pixel,
        pixel + width if y < height - 1 else pixel,
        pixel - 1 if x > 0 else pixel,
        pixel + 1 if x < width - 1 else pixel,
    )


@compiled
def _square(pixel: int, core: int, width: int) -> int:
    """Squared distance of two flat indices."""
    return (pixel // width - core // width) ** 2 + (pixel % width - core % width) ** 2


@compiled
def _choose_cores(owner: NDArray[np.int32], pixels: Int64, cores: Int64) -> None:
    height, width = owner.shape
    flat = owner.ravel()
    start = 0
    while start < pixels.size:
        stop = start
        own = flat[pixels[start]]
        y, x, count = 0, 0, 0
        while stop < pixels.size and flat[pixels[stop]] == own:
            for near in _neighbours(pixels[stop], height, width):
                core = cores[flat[near]]
                if flat[near] != own and core >= 0:
                    y, x, count = y + core // width, x + core % width, count + 1
            stop += 1
        crowd = (y // max(count, 1)) * width + x // max(count, 1)  # the middle of the cores chosen around it
        fewest, furthest = 5, -1
        for pixel in pixels[start:stop]:
            touching = 0
            for near in _neighbours(pixel, height, width):
                touching += flat[near] != own and cores[flat[near]] == near
            square = _square(pixel, crowd, width) if count else 0
            if touching < fewest or (touching == fewest and square > furthest):
                fewest, furthest, cores[own] = touching, square, pixel
        start = stop


@compiled
def _keep_nearest(owner: NDArray[np.int32], pixels: Int64, cores: Int64, keep: NDArray[np.bool_], kept: Int64) -> None:
    height, width = owner.shape
    flat = owner.ravel()
    for pixel in pixels:
        own = flat[pixel]
        square = _square(pixel, cores[own], width)
        mine = True
        for near in _neighbours(pixel, height, width):
            other = flat[near]
            if other != own and other != 0 and _square(near, cores[other], width) <= square:
                mine = False
        if mine or square == 0:
            keep[pixel // width, pixel % width] = True
            kept[own] += 1


@compiled
def _give_up_touching_cores(
    owner: NDArray[np.int32], pixels: Int64, cores: Int64, keep: NDArray[np.bool_], kept: Int64
) -> None:
    """A core that touches another one goes where its cell has other pixels left."""
    height, width = owner.shape
    flat = owner.ravel()
    for pixel in pixels:
        own = flat[pixel]
        if cores[own] != pixel or kept[own] == 1:
            continue
        for near in _neighbours(pixel, height, width):
            other = flat[near]
            if other != own and other != 0 and keep[near // width, near % width]:
                keep[pixel // width, pixel % width] = False
        kept[own] -= not keep[pixel // width, pixel % width]
