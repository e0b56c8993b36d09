"""The index of cells says what a look at the whole annotation would say."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.index import Cell, CellIndex
from napari_cellseg.annotate.survey import survey
from scipy import ndimage

volumes = arrays.arrays(
    np.uint32, st.tuples(st.integers(1, 2), st.integers(1, 13), st.integers(1, 13)), elements=st.integers(0, 5)
)


def index_of(labels: np.ndarray, tile: int = 4) -> CellIndex:
    return CellIndex(labels.shape, lambda plane, box: labels[plane][box.slices], tile)


def check(index: CellIndex, labels: np.ndarray) -> None:
    """Compare with a look at everything."""
    cells = [Cell(z, int(n)) for z in range(len(labels)) for n in np.unique(labels[z]) if n > 1]
    assert index.cells() == cells
    assert index.count() == len(cells)
    assert index.annotated() == (labels > 0).sum()
    for cell in cells:
        own = labels[cell.plane] == cell.number
        rows, columns = ndimage.find_objects(own.astype(int))[0]
        assert index.box(cell) == PlaneBox(rows.start, columns.start, rows.stop, columns.stop)
        assert index.pixels(cell) == own.sum()


@given(volumes)
def test_it_finds_every_cell(labels):
    index = index_of(labels)
    assert list(index.build()) == list(range(1, index.total + 1))
    assert index.complete
    check(index, labels)


@given(volumes, st.data())
def test_it_follows_changed_windows_also_while_it_is_made(labels, data):
    labels = labels.copy()
    index = index_of(labels)
    made = index.build()
    for _ in range(3):
        next(made, None)
        top, left = (data.draw(st.integers(0, n - 1)) for n in labels.shape[1:])
        box = PlaneBox(top, left, min(top + 5, labels.shape[1]), min(left + 3, labels.shape[2]))
        plane = data.draw(st.integers(0, len(labels) - 1))
        labels[plane][box.slices] = data.draw(st.integers(0, 6))
        index.update(plane, box)
    for _ in made:
        pass
    check(index, labels)


@given(arrays.arrays(np.uint32, (6, 7), elements=st.integers(0, 3)))
def test_a_survey_counts_every_value(labels):
    found = survey(labels)
    assert {value: part.pixels for value, part in found.items()} == {
        int(n): int((labels == n).sum()) for n in np.unique(labels) if n
    }


def test_an_edit_reads_the_tiles_it_touches_and_no_others():
    labels = np.zeros((1, 40, 40), np.uint32)
    index = index_of(labels, 10)
    list(index.build())
    asked = []
    index._read = lambda plane, box: asked.append(box) or labels[plane][box.slices]
    labels[0, 12:14, 18:23] = 2
    index.update(0, PlaneBox(12, 18, 14, 23))
    assert not asked
    assert index.box(Cell(0, 2)) == PlaneBox(12, 18, 14, 23)
    assert sorted(asked) == [PlaneBox(10, 10, 20, 20), PlaneBox(10, 20, 20, 30)]
    assert index.touched(0, PlaneBox(11, 11, 12, 12))
    assert not index.touched(0, PlaneBox(30, 30, 40, 40))


def test_going_through_cells_round_and_round():
    labels = np.zeros((2, 8, 8), np.uint32)
    labels[0, 0, 0], labels[0, 5, 5], labels[1, 0, 0] = 9, 3, 3
    index = index_of(labels)
    assert index.neighbour(Cell(0, 2), 1) is None
    list(index.build())
    assert index.free_number() == 10
    assert index.neighbour(Cell(0, 0), 1) == Cell(0, 3)
    assert index.neighbour(Cell(0, 3), 1) == Cell(0, 9)
    assert index.neighbour(Cell(0, 9), 1) == Cell(1, 3)
    assert index.neighbour(Cell(1, 3), 1) == Cell(0, 3)
    assert index.neighbour(Cell(0, 3), -1) == Cell(1, 3)
    assert index.neighbour(Cell(1, 1), -1) == Cell(0, 9)
    assert index.box(Cell(1, 9)) is None


def test_an_empty_annotation_begins_with_two():
    index = index_of(np.ones((1, 5, 5), np.uint8))
    list(index.build())
    assert index.free_number() == 2
    assert index.count() == 0
    assert index.annotated(0) == 25
