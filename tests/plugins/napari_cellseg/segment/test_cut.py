"""What a change of the cut means, with no window."""

from __future__ import annotations

import pytest
from napari_cellseg.segment.cut import CUT, LINKING, UNKNOWN, Cut, stored_values

from cellseg.options import PredictOptions

STORED = {"threshold": 0.7, "minimum_size": 12, "minimum_probability": 0.0, "fill_holes": 90, "split": 41.9}


@pytest.fixture
def cut():
    made = Cut()
    made.adapt(STORED, stack=True)
    return made


def test_it_begins_with_what_the_model_has_stored(cut):
    shown = cut.answers.values
    assert [shown[name] for name in ("threshold", "minimum_size", "fill_holes")] == [0.7, 12, 90]
    assert (shown["split"], shown["object_diameter"]) == ("watershed", 42)
    assert cut.options == {}  # all is the model's own
    assert stored_values(UNKNOWN)["split"] == "none"


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({"threshold": 0.5}, {"threshold": 0.5}),
        ({"minimum_size": 0, "fill_holes": 0}, {"minimum_size": 0, "fill_holes": 0}),
        ({"threshold": 0.7}, {}),
        ({"split": "none", "object_diameter": 9.0}, {"split": "none"}),
        ({"object_diameter": 20.0}, {"object_diameter": 20.0}),
        ({"link_overlap": 0.5}, {}),
        ({"link": "overlap", "link_overlap": 0.5}, {"link": "overlap", "link_overlap": 0.5}),
    ],
    ids=str,
)
def test_only_what_was_changed_and_counts_is_said(cut, given, options):
    cut.answers.give(given)
    assert cut.options == options
    assert cut.in_a_plane == {name: value for name, value in options.items() if name not in LINKING}
    assert PredictOptions(**cut.options)


def test_a_single_plane_has_nothing_to_link(cut):
    cut.answers.give({"link": "overlap"})
    cut.adapt(STORED, stack=False, anew=False)
    assert cut.options == {}
    assert cut.shown == set(CUT) - {"link", "link_overlap"}


def test_another_model_keeps_what_was_changed_only_for_the_same_image(cut):
    cut.answers.give({"threshold": 0.5})
    cut.adapt({**STORED, "fill_holes": 3}, stack=True, anew=False)
    assert (cut.options, cut.answers.values["fill_holes"]) == ({"threshold": 0.5}, 3)
    cut.adapt(STORED, stack=True)
    assert cut.options == {}


def test_only_changes_by_hand_are_told(cut):
    told = []
    cut.changed.connect(lambda: told.append(cut.options))
    cut.adapt({**STORED, "threshold": 0.2}, stack=False)
    cut.answers.give({"threshold": 0.5})
    cut.answers.reset("threshold")
    assert told == [{"threshold": 0.5}, {}]
