"""Pixels of classes that are rare, so that samples can be drawn around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.preprocess.augment import Example

RARE = 0.05
"""A class with a smaller part of the annotated pixels is rare."""
JITTER = 0.25
"""How far from the middle of the sample the pixel lies at most, as a part of the window."""


@dataclass(frozen=True, slots=True)
class RarePixels:
    """Pixels of rare classes: by class and example the flat indices of their annotated pixels."""

    places: tuple[tuple[NDArray[np.int64], ...], ...]

    def draw(
        self, rng: np.random.Generator, examples: Sequence[Example], chances: NDArray[np.float64], window: int
    ) -> tuple[int, tuple[float, float]]:
        """An example and a centre y, x near a pixel of one of the classes.

        Each class is as likely as another, and so is each pixel of a class but for the chances of its example.

        Args:
            rng: where all random numbers come from.
            examples: those of `find_rare`.
            chances: (N,) how likely each example is drawn, in proportion to its pixels.
            window: side of the sample.
        """
        places = self.places[int(rng.integers(len(self.places)))]
        density = np.array([len(p) / e.classes.size for p, e in zip(places, examples, strict=True)]) * chances
        chosen = int(rng.choice(len(examples), p=density / density.sum()))
        shape = examples[chosen].classes.shape
        pixel = np.unravel_index(int(rng.choice(places[chosen])), shape)
        y, x = np.clip(np.array(pixel) + rng.uniform(-JITTER, JITTER, 2) * window, 0, np.array(shape) - 1)
        return chosen, (float(y), float(x))


def rare_classes(counts: NDArray[np.int64]) -> list[int]:
    """Classes that are there, but in less than `RARE` of all pixels, by the pixels (K,) of each class."""
    return [int(k) for k in np.flatnonzero((counts > 0) & (counts < RARE * counts.sum()))]


def find_rare(examples: Sequence[Example], counts: NDArray[np.int64]) -> RarePixels | None:
    """Rare pixels of classes with (K,) pixels; None where there is none."""
    places = [
        tuple(np.flatnonzero((example.classes == kind) & (example.weights > 0)) for example in examples)
        for kind in rare_classes(counts)
    ]
    found = tuple(by_example for by_example in places if any(map(len, by_example)))
    return RarePixels(found) if found else None
