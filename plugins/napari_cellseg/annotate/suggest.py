"""The next place worth annotating: where the model is unsure, and where the image looks like nothing annotated so far.

An image is cut into windows. Each has a few features of its grey values and texture, and its novelty is the distance
to the nearest window that is annotated (or, before anything is, to the most usual window). Where there are
probabilities of a model, its mean entropy is added, both on a scale from 0 to 1. Windows already annotated are left
out. No chance is involved: the same image, annotation and model give the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from cellseg.arrays import Float64
from napari_cellseg.annotate.box import PlaneBox

SIDES = (64, 256)
"""Shortest and longest side of a window in pixels."""
WINDOWS = 2000
"""So many windows are looked at, spread evenly over a larger image."""
_COARSE = 4
"""The second scale of the texture, in pixels."""
SAMPLES = 64
"""So many pixels a side of a window's probabilities are read."""
ANNOTATED = 0.005
"""A window counts as annotated from this part of its pixels on."""


@dataclass(frozen=True, slots=True, order=True)
class Suggestion:
    """A place that may be suggested."""

    plane: int
    box: PlaneBox


@dataclass(frozen=True, slots=True, eq=False)
class WindowSurvey:
    """Survey of the windows of an image."""

    windows: tuple[Suggestion, ...]
    features: Float64
    """(n, 4), see `features`."""
    uncertainty: Float64 | None = None
    """(n,) mean entropy from 0 to 1, or None without a model."""


def windows(shape: tuple[int, int, int], limit: int = WINDOWS) -> list[Suggestion]:
    """Windows that cover an image, or so many of them, evenly spread.

    Args:
        shape: (planes, H, W).
        limit: the largest number.
    """
    planes, height, width = shape
    side = int(np.clip(min(height, width) // 4, *SIDES))
    boxes = [
        PlaneBox(top, left, min(top + side, height), min(left + side, width))
        for top, left in product(_starts(height, side), _starts(width, side))
    ]
    found = [Suggestion(*at) for at in product(range(planes), boxes)]
    if len(found) <= limit:
        return found
    return [found[i] for i in np.linspace(0, len(found) - 1, limit).astype(int)]


def _starts(length: int, side: int) -> list[int]:
    """Starts of windows; the last one ends with the image."""
    return sorted({min(start, max(length - side, 0)) for start in range(0, length, side)})


def features(grey: NDArray[Any]) -> Float64:
    """Mean, spread, and gradient energy at two scales (in grey values), (4,), of a window (h, w)."""
    pixels = np.asarray(grey, np.float32)
    height, width = (length // _COARSE * _COARSE for length in pixels.shape)
    blocks = pixels[:height, :width].reshape(height // _COARSE, _COARSE, width // _COARSE, _COARSE).mean(axis=(1, 3))
    return np.array([pixels.mean(), pixels.std(), _gradient(pixels), _gradient(blocks)], np.float64)


def _gradient(pixels: NDArray[np.float32]) -> float:
    """Root of the mean squared difference of neighbours."""
    if min(pixels.shape) < 2:
        return 0.0
    return float(np.sqrt(np.square(np.diff(pixels, axis=0)).mean() + np.square(np.diff(pixels, axis=1)).mean()))


def entropy(probabilities: NDArray[Any]) -> float:
    """Mean entropy of a window, 0 = sure to 1 = knows nothing.

    Args:
        probabilities: (h, w) of the foreground or (C, h, w) of all classes; floats, or uint8 with 255 for 1.
    """
    p = np.asarray(probabilities)
    p = p.astype(np.float64) / (255 if p.dtype == np.uint8 else 1)
    if p.ndim == 2:
        p = np.stack((p, 1 - p))
    p = np.clip(p, 1e-12, 1)
    return float(-(p * np.log(p)).sum(axis=0).mean() / np.log(len(p)))


def coarse_steps(box: PlaneBox) -> tuple[slice, slice]:
    """Index of a window of a plane that reads about `SAMPLES` pixels a side, every n-th."""
    rows, columns = box.slices
    height, width = box.shape
    return (
        slice(rows.start, rows.stop, max(height // SAMPLES, 1)),
        slice(columns.start, columns.stop, max(width // SAMPLES, 1)),
    )


def rank(looks: WindowSurvey, known: NDArray[np.bool_]) -> list[int]:
    """Numbers of the windows worth annotating, the best first.

    Args:
        looks: what is known of the windows.
        known: (n,) windows that are annotated or were shown; they are left out, and others are compared with them.
    """
    score = novelty(looks.features, known)
    if looks.uncertainty is not None:
        score = _scaled(score, ~known) + _scaled(looks.uncertainty, ~known)
    order = np.argsort(-score, kind="stable")
    return [int(i) for i in order if not known[i]]


def novelty(found: Float64, known: NDArray[np.bool_]) -> Float64:
    """(n,) distance of each window's features to the nearest known one's, each feature in units of its spread.

    Args:
        found: (n, k) features.
        known: (n,) what is compared with; where there is nothing, the window of median features is.
    """
    middle = np.median(found, axis=0)
    spread = np.median(np.abs(found - middle), axis=0) * 1.4826
    spread = np.where(spread > 0, spread, np.maximum(found.std(axis=0), 1e-12))
    units = (found - middle) / spread
    if not known.any():
        return np.asarray(np.linalg.norm(units, axis=1))
    return np.asarray(cKDTree(units[known]).query(units)[0])


def _scaled(values: Float64, counting: NDArray[np.bool_]) -> Float64:
    """Divided by the largest of those that count."""
    highest = values[counting].max() if counting.any() else 0.0
    return values / highest if highest > 0 else np.zeros_like(values)


def annotated(labels: NDArray[Any]) -> bool:
    """True if a window's labels (h, w) hold enough annotation to leave it out."""
    return bool(np.count_nonzero(labels) >= ANNOTATED * labels.size)
