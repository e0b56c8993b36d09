"""What is cell, background and unknown in a partly annotated frame."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.images.open import open_image
from cellseg.labels.ctc.frames import frames
from cellseg.labels.ctc.truth import annotate, rim_distance, strip_width


def draw(text):
    """(H, W) uint16; a digit is a cell, a dot nothing."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in text.split()], np.uint16)


def drawn(cells, known):
    """The rows of a drawing; what is unknown is a question mark."""
    text = np.where(known, np.where(cells > 0, cells.astype(str), "."), "?")
    return ["".join(row) for row in text]


GOLD = """
.55.......
.55.......
.55.......
.....7....
....777...
..........
"""


def test_markers_and_silver_that_know_all_cells_make_the_rest_background():
    for other in ({"silver": draw(GOLD.replace("7", "1"))}, {"markers": draw(GOLD.replace(".55", ".5."))}):
        assert drawn(*annotate(draw(GOLD), **other)) == GOLD.replace("5", "1").replace("7", "2").split()


def test_silver_fills_in_what_gold_lacks_and_gold_wins():
    silver = """
    111...44..
    111...44..
    1133..44..
    ..333377..
    ....777...
    ..........
    """
    wanted = """
    .11...44..
    .11...44..
    .113..44..
    ..3332....
    ....222...
    ..........
    """
    assert drawn(*annotate(draw(GOLD), draw(silver))) == wanted.split()


def test_a_marker_without_a_cell_is_unknown_with_a_band_as_wide_as_cells_reach():
    gold = """
    .....................
    .111.................
    .111.................
    .111.................
    .....................
    .....................
    .....................
    """
    markers = """
    .....................
    .....................
    ..1..................
    .....................
    ...............2.....
    .....................
    .....................
    """
    cells, known = annotate(draw(gold), markers=draw(markers))
    assert drawn(cells, known) == [
        ".....................",
        ".111.................",
        ".111.................",
        ".111..........???....",
        "..............???....",
        "..............???....",
        ".....................",
    ]


def test_without_another_source_only_the_grey_values_tell():
    gold, image = np.zeros((60, 60), np.uint8), np.zeros((60, 60), np.float32)
    gold[10:20, 10:20] = 1
    image[10:20, 10:20] = image[40:50, 40:50] = 100
    image[30, 10] = 100
    image += np.random.default_rng(0).normal(0, 3, image.shape)
    cells, known = annotate(gold, image=image)
    assert not known[40:50, 40:50].any(), "looks like the cell that was drawn"
    assert known[:38].all()
    assert (cells == gold).all()
    inverse = annotate(gold, image=-image)
    assert (inverse[1] == known).all(), "cells may be dark"
    assert annotate(gold)[1].sum() == 100, "nothing tells: only the cell is known"
    flat = annotate(gold, image=np.random.default_rng(0).normal(0, 3, image.shape))[1]
    assert flat[8:22, 8:22].sum() > 150
    assert not flat[30:].any(), "cells do not stand out: only a band around the cell is known"


def test_markers_that_do_not_know_the_gold_cells_prove_nothing():
    gold = np.zeros((40, 40), np.uint8)
    gold[4:10, 4:10] = 1
    markers = np.zeros_like(gold)
    markers[30, 30] = 1
    assert annotate(gold, markers=markers)[1].sum() == 36


def test_the_strip_along_the_rim_in_which_cells_were_left_out():
    one, two = np.zeros((2, 60, 60), np.uint8)
    one[0:20, 30:40], two[30:40, 41:52] = 1, 9
    assert strip_width([one, two]) == 18
    assert strip_width([one]) == 19
    assert strip_width([one, np.zeros_like(one)]) == 19
    assert strip_width([np.zeros_like(one)]) == 0
    known = annotate(one, silver=one, strip=18)[1]
    assert known[18:-18, 18:-18].all()
    assert known[:18, 30:40].all()
    assert known.sum() == 24 * 24 + 18 * 10


def test_distance_to_the_rim():
    assert rim_distance((3, 5)).tolist() == [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]]


def read(path):
    return None if path is None else open_image(path).read(0)[0]


@pytest.mark.parametrize(
    ("dataset", "time", "gold", "all_cells", "least_known"),
    [("DIC-C2DH-HeLa", 67, 3, 17, 0.8), ("DIC-C2DH-HeLa", 2, 10, 10, 0.75), ("Fluo-N2DL-HeLa", 51, 3, 108, 0.99)],
)
def test_real_frames(real_data, dataset, time, gold, all_cells, least_known):
    (frame,) = (f for f in frames(real_data / "ctc" / dataset / "01") if f.time == time)
    truth, silver, markers = read(frame.gold), read(frame.silver), read(frame.markers)
    image = read(frame.image).astype(np.float32)
    assert len(np.unique(truth)) - 1 == gold
    cells, known = annotate(truth, silver, markers, image, strip_width([silver]))
    assert cells.max() == all_cells
    assert known.mean() > least_known
    unseen = (silver > 0) & (truth == 0) if all_cells > gold else truth < 0
    for sources in ((None, markers, image), (None, None, image)):
        cells, known = annotate(truth, *sources)
        called_background = (unseen & known & (cells == 0)).sum() / max(unseen.sum(), 1000)
        assert called_background < 0.2, "of the pixels in cells that gold lacks, hardly any count as background"


@pytest.mark.parametrize("dataset", ["Fluo-N2DH-SIM", "PhC-C2DL-PSC"])
def test_real_frames_that_are_fully_annotated_stay_so(real_data, dataset):
    found = [f for f in frames(real_data / "ctc" / dataset / "01") if f.gold]
    strip = strip_width([read(f.gold) for f in found])
    for frame in found:
        cells, known = annotate(read(frame.gold), image=read(frame.image).astype(np.float32), strip=strip)
        assert known.mean() > 0.98
        np.testing.assert_array_equal(cells > 0, read(frame.gold) > 0)
