"""Faults planted into good labels, each one as a person's mistake or a program's would bring it about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Stack = NDArray
Plant = Callable[[Stack, Stack], tuple[Stack, Stack]]


@dataclass(frozen=True)
class Fault:
    """What is done to a stack of images and of labels (N, H, W), and what the doctor must say."""

    plant: Plant
    code: str
    severity: str
    plane: int | None = None
    """The only plane that may be named."""
    repaired: bool = False
    mask: bool = False
    """Whether it is planted into masks of 0 and 255 instead of instances."""


def one(change: Callable[[NDArray], NDArray], plane: int = 1) -> Plant:
    """Change the labels of one plane."""

    def plant(images: Stack, labels: Stack) -> tuple[Stack, Stack]:
        labels = labels.copy()
        labels[plane] = change(labels[plane])
        return images, labels

    return plant


def labels_only(change: Callable[[Stack], Stack]) -> Plant:
    return lambda images, labels: (images, change(labels))


def images_only(change: Callable[[NDArray], NDArray], plane: int = 1) -> Plant:
    def plant(images: Stack, labels: Stack) -> tuple[Stack, Stack]:
        images = images.copy()
        images[plane] = change(images[plane])
        return images, labels

    return plant


def inner_cells(labels: NDArray) -> list[int]:
    """Cells off the image's edges, the largest first."""
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    ids, areas = np.unique(labels, return_counts=True)
    return [int(k) for k in ids[np.argsort(-areas)] if k and k not in edge]


def one_id_for_two(labels: NDArray) -> NDArray:
    first, second = inner_cells(labels)[:2]
    return np.where(labels == second, first, labels)


def hole(labels: NDArray) -> NDArray:
    cell = (inner_cells(labels) or [255])[0]
    y, x = np.unravel_index(
        ndimage.distance_transform_edt(np.pad(labels == cell, 1))[1:-1, 1:-1].argmax(), labels.shape
    )
    labels = labels.copy()
    labels[y : y + 2, x : x + 2] = 0
    return labels


