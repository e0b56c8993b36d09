"""Scores of predictions: one iterator for the command line, the window and Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, cast

from cellseg.evaluation.cases import Case, array_cases, find_cases, sequence_of
from cellseg.evaluation.reading import Reader, make_reader
from cellseg.images.listing import Paths
from cellseg.labels.arrays_or_paths import Given, are_paths
from cellseg.labels.cell_classes import classes_file, is_classes_file
from cellseg.metrics import object_table
from cellseg.metrics.objects import ObjectRow
from cellseg.metrics.scores import ComparedPair, Counts, by_class, parse_names, score
from cellseg.options import EvaluateOptions, LabelOptions

DEFAULT = "pixel_error,v_rand,v_info,iou,average_precision"
"""Metrics that are taken where none are named."""


@dataclass(frozen=True, slots=True, eq=False)
class ImageScores:
    """The metrics of one image."""

    name: str
    """File name of the prediction, with folders where two are alike; of several planes with the number: a.tif[3]."""
    values: dict[str, float]
    """By metric, in the order asked for; of classes also `iou[2]`. What is not defined is nan or missing."""
    counts: Counts
    """The counts of the image, by which it takes part in the pooled metrics of all."""
    partial: bool
    """Whether predicted cells were left out because only some true ones are annotated."""
    asked: tuple[str, ...]
    """The metrics that were asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The plan of an evaluation: which images, how they are read, and which metrics are taken."""

    cases: tuple[Case, ...]
    reader: Reader
    names: tuple[str, ...]

    @property
    def has_classes_of_cells(self) -> bool:
        """Cells of prediction and truth have classes in tables beside the files; no metric knows these."""
        numbered = self.reader.prediction == self.reader.truth == "instances"
        return numbered and any(map(_has_tables, self.cases))

    def scores(self) -> Iterator[ImageScores]:
        """The scores of each image; reads one at a time.

        Raises:
            InputError: values that are no labels or probabilities, or different sizes.
        """
        for case in self.cases:
            compared = self.reader.read(case)
            found = score(compared, self.names, volume=self.reader.options.volume)
            yield ImageScores(case.name, found.values, found.counts, compared.partial, self.names)

    def objects(self) -> Iterator[tuple[str, int, ObjectRow]]:
        """Image, class (0 where labels number cells) and object, for every object of both sides."""
        for case in self.cases:
            for number, row in object_rows(self.reader.read(case)):
                yield case.name, number, row


def evaluate(
    prediction: Given, truth: Given, metrics: str | Sequence[str] = DEFAULT, *, planes: str = "", **options: Any
) -> Iterator[ImageScores]:
    """Score a prediction against the ground truth, image by image.

    Args:
        prediction: a TIFF, a folder or a glob: numbered cells, classes, a mask, or probabilities; or the CTC's 01_RES.
            Or an array (H, W) or (Z, H, W) of these, taken plane by plane unless `volume`; or several of these.
        truth: the same, matched by page or by name; or the CTC's 01_GT or 01_ST, matched by frame.
        metrics: em, cells, or names; f1@0.75 is F1 at an IoU of 0.75.
        planes: only some of the pairs, such as 20:24 (from 0, the last excluded).
        options: fields of EvaluateOptions and LabelOptions: threshold, minimum_size, volume, truth_is, border,
            labels_are, foreground, ignore_label.

    Yields:
        The scores of each image; `cellseg.summarise` has their mean and the pooled metrics.

    Raises, before the first image:
        InputError: no such metric or option, nothing there, or a partner is missing.
        TypeError: something that is neither a path nor an array, or one of each.
    """
    names = parse_names(metrics if isinstance(metrics, str) else ",".join(metrics))
    labels, others = _options(options)
    return plan_evaluation(_cases(prediction, truth, planes, others), truth, names, others, labels).scores()


def object_rows(compared: ComparedPair) -> Iterator[tuple[int, ObjectRow]]:
    """Class and object, for every object of prediction and truth; none where the truth has only markers."""
    if compared.truth is not None:
        for number, predicted, true in by_class(compared, compared.truth):
            yield from ((number, row) for row in object_table(predicted, true))


def plan_evaluation(
    cases: Sequence[Case], truth: Given, names: tuple[str, ...], options: EvaluateOptions, labels: LabelOptions
) -> Evaluation:
    """Find out how the cases are read; frames that have only markers are kept for `det` alone.

    Raises:
        InputError: values that are no labels, or classes on one side and cells on the other.
    """
    if "det" not in names:
        cases = [case for case in cases if case.truth is not None]
    return Evaluation(tuple(cases), make_reader(cases, options, labels_of(truth, labels)), names)


def labels_of(truth: Given, labels: LabelOptions) -> LabelOptions:
    """Reading of the ground truth: that of the Cell Tracking Challenge numbers cells."""
    numbered = labels.labels_are is None and sequence_of(truth) is not None
    return replace(labels, labels_are="instances") if numbered else labels


def rows_of(scores: Sequence[ImageScores]) -> Mapping[str, dict[str, float]]:
    """The values of each image by its name."""
    return {one.name: one.values for one in scores}


def _has_tables(case: Case) -> bool:
    paths = [source.path for source in case.sources]
    return len(paths) == 2 and all(path is not None and is_classes_file(classes_file(path)) for path in paths)


def _options(given: Mapping[str, Any]) -> tuple[LabelOptions, EvaluateOptions]:
    ours = {field.name for field in fields(LabelOptions)}
    others = {name: value for name, value in given.items() if name not in ours}
    return LabelOptions(**{name: given[name] for name in given.keys() - others.keys()}), EvaluateOptions(**others)


def _cases(prediction: Given, truth: Given, planes: str, options: EvaluateOptions) -> list[Case]:
    files = are_paths(prediction, "prediction"), are_paths(truth, "truth")
    if len(set(files)) > 1:
        raise TypeError("prediction and truth must both be arrays, or both be paths")
    if not all(files):
        return array_cases(prediction, truth, planes, options.volume)
    return find_cases(cast(Paths, prediction), cast(Paths, truth), planes, options.volume)
