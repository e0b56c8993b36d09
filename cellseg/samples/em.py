"""A generated picture like a section of nervous tissue in the electron microscope."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Float32, Shape
from cellseg.samples.shapes import blob, border_distance, mosaic, smooth_noise, window

SMALLEST_CELL = 30
"""Pixels; smaller gaps between membranes count as membrane."""


def draw_em(shape: Shape, rng: Generator) -> tuple[Float32, NDArray[np.int32]]:
    """Pale cells with dark membranes, (H, W) from 0 to 1, and the cells' labels, 0 on membranes."""
    cells = _tissue(shape, rng)
    distance = border_distance(cells)
    thickness = np.clip(1.9 + 0.5 * smooth_noise(shape, rng, 25), 1.2, 4.0)
    oblique = np.clip(smooth_noise(shape, rng, 32) - 1.8, 0, 1) * 9
    thickness += oblique
    labels = _cut(cells, distance > thickness)
    tone = rng.normal(0, 0.035, int(cells.max()) + 1).astype(np.float32)
    grey = 0.66 + tone[cells] + 0.05 * smooth_noise(shape, rng, 9) + 0.045 * smooth_noise(shape, rng, 2.2)
    grey = _organelles(grey, labels, distance, rng)
    membrane = np.exp(-((distance / (0.95 * thickness + 0.25)) ** 4))
    dark = 0.16 + 0.05 * smooth_noise(shape, rng, 12) + 0.012 * oblique
    grey += membrane * (dark - grey)
    grey = ndimage.gaussian_filter(grey, 0.8) + 0.062 * _grain(shape, rng)
    contrast = 1 + 0.1 * smooth_noise(shape, rng, 200)
    return (grey - 0.5) * contrast + 0.5 + 0.05 * smooth_noise(shape, rng, 150), labels


def _tissue(shape: Shape, rng: Generator) -> NDArray[np.int32]:
    """Thin processes of different sizes, and round thick ones among them."""
    small, large = mosaic(shape, rng, 28, 4), mosaic(shape, rng, 50, 7)
    cells = np.where(smooth_noise(shape, rng, 90) > 0.2, small, large + small.max()).astype(np.int32)
    first = int(cells.max()) + 1
    for number, centre in enumerate(rng.uniform((0, 0), shape, (round(cells.size / 14000) + 1, 2)), first):
        body = blob(rng, rng.triangular(14, 26, 62), 1.8, 0.07)
        inside, part = window(body.shape, tuple(centre), shape)
        cells[inside][body[part] > 0] = number
    return cells


def _cut(cells: NDArray[np.int32], inside: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number what membranes separate; border pixels keep 4-connected regions apart."""
    regions, count = ndimage.label(inside)
    sizes = np.bincount(regions.ravel(), minlength=count + 1)
    numbers = np.cumsum(sizes >= SMALLEST_CELL) - 1
    numbers[sizes < SMALLEST_CELL] = 0
    numbers[0] = 0
    labels: NDArray[np.int32] = numbers[regions].astype(np.int32)
    return labels


def _organelles(grey: Float32, labels: NDArray[np.int32], distance: Float32, rng: Generator) -> Float32:
    """Mitochondria, vesicles and microtubules, wherever there is room for them."""
    for _ in range(round(labels.size / 11000) + 1):
        radius = rng.uniform(8, 17)
        _place(grey, distance, rng, radius + 5, _mitochondrion(rng, radius))
    for _ in range(round(labels.size / 220)):
        radius = rng.uniform(1.2, 3.4)
        _place(grey, distance, rng, radius + 4, _ring(rng, radius))
    return grey


def _place(grey: Float32, distance: Float32, rng: Generator, room: float, drawn: tuple[Float32, Float32]) -> None:
    """Draw (values, opacity) at a random place that is so far from membranes, if a few tries find one."""
    values, opacity = drawn
    tries = rng.integers((0, 0), grey.shape, (8, 2))
    free = tries[distance[tuple(tries.T)] > room]
    if not len(free):
        return
    large, small = window(values.shape, tuple(free[0]), grey.shape)
    grey[large] += opacity[small] * (values[small] - grey[large])


def _mitochondrion(rng: Generator, radius: float) -> tuple[Float32, Float32]:
    """A dark body with a dark double membrane and parallel folds."""
    body = blob(rng, radius, 1.5, 0.05)
    y, x = np.indices(body.shape)
    turn, pitch = rng.uniform(0, np.pi), rng.uniform(3.4, 4.6)
    bend = 1.2 * smooth_noise(body.shape, rng, 7)
    folds = np.cos(2 * np.pi * (x * np.cos(turn) + y * np.sin(turn) + bend) / pitch)
    depth = body * (body.shape[0] / 3)
    rim = np.exp(-(((depth - 1) / 1.0) ** 2))
    values = 0.33 + 0.13 * np.where(folds > 0.5, 1.3, -0.5) - 0.22 * rim
    return values.astype(np.float32), np.clip(depth, 0, 1)


def _ring(rng: Generator, radius: float) -> tuple[Float32, Float32]:
    """A vesicle or, where it is small, a microtubule."""
    half = int(radius) + 2
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    reach = np.hypot(y, x) - radius
    opacity = rng.uniform(0.3, 0.95) * np.exp(-((reach / 0.9) ** 2))
    return np.full(reach.shape, 0.3, np.float32), opacity.astype(np.float32)


def _grain(shape: Shape, rng: Generator) -> Float32:
    """Noise of the camera, a little blurred by it."""
    noise: Float32 = 1.6 * ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), 0.5)
    return noise
