"""Edits are steps of napari's history, and what is known of the cells follows it; no window is open."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari.components import ViewerModel
from napari.layers import Labels
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.edits import changes, relabel
from napari_cellseg.annotate.index import Cell
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.napari_private import can_show_windows
from napari_cellseg.project.palette import annotation_colormap

import cellseg


def opened(shape: tuple[int, ...] = (2, 12, 14)) -> AnnotatedLayer:
    layer = Labels(np.zeros(shape, np.uint32), colormap=annotation_colormap())
    target = AnnotatedLayer(layer)
    list(target.index.build())
    return target


def known(target: AnnotatedLayer) -> dict[Cell, int]:
    return {cell: target.index.pixels(cell) for cell in target.index.cells()}


def there(target: AnnotatedLayer) -> dict[Cell, int]:
    """The same, from a look at everything."""
    values = np.asarray(target.layer.data).reshape(target.shape)
    return {
        Cell(z, int(n)): int((values[z] == n).sum()) for z in range(len(values)) for n in np.unique(values[z]) if n > 1
    }


steps = st.lists(
    st.tuples(st.sampled_from(["paint", "polygon", "edit", "undo", "redo", "napari"]), st.integers(0, 11)), max_size=12
)


@given(steps)
def test_the_index_follows_strokes_edits_undo_and_redo(actions):
    target = opened()
    before = [target.layer.data.copy()]
    for action, n in actions:
        if action == "paint":
            target.layer.paint((n % 2, n, n), n % 5)
        elif action == "polygon":
            target.layer.paint_polygon(np.array([(n % 2, 1, 1), (n % 2, 9, n), (n % 2, n, 9)]), n % 5)
        elif action == "edit":
            box = PlaneBox(0, 0, *target.shape[1:])
            window = target.read(0, box)
            target.apply(0, [changes(window, relabel(window, n % 5, 3), box)])
        elif action == "napari":
            target.layer.undo()
        else:
            getattr(target, action)()
        assert known(target) == there(target)
        shown = target.layer._slice.image
        assert (shown.raw == target.layer.data[0]).all()
        assert (shown.view == target.layer.data[0]).all()
    while target.can_undo:
        target.undo()
    assert (target.layer.data == before[0]).all()


def test_several_edits_are_one_step():
    target = opened((12, 14))
    rows, columns = np.array([1, 2]), np.array([3, 4])
    assert target.apply(0, [changes_at(rows, columns, 2), changes_at(rows + 5, columns, 3)])
    assert known(target) == {Cell(0, 2): 2, Cell(0, 3): 2}
    target.undo()
    assert not target.layer.data.any()
    target.redo()
    assert known(target) == {Cell(0, 2): 2, Cell(0, 3): 2}
    assert not target.apply(0, [])


def changes_at(rows, columns, value):
    from napari_cellseg.annotate.edits import Changes

    return Changes(rows, columns, np.full(len(rows), value, np.uint32))


def test_what_undo_is_shown_with_is_there():
    """A version of napari without it works, too, but is slow on large planes: then this is to be looked at."""
    assert can_show_windows(opened().layer)


def test_the_plane_that_is_seen():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((3, 4, 12, 14)), scale=(1, 2, 0.5, 0.5))
    layer = viewer.add_labels(np.zeros((4, 12, 14), np.uint8), scale=(2, 0.5, 0.5))
    target = AnnotatedLayer(layer)
    viewer.dims.set_point((0, 1), (1, 6))
    assert target.plane(viewer.dims) == 3
    assert target.position(3, 4, 6).tolist() == [6, 2, 3]
    assert target.pixel((0, 6, 2, 3)) == (4, 6)
    viewer.dims.ndisplay = 3
    with pytest.raises(cellseg.InputError, match="3-D"):
        target.plane(viewer.dims)


def test_labels_of_several_scales_are_refused():
    layer = Labels([np.zeros((64, 64), np.uint8), np.zeros((32, 32), np.uint8)])
    with pytest.raises(cellseg.InputError, match="painted"):
        AnnotatedLayer(layer)


def test_new_data_and_what_others_wrote_are_read_anew():
    target = opened((12, 14))
    target.layer.data = np.full((6, 7), 2, np.uint32)
    list(target.index.build())
    assert known(target) == {Cell(0, 2): 42}
    target.layer.data[0] = 5
    target.reset()
    list(target.index.build())
    assert known(target) == there(target)
