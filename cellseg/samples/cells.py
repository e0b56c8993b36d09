"""Generated fluorescence pictures of nuclei that lie apart and of cells that touch."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Float32, Shape
from cellseg.samples.shapes import blob, border_distance, mosaic, smooth_noise, window

NUCLEUS_RADIUS = (8.0, 15.0)
CELL_SIZE = 34.0


def draw_blobs(shape: Shape, rng: Generator) -> tuple[Float32, NDArray[np.int32]]:
    """Bright nuclei of varied size and brightness on a dark ground, (H, W) from 0 to 1, and their labels."""
    labels = np.zeros(shape, np.int32)
    light = np.zeros(shape, np.float32)
    crowding = smooth_noise(shape, rng, 120)
    count, number = round(shape[0] * shape[1] / 1300) + 1, 0
    for centre in rng.uniform((0, 0), shape, (count, 2)):
        nucleus = blob(rng, rng.uniform(*NUCLEUS_RADIUS))
        large, small = window(nucleus.shape, tuple(centre), shape)
        inside = nucleus[small] > 0
        taken = ndimage.binary_dilation(labels[large] > 0, iterations=3)
        sparse = crowding[tuple(centre.astype(int))] < -0.6
        if sparse or not inside.any() or (inside & taken).any():
            continue
        number += 1
        labels[large][inside] = number
        light[large] += inside * rng.lognormal(-0.75, 0.45) * np.clip(0.45 + 1.2 * nucleus[small], 0, 1) ** 0.7
    light *= 1 + 0.16 * smooth_noise(shape, rng, 3) + 0.08 * smooth_noise(shape, rng, 7)
    haze = ndimage.zoom(ndimage.uniform_filter(light[::4, ::4], 9), 4, order=1)[: shape[0], : shape[1]]
    light = ndimage.gaussian_filter(light, 1.1) + 0.12 * _fit(haze, shape) + 0.035
    return _expose(light, rng, photons=160), labels


def draw_touching(shape: Shape, rng: Generator) -> tuple[Float32, NDArray[np.int32]]:
    """Crowded cells with a dim seam where they touch, (H, W) from 0 to 1, and their labels."""
    cells = mosaic(shape, rng, CELL_SIZE, 0.08 * CELL_SIZE)
    cells = np.unique(cells, return_inverse=True)[1].reshape(shape).astype(np.int32) + 1
    count = int(cells.max()) + 1
    centres = np.array([(0, 0), *ndimage.center_of_mass(cells > 0, cells, np.arange(1, count))])
    gaps = smooth_noise(shape, rng, 3.5 * CELL_SIZE)
    at = np.clip(centres.round().astype(int), 0, np.array(shape) - 1)
    present = gaps[at[:, 0], at[:, 1]] > -1.0
    brightness = np.where(present, rng.lognormal(-0.65, 0.3, count), 0.0).astype(np.float32)
    labels = np.where(present[cells], cells, 0).astype(np.int32)
    distance = border_distance(labels)
    light = brightness[cells] * (1 - 0.75 * np.exp(-((distance / 1.6) ** 2))) * np.clip(0.55 + distance / 9, 0, 1)
    light *= 1 - _nuclei(shape, rng, centres, present)
    light *= 1 + 0.13 * smooth_noise(shape, rng, 2.5) + 0.12 * smooth_noise(shape, rng, 6)
    light = ndimage.gaussian_filter(np.maximum(light, 0), 0.9) + 0.05 * (1 + 0.3 * smooth_noise(shape, rng, 60))
    return _expose(light, rng, photons=120), labels


def _nuclei(shape: Shape, rng: Generator, centres: NDArray[np.float64], present: NDArray[np.bool_]) -> Float32:
    """Darkening of the stain of the cytoplasm by the nucleus."""
    dark = np.zeros(shape, np.float32)
    for centre in centres[present]:
        nucleus = blob(rng, rng.uniform(0.14, 0.22) * CELL_SIZE)
        large, small = window(nucleus.shape, tuple(centre + rng.normal(0, 2, 2)), shape)
        dark[large] = np.maximum(dark[large], rng.uniform(0.25, 0.6) * np.clip(3 * nucleus[small], 0, 1))
    return dark


def _expose(light: Float32, rng: Generator, photons: float) -> Float32:
    """Shot noise of so many photons at full brightness, and the camera's own."""
    exposed = (rng.poisson(np.clip(light, 0, 1.6) * photons) / photons).astype(np.float32)
    return exposed + rng.standard_normal(light.shape, np.float32) * np.float32(0.012)


def _fit(field: Float32, shape: Shape) -> Float32:
    return np.pad(field, [(0, max(shape[k] - field.shape[k], 0)) for k in (0, 1)], mode="edge")
