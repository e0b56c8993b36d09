"""What was given takes precedence over a base, and nothing else is kept."""

from __future__ import annotations

import pytest
from napari_cellseg.forms.answers import Answers
from napari_cellseg.forms.words import words_of

BASE = {"steps": 4000, "rate": 2e-3, "where": "background", "rotate": True, "diameter": None}


@pytest.fixture
def answers():
    return Answers(BASE)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"steps": 10}, {"steps": 10}),
        ({"steps": 4000}, {}),
        ({"rate": 2e-3 + 1e-15}, {}),
        ({"rotate": False, "diameter": 33.0}, {"rotate": False, "diameter": 33.0}),
        ({"diameter": 0.0}, {"diameter": 0.0}),
        ({"steps": None, "unheard_of": 1}, {}),
    ],
    ids=str,
)
def test_what_is_given(answers, given, kept):
    answers.give({"steps": 77})
    answers.give({"steps": 4000})
    answers.give(given)
    assert answers.given == kept
    assert answers.values == {**BASE, **kept}


def test_another_base_keeps_what_was_set_by_hand(answers):
    answers.give({"steps": 10, "where": "everywhere"})
    answers.follow({**BASE, "steps": 1000, "rate": 1e-3, "where": "everywhere"})
    assert answers.given == {"steps": 10}  # the other is what the base says by now
    assert answers.values["rate"] == 1e-3
    answers.reset("steps")
    assert answers.values["steps"] == 1000


def test_it_tells_only_of_changes(answers):
    heard = []
    answers.changed.connect(lambda: heard.append(answers.given))
    answers.give({"steps": 10})
    answers.give({"steps": 10})
    answers.follow(BASE)
    answers.reset("rate")
    assert heard == [{"steps": 10}]


def test_words_of_the_command_line():
    values = {"w0": 12.0, "rate": 1e-9, "ema": 0.99999, "rotate": False, "flip": True, "base": 8, "seen_diameter": None}
    words = "--w0 12 --rate 1e-09 --ema 0.99999 --no-rotate --flip --base 8"
    assert words_of(values) == words.split()
