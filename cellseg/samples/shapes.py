"""Random fields and shapes that generated images are made of."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage, sparse

from cellseg.arrays import Float32, Shape


def smooth_noise(shape: Shape, rng: Generator, scale: float) -> Float32:
    """(H, W) noise of mean 0 and standard deviation about 1 that varies over `scale` pixels."""
    rows, columns = (_spline(length, scale, rng.uniform()) for length in shape)
    knots = rng.standard_normal((rows.shape[1], columns.shape[1]), np.float32)
    field: Float32 = (columns @ (rows @ knots).T).T
    return field * np.float32(2.1)


def _spline(length: int, scale: float, start: float) -> sparse.csr_array:
    """(length, knots) weights of knots `scale` pixels apart in a cubic B-spline."""
    knot, t = np.divmod(np.arange(length) / scale + start, 1)
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (1 - t) ** 3 - 6 * (1 - t) ** 2 + 4, t**3])
    columns = (knot + np.arange(4)[:, None]).astype(int)
    lines = np.broadcast_to(np.arange(length), columns.shape)
    cells = (weights.ravel().astype(np.float32) / 6, (lines.ravel(), columns.ravel()))
    return sparse.csr_array(cells, shape=(length, int(columns.max()) + 1))


def mosaic(shape: Shape, rng: Generator, size: float, waviness: float) -> NDArray[np.int32]:
    """Cells that fill the plane and touch along wavy lines.

    Args:
        shape: height and width in pixels.
        rng: source of all chance.
        size: distance of neighbouring centres in pixels.
        waviness: how far borders are bent, in pixels.

    Returns:
        (H, W) numbers of cells from 1.
    """
    edge = int(np.ceil(size + 4 * waviness))
    padded = np.array(shape) + 2 * edge
    grid = np.mgrid[0 : padded[0] / size, 0 : padded[1] / size].reshape(2, -1).T
    grid[:, 1] += 0.5 * (grid[:, 0] % 2)
    seeds = ((grid + rng.uniform(-0.42, 0.42, grid.shape)) * size).astype(int)
    seeds = seeds[((seeds >= 0) & (seeds < padded)).all(axis=1)]
    numbers = np.zeros(padded, np.int32)
    numbers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
    nearest = ndimage.distance_transform_edt(numbers == 0, return_distances=False, return_indices=True)
    bent = [waviness * smooth_noise(shape, rng, 0.6 * size) for _ in shape]
    where = np.rint(np.indices(shape) + np.stack(bent)).astype(int) + edge
    y, x = np.clip(where, 0, padded[:, None, None] - 1)
    cells: NDArray[np.int32] = numbers[tuple(nearest[:, y, x])]
    return cells


def border_distance(labels: NDArray[np.int32]) -> Float32:
    """(H, W) distance of each pixel to the nearest border between two labels, in pixels."""
    border = np.zeros(labels.shape, bool)
    border[:-1] |= labels[:-1] != labels[1:]
    border[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    if not border.any():
        return np.full(labels.shape, max(labels.shape), np.float32)
    distance: Float32 = ndimage.distance_transform_edt(~border).astype(np.float32)
    return distance


def blob(rng: Generator, radius: float, elongation: float = 1.4, roughness: float = 0.06) -> Float32:
    """A round, somewhat irregular shape.

    Args:
        rng: source of all chance.
        radius: mean radius in pixels.
        elongation: largest ratio of length to width.
        roughness: how far its outline strays, as a part of the radius.

    Returns:
        (n, n) height above its outline, about 1 at the centre and negative outside.
    """
    half = int(np.ceil(radius * elongation * (1 + 3 * roughness))) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    turn, stretch = rng.uniform(0, np.pi), np.sqrt(rng.uniform(1, elongation))
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    reach, angle = np.hypot(along / stretch, across * stretch) / radius, np.arctan2(across, along)
    for waves in (2, 3, 4, 5):
        reach -= reach * roughness * rng.normal() / np.sqrt(waves) * np.cos(waves * angle + rng.uniform(0, 2 * np.pi))
    height: Float32 = (1 - reach).astype(np.float32)
    return height


def window(size: Shape, centre: tuple[float, float], shape: Shape) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Overlap of a small array around `centre` with a large one: slices of the large one and of the small one."""
    large, small = [], []
    for length, middle, limit in zip(size, centre, shape, strict=True):
        start = round(middle) - length // 2
        first, last = min(max(start, 0), limit), max(min(start + length, limit), 0)
        large.append(slice(first, max(first, last)))
        small.append(slice(first - start, max(first, last) - start))
    return (large[0], large[1]), (small[0], small[1])
