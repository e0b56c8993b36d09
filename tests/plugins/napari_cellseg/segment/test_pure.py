"""What needs neither window nor network."""

from __future__ import annotations

import shlex

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.forms.words import quoted
from napari_cellseg.pixels import pyramid
from napari_cellseg.pixels.pyramid import Pyramid, kept_pictures, open_levels
from napari_cellseg.segment.annotation import with_predicted
from napari_cellseg.segment.command import predict_words
from napari_cellseg.segment.field import Field, seen_field

from cellseg.options import PredictOptions

# fields


@pytest.mark.parametrize(
    ("corners", "at", "shape", "wanted"),
    [
        (((10.2, 20.7), (30.1, 40)), (), (100, 200), Field(0, (10, 31), (20, 40))),
        (((-50, -50), (500, 500)), (), (100, 200), Field(0, (0, 100), (0, 200))),
        (((0, 0), (9, 9)), (1.4, 7), (2, 3, 100, 200), Field(5, (0, 9), (0, 9))),
        (((300, 300), (400, 400)), (), (100, 200), Field(0, (0, 100), (0, 200))),
        (((0, 0), (5000, 100)), (), (9000, 9000), Field(0, (1750, 3250), (0, 100))),
    ],
    ids=["part", "all", "plane of a stack", "nothing of it", "too large"],
)
def test_the_field_that_is_seen(corners, at, shape, wanted):
    assert seen_field(corners, at, shape) == wanted


def test_a_field_holds_regions_of_its_plane():
    field = Field(1, (10, 20), (10, 20))
    assert field.holds(1, (19, 30), (0, 11))
    assert not field.holds(1, (20, 30), (0, 11))
    assert not field.holds(0, (19, 30), (0, 11))


# pictures


@pytest.mark.parametrize(("height", "width", "tile"), [(1, 1, 20), (333, 401, 91), (256, 99, 128)])
def test_levels_are_the_picture_thinned_out_however_it_comes(tmp_path, monkeypatch, height, width, tile):
    monkeypatch.setattr(pyramid, "SINGLE", 100)
    picture = np.random.default_rng(0).integers(0, 255, (height, width)).astype(np.uint8)
    made = Pyramid(tmp_path / "p", (), height, width, np.uint8)
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            made.put(0, top, left, picture[top : top + tile, left : left + tile])
    levels = open_levels(tmp_path / "p")
    assert max(levels[-1].shape) <= 100
    for level, array in enumerate(levels):
        np.testing.assert_array_equal(array[:], picture[:: 2**level, :: 2**level])


def test_a_picture_goes_on_where_it_was_left(tmp_path):
    Pyramid(tmp_path / "p", (2,), 50, 60, np.uint8).put(1, 0, 0, np.ones((50, 60), np.uint8))
    assert Pyramid(tmp_path / "p", (2,), 50, 60, np.uint8).shown == {(1, 0, 0)}
    assert not Pyramid(tmp_path / "p", (1, 2), 50, 60, np.uint8).shown


# annotation


def test_cells_become_annotation_beside_what_is_there():
    cells = np.array([[0, 1, 1, 2]], np.uint32)
    new, taken = with_predicted(cells, np.zeros((1, 4), np.uint32), after=0)
    assert new.tolist() == [[1, 2, 2, 3]]
    assert (taken.ids, taken.pixels) == ({1, 2}, 4)
    new, taken = with_predicted(cells, np.array([[0, 0, 5, 1]], np.uint32), after=5)
    assert new.tolist() == [[1, 6, 5, 1]]
    assert taken.ids == {1}
    new, _ = with_predicted(cells, np.array([[0, 0, 5, 1]], np.uint32), after=0, replace=True)
    assert new.tolist() == [[1, 2, 2, 3]]
    new, taken = with_predicted(cells, np.array([[0, 0, 5, 1]], np.uint32), after=5, only=[1])
    assert new.tolist() == [[0, 6, 5, 1]]
    assert taken.pixels == 1


@given(st.data())
def test_existing_annotation_stays_and_cells_stay_apart(data):
    values = st.lists(st.integers(0, 4), min_size=12, max_size=12)
    cells, old = (np.array(data.draw(values), np.uint32) for _ in range(2))
    new, _ = with_predicted(cells, old, after=int(old.max()))
    assert (new[old > 0] == old[old > 0]).all()
    assert (new > 0).all()
    free = old == 0
    for k in np.unique(cells[free & (cells > 0)]):
        (number,) = np.unique(new[free & (cells == k)])
        assert set(cells[free & (new == number)]) == {k}
        assert number not in old


# command line


def test_the_command_says_what_is_not_as_by_default_and_is_quoted():
    options = PredictOptions(tile=512, threshold=0.45, split="watershed", object_diameter=12.0)
    words = predict_words("/runs/my run", "/im'age.tif", "out.tif", options, axes="ZYX")
    line = quoted(words, windows=False)
    assert shlex.split(line) == words
    assert "'/runs/my run'" in line
    flags = "--tile 512 --threshold 0.45 --split watershed --object-diameter 12.0 --axes ZYX"
    assert words[4:] == ["--out", "out.tif", *flags.split()]
    assert '"/runs/my run"' in quoted(words, windows=True)


def test_of_a_killed_numbering_the_one_before_comes_back(tmp_path):
    pictures = tmp_path / ".probabilities.tiles" / "pictures"
    made = {
        name: Pyramid(pictures / name, (2,), 5, 7, np.uint8) for name in ("cell", "cells-9", "cells-10", "cells-11")
    }
    for value, (name, picture) in enumerate(made.items()):
        picture.put(1, 0, 0, np.full((5, 7), value))
        if name in ("cells-9", "cells-10"):
            picture.finish()
    Pyramid(pictures / "uncertainty", (2,), 5, 7, np.uint8)
    (pictures / "uncertainty" / "0" / "zarr.json").write_text("damaged")
    found = {what: levels[0][1].max() for what, levels in kept_pictures(tmp_path)}
    assert found == {"probabilities": 0, "instances": 2}
    assert kept_pictures(tmp_path / "nothing") == []
