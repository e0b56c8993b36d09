"""Strokes of several values, which number classes in ilastik and Labkit and cells elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from cellseg.labels.doctor.counts import PlaneValues, total
from cellseg.labels.doctor.finding import Finding
from cellseg.labels.meaning import MOST_CLASSES_DETECTED, Meaning

ANNOTATED = 0.5
"""Part of the pixels below which somebody annotated strokes, and not the cells."""
TAKEN_FOR = {"instances": "cells, each with its own", "classes": "classes"}


def judge_strokes(planes: Sequence[PlaneValues], kind: Meaning, pixels: int) -> list[Finding]:
    """Warning where labels are strokes that may number cells as well as classes, and nobody says which.

    A cell of several strokes looks like a class, and a class of one or two like a cell.

    Args:
        planes: values of the set.
        kind: what they were taken for, by how they look.
        pixels: of all planes together, annotated or not.
    """
    counts = total(plane.counts for plane in planes)
    if kind == "binary" or len(counts) > MOST_CLASSES_DETECTED or counts.total() >= ANNOTATED * pixels:
        return []
    labels = sum(value != 0 for value in counts)
    said = f"the labels are strokes of {labels} numbers, taken for {TAKEN_FOR[kind]}: strokes do not tell the two apart"
    remedy = (
        "Say --labels-are classes if a number is a kind of cell, as in ilastik and Labkit, instances if it is a cell."
    )
    return [Finding("cells-or-classes", "warning", (), said, remedy)]
