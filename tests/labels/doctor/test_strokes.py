"""Strokes of several numbers may be of cells or of classes: what they were taken for is never silent."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.labels.pairs import find_pairs
from tests.labels.doctor.conftest import report_on

SIDE = 96
CODE = "cells-or-classes"
STROKES = {"ignore_label": 0, "background_label": 1}


@pytest.fixture
def painted(tmp_path):
    """Write an image of 3 x 3 bright cells and strokes in lines, 0 elsewhere; `number` of each cell (0 to 8)."""

    def make(number, every=6):
        image, strokes = np.full((SIDE, SIDE), 40, np.uint8), np.ones((SIDE, SIDE), np.uint16)
        for cell in range(9):
            y, x = 8 + 30 * (cell // 3), 8 + 30 * (cell % 3)
            image[y : y + 20, x : x + 20], strokes[y : y + 20, x : x + 20] = 160, number(cell)
        strokes[np.arange(SIDE) % every > 0] = 0
        noise = np.random.default_rng(0).integers(0, 9, image.shape, np.uint8)
        tifffile.imwrite(tmp_path / "image.tif", image + noise)
        tifffile.imwrite(tmp_path / "labels.tif", strokes)
        return tmp_path / "image.tif", tmp_path / "labels.tif"

    return make


def told(files, **options):
    report = report_on(find_pairs(*files), **options)
    return report.plan.kind, [finding.found for finding in report.findings if finding.code == CODE]


@pytest.mark.parametrize(
    ("number", "every", "kind", "words"),
    [
        (lambda cell: 2 + cell, 6, "classes", "strokes of 9 numbers, taken for classes"),
        (lambda cell: 2 + cell, 15, "instances", "strokes of 9 numbers, taken for cells"),
        (lambda cell: 2 + cell % 2, 6, "classes", "strokes of 2 numbers, taken for classes"),
    ],
)
def test_what_strokes_were_taken_for_is_said(painted, number, every, kind, words):
    found, said = told(painted(number, every), **STROKES)
    assert found == kind
    assert len(said) == 1
    assert words in said[0]


@pytest.mark.parametrize(
    ("number", "every", "options"),
    [
        (lambda cell: 2 + cell, 6, {**STROKES, "labels_are": "instances"}),
        (lambda cell: 2 + cell % 2, 6, {**STROKES, "labels_are": "classes"}),
        (lambda _: 2, 6, STROKES),
        (lambda cell: 2 + cell, 1, STROKES),
    ],
    ids=["said to be cells", "said to be classes", "a mask", "most pixels annotated"],
)
def test_nothing_is_said_where_nothing_is_unclear(painted, number, every, options):
    assert told(painted(number, every), **options)[1] == []


def test_labels_with_classes_in_a_table_are_cells(painted):
    files = painted(lambda cell: 2 + cell)
    cellseg.CellClasses(("a",), np.array([[0, 2, 1]])).write_beside(files[1])
    assert told(files, **STROKES) == ("instances", [])
