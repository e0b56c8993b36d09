"""The border weight map: w(x) = w_c(x) + w0 * exp(-(d1(x) + d2(x))^2 / (2 sigma^2)).

d1 and d2 are the distances of a background pixel to the nearest and the second nearest different
cell, w_c balances the frequencies of the classes. Ronneberger, Fischer, Brox 2015, equation 2.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellseg.arrays import Mask, UInt8
from cellseg.errors import InputError
from cellseg.preprocess.cells import Ignore, numbered, to_cells
from cellseg.preprocess.nearest_two import sums_of_two
from cellseg.preprocess.separate import separate_cells

Spacing = tuple[float, float]

NEGLIGIBLE = 1e-8
"""Border weights below it are 0: float32 cannot tell them beside a w_c of 1."""


def weight_map(
    labels: NDArray[np.integer],
    w0: float = 10.0,
    sigma: float = 5.0,
    balance: bool | ArrayLike = True,
    ignore: Ignore = None,
    *,
    spacing: Spacing = (1.0, 1.0),
    classes: NDArray[np.uint8] | None = None,
    everywhere: bool = False,
) -> NDArray[np.float32]:
    """Weight of each pixel in training: class balance, and more weight on narrow gaps between cells.

    Touching cells of one class are separated first (`separate`); the pixels they lose are background, class 0.

    Args:
        labels: (H, W), any integer type, 0 = background, other values = cells; gaps in the numbers are fine.
        w0: weight of the borders.
        sigma: their width, in the unit of `spacing` (pixels by default).
        balance: let every class weigh the same in sum; False: w_c = 1; (K,) numbers: by these pixels per class of a
            whole data set, instead of the image's own counts.
        ignore: (H, W) bool, True = weighs 0 and is no cell; or the label value of such pixels.
        spacing: distance of two pixels along y and x.
        classes: (H, W) uint8, the class of each pixel, 0 = background; without it all cells are class 1.
        everywhere: the borders weigh more on the cells too, not on the background alone as in the paper's figure.

    Returns:
        (H, W) float32.

    Raises:
        InputError: shapes, types or numbers do not fit.
    """
    cells, ignored = to_cells(labels, ignore)
    kinds = classes_of(cells, cells, classes)
    separated = separate_cells(cells, kinds)
    kinds = classes_of(cells, separated, classes)
    factors = _class_factors(kinds, ignored, balance)
    return weigh(separated, kinds, ignored, factors, w0, sigma, spacing, everywhere)


def _class_factors(kinds: UInt8, ignored: Mask, balance: bool | ArrayLike) -> NDArray[np.float64]:
    """w_c of each class."""
    if np.ndim(balance):
        return class_weights(balance)
    return class_weights(count(kinds, ignored)) if balance else np.ones(1)


def weigh(
    separated: NDArray[np.int32],
    classes: NDArray[np.uint8],
    ignored: NDArray[np.bool_],
    factors: NDArray[np.float64],
    w0: float,
    sigma: float,
    spacing: Spacing = (1.0, 1.0),
    everywhere: bool = False,
) -> NDArray[np.float32]:
    """The weight map (H, W) float32 of separated cells, from w_c per class in `factors` (K,), 1 for higher classes."""
    weights = border_term(separated, w0, sigma, spacing, everywhere)
    if not everywhere:
        weights[classes > 0] = 0
    table = np.ones(256, np.float32)
    table[: len(factors)] = factors
    weights += table[classes]
    weights[ignored] = 0
    return weights


def border_term(
    separated_labels: NDArray[np.integer],
    w0: float = 10.0,
    sigma: float = 5.0,
    spacing: Spacing = (1.0, 1.0),
    everywhere: bool = False,
) -> NDArray[np.float32]:
    """w0 * exp(-(d1 + d2)^2 / (2 sigma^2)) on the background of separated cells, 0 on the cells.

    Args:
        separated_labels: (H, W), any integer type, 0 = background.
        w0: weight of the borders.
        sigma: their width, in the unit of `spacing`.
        spacing: distance of two pixels along y and x.
        everywhere: on the cells too, where d1 = 0.

    Returns:
        (H, W) float32; exact down to `NEGLIGIBLE`, below it 0.

    Raises:
        InputError: sigma or the spacing is not above 0, or w0 is negative.
    """
    if not (w0 >= 0 and sigma > 0 and min(spacing) > 0):
        raise InputError(f"w0 is {w0}, sigma {sigma}, the spacing {spacing}", "w0 must be 0 or more, the rest above 0.")
    if w0 <= NEGLIGIBLE:
        return np.zeros(separated_labels.shape, np.float32)
    reach = sigma * math.sqrt(2 * math.log(w0 / NEGLIGIBLE))
    term = sums_of_two(numbered(separated_labels), reach, spacing, everywhere)
    term *= 1 / (math.sqrt(2) * sigma)
    np.square(term, out=term)
    np.negative(term, out=term)
    np.exp(term, out=term)
    term *= w0
    return term


def class_weights(counts: ArrayLike) -> NDArray[np.float64]:
    """w_c = N / (K * n_c) for each of the K classes that are there: all weigh the same in sum, 1 on average.

    Args:
        counts: (C,) pixels per class.

    Returns:
        (C,) float64; 1 for classes without a pixel.

    Raises:
        InputError: the counts are no list of 0 or more for 256 classes at most.
    """
    pixels = np.asarray(counts, np.float64)
    if pixels.ndim != 1 or pixels.size > 256 or not (pixels >= 0).all():
        raise InputError(f"the class frequencies are {pixels}", "Give the number of pixels of each class, 256 at most.")
    present, weights = pixels > 0, np.ones_like(pixels)
    weights[present] = pixels.sum() / (present.sum() * pixels[present])
    return weights


def count(classes: NDArray[np.uint8], ignored: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Pixels per class, (256,), of classes (H, W) uint8 where they are not ignored."""
    return np.bincount(classes[~ignored], minlength=256)


def classes_of(
    cells: NDArray[np.int32], separated: NDArray[np.int32], classes: NDArray[np.uint8] | None
) -> NDArray[np.uint8]:
    """Class per pixel (H, W) uint8 after the cut: what cells lost to the border is class 0."""
    if classes is None:
        return (separated > 0).astype(np.uint8)
    if classes.shape != cells.shape:
        raise InputError(f"the classes are {classes.shape}, the labels {cells.shape}", "Make them equal.")
    return np.where((cells > 0) & (separated == 0), 0, classes).astype(np.uint8)
