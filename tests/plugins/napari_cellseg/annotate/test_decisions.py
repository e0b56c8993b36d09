"""The review queue without a window: the next one, decisions that are kept, and back."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels
from napari_cellseg.annotate.decisions import ACCEPTED, MENDED, ReviewDecisions
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.reviewing import NOTHING, Reviewing, words_of_place
from napari_cellseg.project import chunks
from napari_cellseg.project.store import open_store

from cellseg import InputError


class Tasks:
    """Does everything at once."""

    def run(self, do, then, failed):
        then(do())


@pytest.fixture
def store(tmp_path):
    """Six cells of a size, and two that touch the border, one of them in the second plane."""
    chunks.create(tmp_path / "cells.zarr", (2, 80, 120), {})
    made = open_store(tmp_path / "cells.zarr")
    cells = np.zeros((2, 80, 120), np.uint32)
    for k in range(6):
        cells[:, 20:30, 15 * k + 5 : 15 * k + 15] = k + 1
    cells[0, :10, 40:50], cells[1, 70:, 40:50] = 7, 8
    made[...] = cells
    return made


def test_one_after_the_other_and_back(store):
    target = AnnotatedLayer(Labels(store, metadata={"cellseg": {"what": "instances"}}))
    review, shown = Reviewing(Tasks(), pytest.fail), []

    def step():
        review.step(target, 0, None, shown.append)
        return shown[-1]

    with pytest.raises(InputError, match="nothing was decided"):
        review.back(target)
    assert step().key == (0, 7)
    assert "in no neighbouring plane, cut by the border" in words_of_place(shown[-1], 0)
    store[0, 0, 45] = 0  # mended
    assert step().key == (1, 8)
    assert step() is None
    assert words_of_place(None, review.decided) == f"{NOTHING} 2 looked at."
    kept = ReviewDecisions(store.folder.with_name("cells.zarr.review.json"))
    assert [(made.cell, made.decision) for made in kept._made] == [(7, MENDED), (8, ACCEPTED)]
    assert review.back(target) == (1, 8)
    assert step().key == (1, 8)
    again = Reviewing(Tasks(), pytest.fail)  # another window
    again.step(target, 0, None, shown.append)
    assert shown[-1].key == (1, 8)
