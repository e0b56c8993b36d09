"""Fit of labels to an image, and the shift at which they would fit better.

Two maps of the image (smoothed grey values, strength of its edges) are correlated with two of the labels
(what is labelled, where labels end) at all shifts at once, by Fourier transform. The fit is the sum of the
squared correlations: labels that belong to their image have a sharp peak of it at shift 0, whether cells
are bright, dark, or only outlined; labels of another image have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from cellseg.arrays import Float32

SIDE = 768
"""Larger planes are cut to so many pixels a side, around the labels."""
COARSE = 512
"""Side to which whole planes are binned for comparisons with other planes."""
BACKGROUND = 65
"""Window of the mean that is taken off every map, in pixels."""
RIM = 16
"""Pixels over which the maps fade to 0 at the edges, so that a shift meets no step."""
COMBINED = ((0, 0), (0, 1), (1, 1))
"""Image map and label map: grey with labelled, grey with borders, edges with borders."""


@dataclass(frozen=True, slots=True)
class LabelFit:
    """Fit of labels to an image at one shift."""

    score: float
    """Sum of the squared correlations, 0 to 3."""
    grey: float
    """Correlation of the grey values with what is labelled, -1 to 1."""
    border: float
    """Correlation of the grey values with where labels end."""
    shift: tuple[int, int]
    """By how many rows and columns the labels would have to be moved."""


def image_maps(image: NDArray[Any]) -> tuple[Float32, Float32]:
    """Grey values and strength of edges, each (H, W) of norm 1, of an image (C, H, W)."""
    grey = np.zeros(image.shape[1:], np.float32)
    for channel in np.nan_to_num(image.astype(np.float32), posinf=0, neginf=0):
        low, high = np.percentile(channel, (1, 99.8))
        grey += np.clip((channel - low) / max(high - low, 1e-9), 0, 1)
    edges = ndimage.gaussian_gradient_magnitude(grey, 1.5)
    return _unit(ndimage.gaussian_filter(grey, 1.0)), _unit(edges)


def label_maps(labels: NDArray[np.int64]) -> tuple[Float32, Float32]:
    """Maps of labelled pixels and of the ends of labels, each (H, W) of norm 1, of labels (H, W)."""
    ends = np.zeros(labels.shape, np.float32)
    down, across = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    ends[1:] += down
    ends[:-1] += down
    ends[:, 1:] += across
    ends[:, :-1] += across
    return _unit((labels > 0).astype(np.float32)), _unit(ndimage.gaussian_filter(np.minimum(ends, 1), 1.0))


def fit_here(image: tuple[Float32, Float32], labels: tuple[Float32, Float32]) -> LabelFit:
    """The fit of maps of equal shape without a shift."""
    return _fit([float(np.vdot(image[i], labels[k])) for i, k in COMBINED], (0, 0))


def best_shift(image: tuple[Float32, Float32], labels: tuple[Float32, Float32], reach: int) -> tuple[LabelFit, float]:
    """The best fit within `reach` pixels, and the best score further away, which is chance."""
    shape = image[0].shape
    images, marks = [fft.rfft2(m) for m in image], [np.conj(fft.rfft2(m)) for m in labels]
    surfaces = np.stack([fft.irfft2(images[i] * marks[k], s=shape) for i, k in COMBINED])
    score = _score(surfaces)
    rows, columns = (np.abs(np.fft.fftfreq(n, 1 / n)) <= min(reach, n // 4) for n in shape)
    near = np.outer(rows, columns)
    y, x = divmod(int(np.where(near, score, -1).argmax()), shape[1])
    shift = tuple(at - n if at > n // 2 else at for at, n in zip((y, x), shape, strict=True))
    return _fit(surfaces[:, y, x].tolist(), (int(shift[0]), int(shift[1]))), float(score[~near].max(initial=0))


def around_labels(labels: NDArray[np.int64], side: int = SIDE) -> tuple[slice, slice]:
    """Rows and columns of a part of at most `side` pixels around the middle of what is labelled."""
    spans = []
    for axis, length in enumerate(labels.shape):
        known = np.flatnonzero((labels > 0).any(axis=1 - axis))
        middle = int(known[0] + known[-1]) // 2 if known.size else length // 2
        start = min(max(middle - side // 2, 0), max(length - side, 0))
        spans.append(slice(start, min(start + side, length)))
    return spans[0], spans[1]


def binned(array: NDArray[Any], side: int = COARSE) -> NDArray[Any]:
    """Every n-th row and column of (..., H, W), so that no more than `side` are left."""
    step = -(-max(array.shape[-2:]) // side)
    return array[..., ::step, ::step]


def symmetries(labels: NDArray[np.int64], shape: tuple[int, int]) -> dict[str, NDArray[np.int64]]:
    """Labels (H, W) turned back from each of the seven ways in which they may lie wrong, if `shape` is kept."""
    ways = {
        "upside down": labels[::-1],
        "mirrored left to right": labels[:, ::-1],
        "turned by 180 degrees": labels[::-1, ::-1],
        "transposed": labels.T,
        "turned by 90 degrees to the left": labels.T[:, ::-1],
        "turned by 90 degrees to the right": labels.T[::-1],
        "transposed along the other diagonal": labels.T[::-1, ::-1],
    }
    return {name: way for name, way in ways.items() if way.shape == shape}


def _fit(correlations: list[float], shift: tuple[int, int]) -> LabelFit:
    grey, border, _ = correlations
    return LabelFit(float(_score(np.array(correlations))), grey, border, shift)


def _score(correlations: NDArray[Any]) -> NDArray[Any]:
    """Edges of the image never avoid the ends of labels, so that only a positive correlation of these counts."""
    squares: NDArray[Any] = correlations[0] ** 2 + correlations[1] ** 2 + np.maximum(correlations[2], 0) ** 2
    return squares


def _unit(plane: Float32) -> Float32:
    window = min(BACKGROUND, 2 * (min(plane.shape) // 4) + 1)
    plane = plane - ndimage.uniform_filter(plane, window)
    for axis, length in enumerate(plane.shape):
        near = np.minimum(np.arange(length), np.arange(length)[::-1]) + 1
        fade = np.minimum(1, near / min(RIM, max(length // 4, 1))).astype(np.float32)
        plane *= fade[:, None] if axis == 0 else fade
    norm = float(np.linalg.norm(plane))
    return plane / norm if norm > 1e-6 else np.zeros_like(plane)
