"""Check of annotated images before a training: `cellseg check` and Python's `cellseg.check`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cellseg.labels.annotated import find_annotated_pairs
from cellseg.labels.arrays_or_paths import Given
from cellseg.labels.doctor.examine import ExamineProgress, examine
from cellseg.labels.doctor.finding import Finding, Report
from cellseg.labels.pairs import Pair
from cellseg.options import LabelOptions
from cellseg.training.admission import TrainingPairs, examination_of
from cellseg.training.estimate import margin_of
from cellseg.training.recipes import settings_for


def check(
    images: Given,
    labels: Given,
    *,
    annotated: Given | None = None,
    axes: str | None = None,
    scene: str | None = None,
    **options: Any,
) -> Report:
    """Report of the label doctor: meaning of the labels, and what is wrong with them.

    Args:
        images: as in `cellseg.train`: paths, or arrays (H, W) or (Z, H, W).
        labels: the same for the labels.
        annotated: masks, matched like labels: nonzero where somebody annotated.
        axes: of the images, such as CYX.
        scene: name or number of the image in each microscope's file that holds several.
        options: fields of LabelOptions: labels_are, foreground, ignore_label, background_label, ...

    Returns:
        The report; `usable` says whether a training takes the images, `findings` are errors, warnings and notes.

    Raises:
        InputError: a file is damaged, or images and labels do not fit.
        TypeError: something that is neither a path nor an array.
    """
    pairs = find_annotated_pairs(images, labels, annotated, axes=axes, scene=scene)
    *_, report = examined(pairs, LabelOptions(**options))
    assert isinstance(report, Report), "an examination ends with a report"
    return report


def examined(pairs: Sequence[Pair], options: LabelOptions) -> Iterator[ExamineProgress | Finding | Report]:
    """Examination of pairs for a training as `cellseg train` makes it by default; the last is the report."""
    usual = settings_for()
    margin = margin_of(usual.network)
    return examine(examination_of(TrainingPairs(pairs), options, usual.train.validation, margin=margin))