def specks(labels: NDArray) -> NDArray:
    labels = labels.copy()
    far = np.argwhere(ndimage.distance_transform_edt(np.pad(labels == 0, 1))[1:-1, 1:-1] > 2)
    for number, (y, x) in enumerate(far[:: max(1, len(far) // 3)][:3], int(labels.max()) + 1):
        labels[y, x] = number
    return labels


def resized(masks: Stack) -> Stack:
    return np.stack([ndimage.zoom(ndimage.zoom(m.astype(float), 0.5, order=1), 2, order=1) for m in masks]).astype(
        np.uint8
    )


def as_jpeg(masks: Stack) -> Stack:
    import imagecodecs

    return np.stack([imagecodecs.jpeg8_decode(imagecodecs.jpeg8_encode(m, level=75)).reshape(m.shape) for m in masks])


def half_of_the_labels(labels: NDArray) -> NDArray:
    ids = np.unique(labels[labels > 0])
    return np.where(np.isin(labels, ids[::2]), 0, labels)


def moved(by: tuple[int, int]) -> Callable[[NDArray], NDArray]:
    return lambda labels: np.roll(labels, by, (-2, -1))


def saturated(image: NDArray) -> NDArray:
    return np.where(image > np.percentile(image, 90), 255, image)


def hot_pixels(images: Stack, labels: Stack) -> tuple[Stack, Stack]:
    images = images.astype(np.uint16)
    images[1].flat[:: images[1].size // 20] = 65535
    return images, labels


def again(images: Stack, labels: Stack) -> tuple[Stack, Stack]:
    images, labels = images.copy(), labels.copy()
    images[2], labels[2] = images[0], labels[0]
    return images, labels


def other_labels_again(images: Stack, labels: Stack) -> tuple[Stack, Stack]:
    images = images.copy()
    images[2] = images[0]
    return images, labels


def swapped(labels: Stack) -> Stack:
    return labels[[0, 2, 1, *range(3, len(labels))]]


FAULTS: dict[str, Fault] = {
    "one id in two cells": Fault(one(one_id_for_two), "split", "warning", 1, True),
    "a hole": Fault(one(hole), "hole", "note", 1, True),
    "a hole in a mask": Fault(one(hole), "hole", "note", 1, True, mask=True),
    "specks": Fault(one(specks), "speck", "warning", 1, True),
    "gaps in the ids": Fault(labels_only(lambda a: a * 400), "gaps", "note"),
    "0 and 255": Fault(lambda i, m: (i, m), "mask-0-255", "note", mask=True),
    "resized with interpolation": Fault(labels_only(resized), "fringes", "error", None, True, mask=True),
    "saved as JPEG": Fault(labels_only(as_jpeg), "fringes", "error", None, True, mask=True),
    "a mask blurred to floats": Fault(
        labels_only(lambda m: ndimage.gaussian_filter(m / 255.0, (0, 1, 1)).astype(np.float32)),
        "fringes",
        "error",
        None,
        True,
        mask=True,
    ),
    "ids mixed by interpolation": Fault(
        labels_only(lambda a: ndimage.gaussian_filter(a.astype(float), (0, 1, 1)).astype(np.uint16)),
        "interpolated",
        "error",
    ),
    "1 and 255 as foreground": Fault(one(lambda m: np.minimum(m, 1)), "mixed-foreground", "error", 1, True, mask=True),
    "half of the cells without a label": Fault(one(half_of_the_labels), "unlabelled", "warning", 1),
    "labels moved by 6 pixels": Fault(labels_only(moved((6, 0))), "shifted", "error"),
    "one label moved by 12 pixels": Fault(one(moved((0, 12))), "shifted", "error", 1),
    "labels in reverse order": Fault(labels_only(lambda a: a[::-1]), "order", "error"),
    "labels one image late": Fault(labels_only(lambda a: np.roll(a, 1, 0)), "order", "error"),
    "two labels exchanged": Fault(labels_only(swapped), "exchanged", "error"),
    "labels transposed": Fault(labels_only(lambda a: a.transpose(0, 2, 1)), "turned", "error"),
    "one label upside down": Fault(one(lambda a: a[::-1]), "turned", "error", 1),
    "one mask inverted": Fault(one(lambda m: 255 - m), "inverted", "error", 1, mask=True),
    "float labels": Fault(labels_only(lambda a: a.astype(np.float32)), "float-labels", "note"),
    "probabilities": Fault(
        labels_only(lambda a: np.random.default_rng(0).random(a.shape).astype(np.float32)), "fractions", "error"
    ),
    "an offset of 32768": Fault(labels_only(lambda a: a + np.uint16(32768)), "offset", "error", None, True),
    "signed labels with an offset": Fault(
        labels_only(lambda a: (a.astype(np.int32) - 32768).astype(np.int16)), "offset", "error", None, True
    ),
    "-1 for unknown": Fault(labels_only(lambda a: np.where(a == 1, -1, a.astype(np.int32))), "negative", "error"),
    "class numbers with gaps": Fault(
        labels_only(lambda a: np.where(a > 0, 50 + 50 * (a.astype(int) % 2), 0).astype(np.uint8)),
        "class-gaps",
        "error",
        None,
        True,
    ),
    "a saturated image": Fault(images_only(saturated), "saturated", "warning", 1),
    "hot pixels": Fault(hot_pixels, "far-pixels", "warning", 1),
    "a constant image": Fault(images_only(np.zeros_like), "constant", "error", 1),
    "an image twice": Fault(again, "duplicates", "warning"),
    "an image twice with different labels": Fault(other_labels_again, "contradiction", "error"),
    "an empty label": Fault(one(np.zeros_like), "empty", "note", 1),
    "nothing labelled": Fault(labels_only(np.zeros_like), "nothing", "error"),
    "an image of noise": Fault(
        images_only(lambda a: np.random.default_rng(0).integers(0, 255, a.shape).astype(a.dtype)),
        "unrelated",
        "warning",
        1,
    ),
}
