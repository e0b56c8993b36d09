"""The table of objects points to what went wrong, and where."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from cellseg.metrics import error_map, object_table, overlaps
from cellseg.metrics.detection import detections
from cellseg.metrics.states import predicted_states, true_states
from tests.metrics.drawing import PREDICTION, TRUTH, draw, label_pairs


def test_every_kind_of_mistake():
    rows = object_table(PREDICTION, TRUTH)
    kinds = {(row.truth_id, row.prediction_id): row.kind for row in rows}
    assert [row.kind for row in rows[:5]] == ["matched", "split", "missed", "merged", "merged"]
    assert kinds[1, 1] == "matched"
    assert kinds[3, 0] == "missed"
    assert kinds[4, 5] == "merged"
    assert kinds[0, 6] == "invented"
    assert Counter(row.kind for row in rows[5:]) == {"split": 3, "merged": 1, "invented": 1}


def test_rows_say_where():
    row = object_table(PREDICTION, TRUTH)[2]
    assert (row.centroid, row.start, row.stop, row.area, row.iou) == ((0.5, 14.0), (0, 13), (2, 16), 6, 0.0)


def test_fragment_beside_a_match_is_a_split():
    rows = object_table(draw("aaaab aaaab"), draw("aaaaa aaaaa"))
    assert [(row.kind, row.prediction_id) for row in rows] == [("matched", 1), ("split", 2)]
    assert rows[1].truth_id == 1


HALVES = {
    "half of itself in a cell is no piece of it": (
        "bbbbbbbb..cccccccc",
        "....aaaaaaaaaa....",
        ["missed"],
        ["invented"] * 2,
    ),
    "half of two cells is no merge": ("..ccccc..", "aaaa.bbbb", ["missed"] * 2, ["invented"]),
    "more than half of two cells is one": (".ccccccc.", "aaaa.bbbb", ["merged"] * 2, ["merged"]),
    "more than half of one cell only is none": (".cccccc..", "aaaa.bbbb", ["missed"] * 2, ["invented"]),
    "one piece is no split": ("bb....", "aaaaa.", ["missed"], ["invented"]),
    "two pieces are one": ("bb.cc.", "aaaaa.", ["split"], ["split"] * 2),
}


@pytest.mark.parametrize(("prediction", "truth", "true", "predicted"), HALVES.values(), ids=HALVES.keys())
def test_the_word_changes_at_more_than_half(prediction, truth, true, predicted):
    rows = object_table(draw(prediction), draw(truth))
    assert [row.kind for row in rows if row.side == "truth"] == true
    assert [row.kind for row in rows if row.side == "prediction"] == predicted


def test_the_numbers_of_a_row():
    truth, prediction = draw("aaaa.bbbb.cc"), draw("aaa..dd...g.")
    rows = object_table(prediction, truth, threshold=0.75)
    told = [(row.kind, row.truth_id, row.prediction_id, row.iou, row.jaccard, row.area) for row in rows]
    assert told == [
        ("matched", 1, 1, 0.75, 0.75, 4),
        ("missed", 2, 4, 0.5, 0, 4),
        ("missed", 3, 7, 0.5, 0, 2),
        ("invented", 2, 4, 0.5, 0, 2),
        ("invented", 3, 7, 0.5, 0, 1),
    ]
    assert (rows[3].centroid, rows[3].start, rows[3].stop) == ((0, 5.5), (0, 5), (1, 7))
    assert [row.prediction_id for row in object_table(draw("a..b."), draw("..c.."))] == [0, 1, 2]
    assert [row.truth_id for row in object_table(draw("a..b."), draw("..c.."))] == [3, 0, 0]


def test_the_partner_that_is_named_is_the_best():
    (row,) = object_table(draw("bbb.cccc.d"), draw("aaaaaaaaaa"), threshold=0.9)[:1]
    assert (row.kind, row.prediction_id, row.iou) == ("split", 3, 0.4)


@given(label_pairs(highest=6))
@settings(deadline=None, max_examples=50)
def test_rows_agree_with_the_counts(pair):
    counts = detections(overlaps(*pair), 0.5)
    rows = object_table(*pair)
    truths = rows[: counts.found + counts.missed]
    assert sum(row.kind == "matched" for row in rows) == counts.found
    assert sum(row.kind != "matched" for row in truths) == counts.missed
    assert len(rows) - len(truths) == counts.invented


def test_every_pixel_has_the_state_of_its_object():
    rows = object_table(PREDICTION, TRUTH)
    drawn = "\n".join("".join(".tmiSM"[state] for state in row) for row in error_map(PREDICTION, TRUTH, rows))
    assert drawn.split() == [
        "tttt.SSSSSS..mmm",
        "tttt.SSSSSS..mmm",
        "................",
        "MMMMMMMMM...iii.",
        "MMMMMMMMM...iii.",
    ]


def test_the_states_of_a_match_beside_a_piece():
    prediction, truth = draw("aaaab.d"), draw("aaaaac.")
    rows = object_table(prediction, truth)
    assert predicted_states(prediction, rows).tolist() == [[1, 1, 1, 1, 4, 0, 3]]
    assert true_states(truth, rows).tolist() == [[1, 1, 1, 1, 1, 2, 0]]
    assert error_map(prediction, truth, rows).tolist() == [[1, 1, 1, 1, 4, 2, 3]]


def test_an_object_without_a_row_has_no_state():
    rows = object_table(draw("b.d..."), draw("b...e."))
    assert predicted_states(draw("abcdez"), rows).tolist() == [[0, 1, 0, 3, 0, 0]]
    assert true_states(draw("abcdez"), rows).tolist() == [[0, 1, 0, 0, 2, 0]]
    assert not predicted_states(draw("abc"), []).any()
