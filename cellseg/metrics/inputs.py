"""Checks that every metric makes of its two label images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.errors import InputError


def label_pair(prediction: Labels, truth: Labels) -> tuple[Labels, Labels]:
    """Both label images as arrays, or an error that says what is wrong with them.

    Args:
        prediction: (H, W) or (Z, H, W), bool or any integer type, 0 = background.
        truth: the same shape.

    Raises:
        InputError: the shapes differ, there is no pixel, the numbers are not whole or a label is negative.
    """
    pair = np.asarray(prediction), np.asarray(truth)
    if pair[0].shape != pair[1].shape:
        raise InputError(
            f"the prediction's shape is {pair[0].shape} and the truth's is {pair[1].shape}", "They must be equal."
        )
    for name, labels in zip(("prediction", "truth"), pair, strict=True):
        check_labels(name, labels)
    return pair


def mask_pair(prediction: Labels, truth: Labels) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The foregrounds (label > 0) of two label images, bool, the same shape."""
    prediction, truth = label_pair(prediction, truth)
    return prediction > 0, truth > 0


def sections(prediction: Labels, truth: Labels) -> Iterator[tuple[Labels, Labels]]:
    """The (H, W) sections of a pair of stacks (Z, H, W); an (H, W) image is its own only section."""
    if prediction.ndim == 2:
        yield prediction, truth
    else:
        yield from zip(prediction, truth, strict=True)


def check_labels(name: str, labels: Labels) -> None:
    """Refuse what is no label image.

    Raises:
        InputError: not two or three axes, no pixel, numbers that are not whole, or a negative one.
    """
    if labels.ndim not in (2, 3) or labels.size == 0:
        raise InputError(f"the {name}'s shape is {labels.shape}", "Labels are (H, W) or (Z, H, W).")
    if labels.dtype.kind not in "bui":
        raise InputError(
            f"the {name} holds {labels.dtype} numbers", "Labels are whole: set a threshold or round first."
        )
    if labels.dtype.kind == "i" and labels.min() < 0:
        raise InputError(f"the {name}'s smallest label is {labels.min()}", "Labels are 0 (background) or more.")
