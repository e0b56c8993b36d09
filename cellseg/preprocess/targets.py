"""Targets of the network, and the weight of each pixel."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellseg.arrays import Mask, UInt8
from cellseg.options import Separate, WeightOptions
from cellseg.preprocess.borders import class_weights, classes_of, count, weigh
from cellseg.preprocess.cells import to_cells
from cellseg.preprocess.separate import separate_cells


def make_target(
    instances: NDArray[np.int32],
    classes: UInt8,
    ignore: Mask,
    weights: WeightOptions,
    frequencies: ArrayLike | None = None,
) -> tuple[UInt8, NDArray[np.float32]]:
    """Separate touching cells and weigh the pixels.

    Args:
        instances: (H, W) int32, 0 = background, other values = cells.
        classes: (H, W) uint8, 0 = background.
        ignore: (H, W) bool, True = nobody annotated it.
        weights: w0, sigma, the balance of the classes, where borders weigh more, the pixels' shape, and between which
            cells a line is put.
        frequencies: (K,) pixels per class of the data set (`count_classes`), for the balance `dataset`;
            without it the image is a data set of its own.

    Returns:
        (H, W) uint8 classes, 0 between cells that touched, and (H, W) float32 weights, 0 where ignored.

    Raises:
        InputError: shapes or types do not fit.
    """
    cells, ignored = to_cells(instances, ignore)
    separated = separate_cells(cells, classes, weights.separate)
    kinds = classes_of(cells, separated, classes)
    return kinds, _weigh(separated, kinds, ignored, class_factors(kinds, ignored, weights, frequencies), weights)


def make_weights(
    instances: NDArray[np.int32],
    kinds: UInt8,
    ignore: Mask,
    weights: WeightOptions,
    factors: NDArray[np.float64],
) -> NDArray[np.float32]:
    """The weights (H, W) of `make_target` from its classes `kinds` after the cut, and their `class_factors`."""
    cells, ignored = to_cells(instances, ignore)
    return _weigh(cells * (kinds > 0), kinds, ignored, factors, weights)


def class_factors(
    kinds: UInt8, ignored: Mask, weights: WeightOptions, frequencies: ArrayLike | None = None
) -> NDArray[np.float64]:
    """w_c (K,) of an image with these classes (H, W), balanced as the options say; see `make_target`."""
    if weights.balance == "none":
        return np.ones(1)
    if weights.balance == "dataset" and frequencies is not None:
        return class_weights(frequencies)
    return class_weights(count(kinds, ignored))


def separated_classes(
    instances: NDArray[np.int32], classes: UInt8, ignore: Mask, separate: Separate | None = None
) -> UInt8:
    """The classes (H, W) uint8 of `make_target` alone, to be counted before the weights are made."""
    cells = to_cells(instances, ignore)[0]
    return classes_of(cells, separate_cells(cells, classes, separate), classes)


def count_classes(targets: Iterable[tuple[UInt8, Mask]]) -> NDArray[np.int64]:
    """Pixels per class over a data set, (256,), from pairs of (H, W) uint8 classes and bool masks, True = ignored."""
    return sum((count(classes, ignored) for classes, ignored in targets), np.zeros(256, np.int64))


def _weigh(
    separated: NDArray[np.int32],
    kinds: UInt8,
    ignored: Mask,
    factors: NDArray[np.float64],
    weights: WeightOptions,
) -> NDArray[np.float32]:
    spacing, everywhere = (weights.spacing, 1.0), weights.where == "everywhere"
    return weigh(separated, kinds, ignored, factors, weights.w0, weights.sigma, spacing, everywhere)
