"""From pairs of images and labels to what a training learns from and is judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.annotated import read_truth
from cellseg.images.labels import Kind, LabelPlane
from cellseg.images.normalise import apply, measure
from cellseg.images.pairs import Pair
from cellseg.images.read_labels import kind_of
from cellseg.options import LabelOptions
from cellseg.preprocess.targets import count_classes, separated_classes


@dataclass(frozen=True, slots=True)
class Annotated:
    """An image with its truth as the user drew it, for validation."""

    name: str
    image: NDArray[np.float32]
    truth: LabelPlane


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Images to learn from, images held out, and what the labels mean.

    Attributes:
        training: images to learn from; the threshold is chosen on some of them.
        targets: their classes (H, W) uint8 as the network shall say them: touching cells are separated.
        counts: (256,) known pixels per class over `targets`.
        validation: images held out.
        classes: number of classes, background included.
        kind: "instances", "classes" or "binary".
        digest: hash of all pixels and labels.
    """

    training: tuple[Annotated, ...]
    targets: tuple[NDArray[np.uint8], ...]
    counts: NDArray[np.int64]
    validation: tuple[Annotated, ...]
    classes: int
    kind: str
    digest: str


def read_training_set(pairs: Sequence[Pair], labels: LabelOptions, validation: float) -> TrainingSet:
    """Read all pairs; the last of them are held out for validation.

    Raises InputError where labels cannot be understood, a channel count differs, or nothing is left to learn from.
    """
    held = held_out(len(pairs), validation)
    _check_channels(pairs)
    kind = kind_of([(pair.labels, pair.label_plane) for pair in pairs], labels)
    annotated = [_annotated(pair, kind, labels) for pair in pairs]
    training, validating = annotated[: len(pairs) - held], annotated[len(pairs) - held :]
    targets = tuple(separated_classes(a.truth.instances, a.truth.classes, a.truth.ignore) for a in training)
    counts = count_classes((target, a.truth.ignore) for target, a in zip(targets, training, strict=True))
    if np.count_nonzero(counts) < 2:
        only = "the training labels hold only one class" if counts.any() else "nothing is annotated"
        raise InputError(only, "Annotate cells and background.", path=pairs[0].labels.name)
    return TrainingSet(
        training=tuple(training),
        targets=targets,
        counts=counts,
        validation=tuple(validating),
        classes=max(int(np.flatnonzero(counts)[-1]) + 1, 2),
        kind=kind,
        digest=_digest(annotated),
    )


def held_out(count: int, validation: float) -> int:
    """How many of `count` images are held out: a part of them (at least one of four or more) or a number."""
    if validation >= 1:
        held = int(validation)
        if held >= count:
            raise InputError(f"--validation {held} of {count} images leaves none to learn from", "Choose fewer.")
        return held
    return max(round(count * validation), 1 if validation and count >= 4 else 0)


def _annotated(pair: Pair, kind: Kind, labels: LabelOptions) -> Annotated:
    image = apply(pair.image.read(pair.image_plane), measure(pair.image, pair.image_plane))
    return Annotated(pair.name, image, read_truth(pair, kind, labels))


def _check_channels(pairs: Sequence[Pair]) -> None:
    wanted = pairs[0].image.channels
    for pair in pairs:
        if pair.image.channels != wanted:
            raise InputError(
                f"has {pair.image.channels} channels, {pairs[0].image.name} has {wanted}",
                "All images must have the same channels.",
                path=pair.image.name,
            )


def _digest(annotated: Sequence[Annotated]) -> str:
    found = hashlib.sha256()
    for a in annotated:
        for array in (a.image, a.truth.instances, a.truth.classes, a.truth.ignore):
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
