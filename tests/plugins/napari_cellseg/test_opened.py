"""Rules on what is open, with no window: layers are numbers here, and eyes a dictionary."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.opened import (
    OpenImages,
    OpenLayer,
    annotation_in_hand,
    instead_of,
    is_seen,
    painted_on,
    reasons_to_stay,
    result_in_hand,
)

IMAGES = ("b", "h", "k", "n")
ROLES = ("image", "annotation", "instances", "probabilities")


class Desk:
    """Layers of a window, and somebody who opens and closes eyes."""

    def __init__(self, names=IMAGES, project="/project", roles=ROLES):
        self.rules, self.layers, self.active, self.before = OpenImages(), [], None, None
        for name in names:
            for role in roles:
                self.add(role, (project, name), visible=name == names[0])

    def add(self, role, image, visible=True):
        self.layers.append(OpenLayer(len(self.layers) + 100, role, image, visible))
        self.obey(self.rules.added(self.layers, self.layers[-1].number))
        return self.layers[-1].number

    def obey(self, eyes):
        self.layers = [replace(layer, visible=eyes.get(layer.number, layer.visible)) for layer in self.layers]
        other = instead_of(self.layers, self.active)
        self.active = self.active if other is None else other
        self.before = painted_on(self.layers, self.active, self.before)

    def eye(self, number, visible):
        self.layers = [replace(layer, visible=visible) if layer.number == number else layer for layer in self.layers]
        rule = self.rules.opened_eye if visible else self.rules.closed_eye
        self.obey(rule(self.layers, number))

    def select(self, number):
        self.active = number
        self.obey(self.rules.selected(self.layers, number))

    def number(self, name, role):
        return next(layer.number for layer in self.layers if layer.image[1] == name and layer.role == role)

    def shown(self):
        return [(layer.image[1], layer.role) for layer in self.layers if layer.visible]

    def in_hand(self):
        found = next((layer for layer in self.layers if layer.number == self.before), None)
        return None if found is None else (found.image[1], found.role)


def test_another_eye_brings_its_image_and_annotation_and_takes_the_others_away():
    desk = Desk(roles=("image", "annotation"))
    desk.select(desk.number("b", "annotation"))
    for role in ("image", "annotation"):
        desk.eye(desk.number("k", role), True)
        assert desk.shown() == [("k", "image"), ("k", "annotation")]
        assert desk.in_hand() == ("k", "annotation")
        assert desk.active == desk.number("k", "annotation")
        desk.eye(desk.number("b", role), True)
        assert desk.shown() == [("b", "image"), ("b", "annotation")]
    desk.select(desk.number("n", "image"))
    assert desk.shown() == [("n", "image"), ("n", "annotation")]
    assert desk.in_hand() == ("n", "annotation")


def test_an_image_that_is_hidden_takes_everything_along_and_brings_it_back():
    desk = Desk()
    desk.eye(desk.number("b", "probabilities"), False)
    desk.eye(desk.number("b", "image"), False)
    assert desk.shown() == []
    assert desk.in_hand() is None, "nothing is painted on that is not seen"
    desk.eye(desk.number("b", "image"), True)
    assert desk.shown() == [("b", "image"), ("b", "annotation"), ("b", "instances")]


def test_an_annotation_is_hidden_alone_for_a_look_beneath():
    desk = Desk(roles=("image", "annotation"))
    desk.eye(desk.number("b", "annotation"), False)
    assert desk.shown() == [("b", "image")]
    assert desk.in_hand() == ("b", "annotation")


def test_a_result_of_an_image_that_is_not_seen_waits_for_it():
    desk = Desk(roles=("image", "annotation"))
    desk.add("instances", ("/project", "k"))
    assert desk.shown() == [("b", "image"), ("b", "annotation")]
    desk.select(desk.number("k", "annotation"))
    assert desk.shown() == [("k", "image"), ("k", "annotation"), ("k", "instances")]


def test_images_of_no_project_may_be_seen_together():
    desk = Desk(project="")
    for name in IMAGES:
        desk.eye(desk.number(name, "image"), True)
    assert {name for name, _ in desk.shown()} == set(IMAGES)
    desk.eye(desk.number("h", "image"), False)
    assert {name for name, _ in desk.shown()} == set(IMAGES) - {"h"}


def test_cells_in_hand_are_those_of_the_image_that_is_seen():
    desk = Desk()
    desk.select(desk.number("b", "instances"))
    assert desk.in_hand() == ("b", "instances")
    desk.select(desk.number("b", "image"))
    assert desk.in_hand() == ("b", "instances"), "what was in hand stays there"
    cells_of_b = desk.before
    desk.select(desk.number("k", "image"))
    assert desk.in_hand() == ("k", "annotation")
    assert result_in_hand(desk.layers, desk.active, cells_of_b) == desk.number("k", "instances")


def test_an_annotation_of_no_known_image_is_in_hand():
    layers = [OpenLayer(1, "image", ("", "a"), True), OpenLayer(2, "annotation", None, True)]
    assert annotation_in_hand(layers, 1, None) == 2
    assert result_in_hand(layers, 1, None) is None


@pytest.mark.parametrize("project", ["/project", ""])
@given(st.lists(st.tuples(st.sampled_from(["open", "close", "select"]), st.integers(0, 15)), max_size=12))
def test_whatever_is_done_no_stroke_can_go_astray(project, done):
    desk = Desk(project=project)
    for what, which in done:
        number = desk.layers[which].number
        desk.select(number) if what == "select" else desk.eye(number, what == "open")
        seen = {layer.image for layer in desk.layers if is_seen(desk.layers, layer.image)}
        if project:
            assert len(seen) <= 1, "one image at a time"
            assert {layer.image for layer in desk.layers if layer.visible} <= seen
        held = next((layer for layer in desk.layers if layer.number == desk.before), None)
        assert held is None or held.image in seen
        active = next((layer for layer in desk.layers if layer.number == desk.active), None)
        if project and seen and active is not None:
            assert active.image in seen
            assert held.image == active.image


def test_what_speaks_against_closing_the_window():
    assert reasons_to_stay("", []) == []
    (training,) = reasons_to_stay("step 3 of 9", [])
    assert "step 3 of 9" in training
    assert "a: cells, b annotation" in reasons_to_stay("", ["a: cells", "b annotation"])[0]
