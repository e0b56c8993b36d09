"""From pairs of images and labels to what a training learns from and is judged by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.cutout import noted_greys
from cellseg.images.grey_values import CONTRAST, GreyRule, grey_rule, seen_pixels
from cellseg.images.rescale import nearest
from cellseg.labels.annotated import pairs_of_files, read_truth
from cellseg.labels.meaning import LabelPlane, Meaning
from cellseg.labels.pairs import Pair
from cellseg.metrics.candidates import areas_of, diameter_of
from cellseg.options import DataOptions, LabelOptions, Separate
from cellseg.preprocess.targets import count_classes, separated_classes
from cellseg.training.admission import TrainingPairs, admitted


@dataclass(frozen=True, slots=True)
class Annotated:
    """An image with its truth as the user drew it, for validation."""

    name: str
    image: NDArray[np.float32]
    truth: LabelPlane
    pixel_um: float | None = None
    """Width of a pixel, where the file says it."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Images to learn from, images held out, and what the labels mean.

    Attributes:
        training: images to learn from; the threshold is chosen on some of them.
        targets: their classes (H, W) uint8 as the network shall say them: touching cells of a class are separated.
        counts: (256,) known pixels per class over `targets`.
        validation: images held out.
        classes: number of classes, background included.
        kind: "instances", "classes" or "binary".
        digest: hash of all pixels and labels.
        replayed: how many of `training`, the last ones, are of an earlier training.
        old_validation: images of an earlier training that are held out.
        scale: how many times larger than its file each image and its truth are here.
        warnings: sentences on faults of the images and labels that do not prevent a training.
        notes: sentences on how labels of other programs were read.
    """

    training: tuple[Annotated, ...]
    targets: tuple[NDArray[np.uint8], ...]
    counts: NDArray[np.int64]
    validation: tuple[Annotated, ...]
    classes: int
    kind: str
    digest: str
    replayed: int = 0
    old_validation: tuple[Annotated, ...] = ()
    scale: float = 1.0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def new(self) -> tuple[Annotated, ...]:
        """Images to learn from without those of an earlier training."""
        return self.training[: len(self.training) - self.replayed]

    @property
    def held(self) -> tuple[Annotated, ...]:
        """All images held out."""
        return (*self.validation, *self.old_validation)


def find_training_pairs(where: DataOptions) -> TrainingPairs:
    """The pairs that the options name.

    Raises InputError where images have no labels, labels no images, or nothing was named.
    """
    if not where.images or not where.labels:
        raise InputError("--images and --labels are needed", "Give a TIFF stack, a folder or a glob for each.")
    new = _pairs(where.images, where.labels, where, where.annotated)
    return TrainingPairs(new, *further_pairs(where))


def further_pairs(where: DataOptions) -> tuple[Sequence[Pair], Sequence[Pair]]:
    """Pairs to validate on, and those of an earlier training; none where the options name none."""
    validation = _both("validation", where.validation_images, where.validation_labels, where)
    return validation, _both("replay", where.replay_images, where.replay_labels, where)


def _both(name: str, images: str | None, labels: str | None, where: DataOptions) -> Sequence[Pair]:
    if not images and not labels:
        return ()
    if not images or not labels:
        missing = "images" if labels else "labels"
        raise InputError(f"--{name}-{missing} is missing", "Give images and labels, or neither.")
    return _pairs(images, labels, where)


def _pairs(images: str, labels: str, where: DataOptions, annotated: str | None = None) -> list[Pair]:
    named = (where.images, where.labels, where.validation_images, where.validation_labels)
    others = (*named, where.annotated, where.replay_images, where.replay_labels)
    return pairs_of_files(images, labels, annotated, axes=where.axes or None, scene=where.scene, others=others)


def read_training_set(
    pairs: Sequence[Pair] | TrainingPairs,
    labels: LabelOptions,
    validation: float,
    magnify: Callable[[float], float] = lambda _: 1.0,
    separate: Separate | None = None,
    classes: int = 0,
    grey_values: str = CONTRAST,
) -> TrainingSet:
    """Read all pairs; the last of them are held out for validation, unless others are given for that.

    `magnify` says how many times larger all are made, by the median diameter of the cells in pixels; `separate` says
    between which cells the targets have a line; `classes` are those of the model that is gone on from; `grey_values` is
    the rule of `grey_rule`.

    Raises InputError as `admitted`, or where nothing is left to learn from.
    """
    found = pairs if isinstance(pairs, TrainingPairs) else TrainingPairs(pairs)
    report = admitted(found, labels, validation, classes=classes)
    kind = report.plan.kind
    opened = _Reading(kind, labels, grey_rule(grey_values))
    read = opened.all(found, 1.0)
    scale = magnify(diameter_of(image.truth.instances for some in read for image in some) if kind != "classes" else 0.0)
    new, given, old = read if scale == 1 else opened.all(found, scale)
    (new, held), (old, old_held) = map(_parted, (new, old), found.held(validation))
    training = [*new, *old]
    targets = tuple(separated_classes(a.truth.instances, a.truth.classes, a.truth.ignore, separate) for a in training)
    counts = count_classes((target, a.truth.ignore) for target, a in zip(targets, training, strict=True))
    if np.count_nonzero(counts) < 2:
        only = "the training labels hold only one class" if counts.any() else "nothing is annotated"
        raise InputError(only, "Annotate cells and background.", path=found.new[0].labels.name)
    return TrainingSet(
        training=tuple(training),
        targets=targets,
        counts=counts,
        validation=tuple(held or given),
        classes=max(int(np.flatnonzero(counts)[-1]) + 1, 2),
        kind=kind,
        digest=_digest([*training, *held, *given, *old_held]),
        replayed=len(old),
        old_validation=tuple(old_held),
        scale=scale,
        warnings=tuple(f"{f.found}. {f.remedy}".rstrip() for f in report.findings if f.severity == "warning"),
        notes=tuple(f.found for f in report.findings if f.code == "format"),
    )


def median_diameter(data: TrainingSet) -> float:
    """Diameter in pixels of a disc with the area of the median cell; 0 where there are no cells, but classes."""
    every = (*data.training, *data.held)
    return diameter_of(image.truth.instances for image in every) if data.classes == 2 else 0.0


def cell_areas(image: Annotated) -> NDArray[np.int64]:
    """Pixels of each cell."""
    return areas_of([image.truth.instances])


def _parted(images: Sequence[Annotated], held: int) -> tuple[list[Annotated], list[Annotated]]:
    return [*images[: len(images) - held]], [*images[len(images) - held :]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reading of images and labels: the meaning of labels, and the rule of grey values."""

    kind: Meaning
    labels: LabelOptions
    greys: GreyRule

    def all(self, pairs: TrainingPairs, times: float) -> list[list[Annotated]]:
        """All images and their truth, so many times larger."""
        return [[self.one(pair, times) for pair in some] for some in (pairs.new, pairs.validation, pairs.replay)]

    def one(self, pair: Pair, times: float) -> Annotated:
        """An image and its truth."""
        source, truth = pair.image, read_truth(pair, self.kind, self.labels)
        shape = max(1, round(source.height * times)), max(1, round(source.width * times))
        if times != 1:
            truth = LabelPlane(*(nearest(each, *shape) for each in (truth.instances, truth.classes, truth.ignore)))
        seen = seen_pixels(source, self.greys, *shape, noted_greys(source, self.greys))
        size = seen.pixel_size_um
        return Annotated(pair.name, seen.read(pair.image_plane), truth, size[1] if size else None)


def _digest(annotated: Sequence[Annotated]) -> str:
    found = hashlib.sha256()
    for a in annotated:
        for array in (a.image, a.truth.instances, a.truth.classes, a.truth.ignore):
            found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()
