"""Prediction and truth as arrays that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.evaluation.cases import Case, Planes, predicted_planes
from cellseg.images.source import ImageSource
from cellseg.inference.instances import label_instances
from cellseg.labels.meaning import Meaning, interpret, read_grey, read_values
from cellseg.labels.read import kind_of
from cellseg.labels.results import all_hold, refuse_as_probabilities
from cellseg.labels.values import IGNORED, plain_values, told, values_in
from cellseg.metrics import annotated_only, inside_field
from cellseg.metrics.components import bool_instances
from cellseg.metrics.inputs import check_labels
from cellseg.metrics.scores import ComparedPair
from cellseg.options import EvaluateOptions, LabelOptions

EVERY_VALUE = LabelOptions()
THRESHOLD = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """Ground truth of an image; arrays (H, W) or (Z, H, W), None where there are only markers."""

    name: str
    border: int
    """Strip at the edge that does not count, in pixels."""
    labels: tuple[Array, Array, Array] | None
    """Cells, class of each pixel, ignored pixels."""
    markers: Array | None
    """A mark on every cell, None where there are none."""

    @property
    def cells(self) -> Array | None:
        """The cells of the truth."""
        return None if self.labels is None else self.labels[0]

    @property
    def cells_that_count(self) -> Array:
        """The cells that do not lie wholly in the strip; there must be labels."""
        assert self.labels is not None
        return inside_field(self.labels[0], self.border)

    @property
    def markers_that_count(self) -> Array | None:
        """The markers that do not lie wholly in the strip."""
        return None if self.markers is None else inside_field(self.markers, self.border)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reader of all cases of an evaluation."""

    prediction: Meaning | None
    """What the prediction's values mean; None: they are probabilities."""
    truth: Meaning
    options: EvaluateOptions
    labels: LabelOptions
    """How the truth is read. Of the prediction every value counts, and what is not 0 is a cell."""

    def read(self, case: Case) -> ComparedPair:
        """The arrays of a case, without what does not count.

        Raises:
            InputError: values that are no labels or probabilities, or different sizes.
        """
        return self.compare(self.read_truth(case), *self._predicted(case.prediction))

    def read_truth(self, case: Case) -> Truth:
        """All that is known of a case."""
        border = case.border if self.options.border is None else self.options.border
        markers = None if case.markers is None else _cells(case.markers, EVERY_VALUE)[0]
        labels = None if case.truth is None else _labels(case.truth, self.truth, self.labels)
        return Truth(case.name, border, labels, markers)

    def compare(self, truth: Truth, predicted: Array, classes: Array) -> ComparedPair:
        """Predicted cells and their classes (H, W) or (Z, H, W) beside the truth, without what does not count."""
        check_sizes(truth, predicted)
        if truth.labels is None:
            return ComparedPair(inside_field(predicted, truth.border), None, markers=truth.markers_that_count)
        true, markers, partial = truth.cells_that_count, truth.markers_that_count, self.is_partial(truth)
        _, true_classes, ignored = truth.labels
        known = inside_field(np.where(ignored, 0, predicted), truth.border)
        counts = annotated_only(known, true) if partial else known
        several = self.truth == "classes"
        return ComparedPair(
            counts,
            true,
            prediction_classes=np.where(counts > 0, classes, 0) if several else None,
            truth_classes=np.where(true > 0, true_classes, 0) if several else None,
            markers=markers,
            marked_prediction=known,
            partial=partial,
        )

    def _predicted(self, planes: Planes) -> tuple[Array, Array]:
        """Cells of a size that counts, and the class of each pixel."""
        smallest = self.options.minimum_size or 0
        if self.prediction is not None:
            cells, classes, _ = _labels(planes, self.prediction, EVERY_VALUE)
            return without_small(cells, smallest), classes
        if planes.source.channels > 1:
            classes = _stack(planes, lambda source, k: source.read(k).argmax(axis=0))
            return without_small(_regions(classes), smallest), classes
        mask = read_probability(planes) >= (THRESHOLD if self.options.threshold is None else self.options.threshold)
        return without_small(components(mask), smallest), mask

    def in_words(self) -> str:
        """Meanings that were assumed for prediction and ground truth."""
        words = {"instances": "numbered cells", "binary": "a mask of cells", "classes": "classes"}
        prediction = words[self.prediction] if self.prediction else "probabilities"
        return f"the prediction is {prediction}, the truth {words[self.truth]}"

    def is_partial(self, truth: Truth) -> bool:
        """True if some cells are not annotated: said so, or there is a marker without a cell."""
        markers = truth.markers_that_count
        if self.options.truth_is is not None or markers is None:
            return self.options.truth_is == "partial"
        return bool(np.setdiff1d(markers, markers[truth.cells_that_count > 0]).any())


