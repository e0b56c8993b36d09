"""What is unusual or unsure is suggested first, what is annotated never."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.suggest import (
    Suggestion,
    WindowSurvey,
    annotated,
    coarse_steps,
    entropy,
    features,
    rank,
    windows,
)


def looks_of(image: np.ndarray, uncertainty: np.ndarray | None = None) -> WindowSurvey:
    places = windows(image.shape)
    found = np.array([features(image[place.plane][place.box.slices]) for place in places])
    return WindowSurvey(tuple(places), found, uncertainty)


@pytest.fixture
def image():
    return np.random.default_rng(1).normal(100, 10, (2, 512, 512)).astype(np.float32)


def place_of(looks: WindowSurvey, plane: int, row: int, column: int) -> int:
    """Number of the window that holds a pixel."""
    return next(
        i
        for i, place in enumerate(looks.windows)
        if place.plane == plane
        and place.box.top <= row < place.box.bottom
        and place.box.left <= column < place.box.right
    )


def odd_grey(part):
    part += 40


def odd_texture(part):
    part[:] = 100 + (part - 100).mean(axis=0)


def odd_contrast(part):
    part[:] = 100 + 2.5 * (part - 100)


@pytest.mark.parametrize("plant", [odd_grey, odd_texture, odd_contrast])
@pytest.mark.parametrize("started", [False, True])
def test_an_odd_region_is_found_first(image, plant, started):
    plant(image[1, 140:240, 270:370])
    looks = looks_of(image)
    known = np.zeros(len(looks.windows), bool)
    known[:3] = started
    assert rank(looks, known)[0] == place_of(looks, 1, 190, 320)


def test_where_the_model_is_unsure_is_found_first(image):
    looks = looks_of(image)
    unsure = np.full(len(looks.windows), 0.05)
    unsure[17] = 0.9
    looks = looks_of(image, unsure)
    assert rank(looks, np.zeros(len(unsure), bool))[0] == 17


def test_what_is_annotated_is_left_out(image):
    looks = looks_of(image)
    known = np.zeros(len(looks.windows), bool)
    known[::2] = True
    order = rank(looks, known)
    assert sorted(order) == list(range(1, len(known), 2))
    assert rank(looks, ~np.zeros(len(known), bool)) == []


def test_a_flat_image_can_be_ranked():
    looks = looks_of(np.zeros((1, 256, 256), np.uint8))
    assert rank(looks, np.zeros(16, bool)) == list(range(16))


@given(st.integers(1, 3), st.integers(1, 700), st.integers(1, 700))
def test_windows_cover_the_image(planes, height, width):
    seen = np.zeros((planes, height, width), bool)
    for place in windows((planes, height, width)):
        assert (np.array(place.box.shape) <= (height, width)).all()
        seen[place.plane][place.box.slices] = True
    assert seen.all()


def test_of_a_large_stack_windows_are_spread():
    places = windows((50, 8000, 8000))
    assert len(set(places)) == 2000
    assert {place.plane for place in places} == set(range(50))


def test_entropy_of_what_is_sure_and_of_what_is_not():
    assert entropy(np.zeros((4, 4))) == pytest.approx(0, abs=1e-9)
    assert entropy(np.full((4, 4), 0.5)) == pytest.approx(1)
    assert entropy(np.full((3, 4, 4), 1 / 3)) == pytest.approx(1)
    assert entropy(np.full((4, 4), 255, np.uint8)) == pytest.approx(0, abs=1e-9)


def test_probabilities_are_read_coarsely():
    steps = coarse_steps(PlaneBox(256, 512, 512, 768))
    assert np.zeros((1000, 1000))[steps].shape == (64, 64)
    assert np.zeros((9, 9))[coarse_steps(PlaneBox(0, 0, 5, 6))].shape == (5, 6)


def test_a_stroke_makes_a_window_annotated():
    labels = np.zeros((100, 100), np.uint32)
    assert not annotated(labels)
    labels[:10, :10] = 1
    assert annotated(labels)


def test_windows_can_be_told_apart():
    assert (
        Suggestion(0, PlaneBox(0, 0, 4, 4)) == Suggestion(0, PlaneBox(0, 0, 4, 4)) < Suggestion(1, PlaneBox(0, 0, 4, 4))
    )
