"""What needs neither window nor network."""

from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.forms.words import quoted
from napari_cellseg.pixels import pyramid
from napari_cellseg.pixels.pyramid import Pyramid, corrections_of, kept_pictures, open_levels
from napari_cellseg.project.covered import numbers_of_covered
from napari_cellseg.project.folder import Project
from napari_cellseg.segment.annotation import with_predicted
from napari_cellseg.segment.batch import BatchProgress, batch_order
from napari_cellseg.segment.command import predict_words
from napari_cellseg.segment.field import Field, seen_field
from napari_cellseg.segment.take import planes_of_cell, take_over

import cellseg
from cellseg import InputError
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


DRAWN = {
    "a stroke in a cell": ("..1111..", "..33....", {1: 3}),
    "a stroke that leaves the cell a little": ("..1111.2", ".3333...", {1: 3}),
    "a stroke that strays into the next cell": ("11112222", ".3333...", {1: 3}),
    "a stroke through two pieces of one cell": ("11112222", "..3333..", {1: 3, 2: 3}),
    "two strokes in one found cell": ("11111111", ".33..44.", {1: 0}),
    "a piece of a whole cell": ("...111..", "33333...", {1: 3}),
    "cells that only touch": ("11..2222", "..33....", {}),
    "background is no cell": ("11112222", ".11.....", {}),
}


def drawn(line, times=1):
    return np.array([[int(value.replace(".", "0")) for value in line]] * times, np.uint32)


@pytest.mark.parametrize(("found", "old", "numbers"), DRAWN.values(), ids=DRAWN.keys())
def test_a_predicted_cell_takes_the_number_of_the_annotated_one_it_covers(found, old, numbers):
    found, old = drawn(found), drawn(old)
    assert numbers_of_covered([(found, old)]) == numbers
    halves = [(found[:, part], old[:, part]) for part in (slice(0, 4), slice(4, 8))]
    assert numbers_of_covered(halves) == numbers, "wherever the regions are cut"
    new, _ = with_predicted(found, old, after=int(old.max()), numbers=numbers)
    for k, number in numbers.items():
        assert set(new[(found == k) & (old == 0)].tolist()) <= {number}
    assert (new[old > 0] == old[old > 0]).all()


def test_strokes_and_the_cells_around_them_are_one_cell_each_in_every_plane(tmp_path):
    found = np.zeros((2, 600, 300), np.uint32)
    strokes = np.zeros_like(found)
    for k in range(5):  # numbers begin anew in each plane
        found[0, 100 * k + 10 : 100 * k + 90, 20:280] = k + 1
        found[1, 100 * k + 40 : 100 * k + 95, 20:280] = k + 1
        strokes[0, 100 * k + 50, 100:200] = 7 - k
    cellseg.write_stack(tmp_path / "a.tif", np.zeros(found.shape, np.uint8))
    project = Project.create(tmp_path / "project", [tmp_path / "a.tif"])
    labels = project.labels(project.images[0])
    labels[...] = strokes
    layer = SimpleNamespace(data=found, multiscale=False, metadata={"cellseg": {"image": "a"}})
    taken = take_over(project, layer, "image", Field(0, (0, 600), (0, 300)), replace=False)
    assert (taken.left_out, taken.ids) == (0, {1, 2, 3, 4, 5})
    for k in range(1, 6):
        assert set(labels[0][found[0] == k].tolist()) == {8 - k}
        assert set(labels[1][found[1] == k].tolist()) == {7 + k}


def test_the_selected_cell_alone_is_that_of_the_plane_that_is_seen(tmp_path):
    """In a stack whose planes are numbered each by itself, a number is another cell in another plane."""
    found = np.zeros((4, 60, 60), np.uint32)
    found[0, 40:50, 40:50] = found[1, 5:15, 5:15] = found[2, 6:16, 5:15] = found[3, 30:40, 30:40] = 1
    assert planes_of_cell(found, 1, 1) == [1, 2]
    assert planes_of_cell(found, 1, 0) == [0]
    cellseg.write_stack(tmp_path / "a.tif", np.zeros(found.shape, np.uint8))
    project = Project.create(tmp_path / "work", [tmp_path / "a.tif"])
    layer = SimpleNamespace(data=found, multiscale=False, selected_label=1, metadata={"cellseg": {"image": "a"}})
    take_over(project, layer, "cell", Field(1, (0, 60), (0, 60)), replace=False)
    annotated = project.labels(project.images[0])[...]
    np.testing.assert_array_equal(annotated > 0, (found > 0) & (np.arange(4) % 3 > 0)[:, None, None])


def test_many_images_are_one_command_with_one_table(tmp_path):
    orders = [{"model": "nuclei", "image": f"/images/t{number}.tif", "axes": "", "channel": ""} for number in range(3)]
    order = batch_order(orders, tmp_path, PredictOptions(threshold=0.4))
    images = ["/images/t0.tif", "/images/t1.tif", "/images/t2.tif"]
    assert order.words[:5] == ("predict", "nuclei", *images)
    assert order.words[5:] == (
        *("--out", str(tmp_path), "--threshold", "0.4"),
        *("--table", str(tmp_path / "cells.csv"), "--report", str(tmp_path / "report.html"), "--overwrite"),
    )
    with pytest.raises(InputError, match="different axes"):
        batch_order([*orders, {**orders[0], "axes": "TYX"}], tmp_path, PredictOptions())
    progress = BatchProgress(3)
    page = f"wrote {tmp_path}/report.html: open it in a browser"
    table = f"wrote {tmp_path}/cells.csv: 7 cells"
    for line in (f"wrote {tmp_path}/t0.tif", "no result: t1.tif: is damaged", table, page):
        progress.hear(line)
    assert progress.done == 2
    assert progress.words(tmp_path, running=True) == "2 of 3 images"
    assert progress.words(tmp_path, running=False).endswith("without a result: t1.tif: is damaged")
    assert progress.result_of(Path("/images/t0.tif")) == tmp_path / "t0.tif"
    assert progress.result_of(Path("/images/t1.tif")) is None


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
    found = [(kept.role, kept.levels[0][1].max()) for kept in kept_pictures(tmp_path)]
    assert found == [("probabilities", 0), ("instances", 2)]
    corrections_of(pictures / "cells-9").mkdir()
    assert [kept.folder.name for kept in kept_pictures(tmp_path)] == ["cell", "cells-9", "cells-10"]
    assert kept_pictures(tmp_path / "nothing") == []