def make_reader(cases: Sequence[Case], options: EvaluateOptions, labels: LabelOptions) -> Reader:
    """Find out what the values of predictions and truths mean, over all of them.

    Raises:
        InputError: values that are no labels, or classes on one side and cells on the other.
    """
    found = predicted_planes(cases)
    truth = kind_of_truth(cases, labels)
    said = LabelOptions(labels_are=labels.labels_are)
    prediction = None if options.threshold is not None or are_probabilities(found) else kind_of(found, said)
    if truth == "classes" and prediction == "instances":
        raise InputError(
            "the prediction numbers cells and the truth holds classes", "Say with --labels-are what they are."
        )
    return Reader(prediction, truth, options, labels)


def kind_of_truth(cases: Sequence[Case], labels: LabelOptions) -> Meaning:
    """Meaning of the values of the ground truths, over all of them."""
    truths = [plane for case in cases if case.truth is not None for plane in case.truth.each]
    return kind_of(truths, labels) if truths else "instances"


def are_probabilities(planes: Sequence[tuple[ImageSource, int]]) -> bool:
    """True if the values are floating-point numbers from 0 to 1, or several channels, or their files say so."""
    if all_hold((source for source, _ in planes), "probabilities"):
        return True
    if planes[0][0].dtype.kind != "f":
        return False
    return all(source.channels > 1 or float(source.read(k).max()) <= 1 for source, k in planes)


def read_probability(planes: Planes) -> NDArray[np.float32]:
    """Foreground probability 0 to 1, (H, W) or (Z, H, W); whole numbers count as 0 to 255.

    Raises:
        InputError: several channels, or values that are no probabilities.
    """
    return np.asarray(_stack(planes, _probability), dtype=np.float32)


def without_small(cells: Array, minimum_size: int) -> Array:
    """Cells (any shape) of so many pixels or more; numbers stay."""
    if minimum_size <= 1:
        return cells
    numbers, index, areas = np.unique(cells, return_inverse=True, return_counts=True)
    return np.where(areas >= minimum_size, numbers, 0)[index].reshape(cells.shape)


def _probability(source: ImageSource, plane: int) -> Array:
    refuse_as_probabilities(source)
    values = read_grey(source, plane)
    scaled = values.astype(np.float32) / np.float32(1 if values.dtype.kind == "f" else 255)
    low, high = float(scaled.min()), float(scaled.max())
    if not 0 <= low <= high <= 1:  # also where one is NaN
        found = f"holds values from {values.min():g} to {values.max():g}, where probabilities are 0 to 1"
        raise InputError(f"{found} (or 0 to 255)", "Write them with --result probabilities.", path=source.path)
    return scaled


def _labels(planes: Planes, kind: Meaning, options: LabelOptions) -> tuple[Array, Array, Array]:
    """Cells, with the numbers of the file where it numbers them; class of each pixel; ignored pixels."""
    cells, ignored = _cells(planes, options)
    if kind == "instances":
        return cells, cells > 0, ignored
    path = planes.source.path
    classes = _stack(planes, lambda source, k: interpret(read_values(source, k), kind, options, path=path).classes)
    return _regions(classes), classes, ignored


def _cells(planes: Planes, options: LabelOptions) -> tuple[Array, Array]:
    """The values of a label image, 0 where they are ignored; ignored pixels."""
    values = _stack(planes, lambda source, k: _whole_numbers(source, k, options))
    ignored = values == IGNORED
    return np.where(ignored, 0, values), ignored


def _whole_numbers(source: ImageSource, plane: int, options: LabelOptions) -> Array:
    """Labels of a plane as they are meant; files alone can have been blurred by what saved them."""
    values = read_values(source, plane)
    if source.path is not None or values.dtype.kind not in "ui":
        return plain_values(values, options, source.path)
    plain = told(values.astype(np.int64), options)
    check_labels(source.name, np.where(plain == IGNORED, 0, plain))
    return plain


def components(mask: NDArray[np.bool_]) -> Array:
    """Connected components of a mask by edges, 4-connected (H, W) or 6-connected (Z, H, W), numbered from 1."""
    return label_instances(mask) if mask.ndim == 2 else bool_instances(mask)


def _regions(classes: Array) -> Array:
    """Connected regions of equal class, numbered class by class."""
    cells = np.zeros(classes.shape, np.int64)
    for number in values_in(classes):
        if number:
            regions = components(classes == number)
            cells += np.where(regions > 0, regions + cells.max(), 0)
    return cells


def _stack(planes: Planes, read: Callable[[ImageSource, int], Array]) -> Array:
    """One plane as (H, W), several as (Z, H, W)."""
    found = [read(planes.source, k) for k in planes.numbers]
    return found[0] if len(found) == 1 else np.stack(found)


def check_sizes(truth: Truth, predicted: Array) -> None:
    """InputError where prediction and truth do not show the same pixels."""
    for known in (truth.cells, truth.markers):
        if known is not None and known.shape != predicted.shape:
            found = f"the result is {_size(predicted)} and the truth {_size(known)}"
            raise InputError(found, "They must show the same pixels.", path=truth.name)


def _size(array: Array) -> str:
    return " x ".join(map(str, array.shape))
