"""Check and train read labels alike: what one calls an error, the other refuses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.images.source import array_source
from cellseg.labels.doctor.examine import examine
from cellseg.labels.pairs import Pair
from cellseg.options import LabelOptions
from cellseg.training.admission import TrainingPairs, examination_of
from cellseg.training.data import read_training_set

SIDE = 48


def cells(seed: int, count: int = 6) -> np.ndarray:
    """Numbered squares (H, W) that do not touch."""
    rng, labels = np.random.default_rng(seed), np.zeros((SIDE, SIDE), np.int64)
    places = rng.permutation(16)[:count]
    for number, place in enumerate(places, 1):
        y, x = 2 + 12 * (place // 4), 2 + 12 * (place % 4)
        labels[y : y + 8, x : x + 8] = number
    return labels


def pair_of(seed: int, labels: np.ndarray, channels: int = 1) -> Pair:
    """A noisy image whose cells are bright, and labels that may tell them in another way."""
    grey = 40 + 80 * (cells(seed) > 0) + np.random.default_rng(seed).normal(0, 6, (SIDE, SIDE))
    image = np.stack([np.clip(grey, 0, 255).astype(np.uint8)] * channels)
    return Pair(f"{seed}.tif", array_source(image, axes="CYX"), 0, array_source(labels), 0)


def said_by_check(pairs: list[Pair], options: LabelOptions) -> list[str]:
    """Codes of the errors that check finds."""
    *_, report = examine(examination_of(TrainingPairs(pairs), options, 0.1))
    return [finding.code for finding in report.findings if finding.severity == "error"]


def said_by_train(pairs: list[Pair], options: LabelOptions) -> str:
    """The refusal of a training; empty where it takes the pairs."""
    try:
        read_training_set(pairs, options, 0.1)
    except InputError as error:
        return str(error)
    return ""


def assert_agreement(pairs: list[Pair], options: LabelOptions) -> None:
    errors, refusal = said_by_check(pairs, options), said_by_train(pairs, options)
    assert bool(errors) == bool(refusal), (errors, refusal, options)


def strokes(labels: np.ndarray) -> np.ndarray:
    """Background as 1, cells as 2, 0 where nobody annotated."""
    return np.where(np.arange(SIDE)[:, None] % 3 == 0, 0, 1 + (labels > 0))


ENCODINGS = {
    "instances": lambda a: a.astype(np.uint16),
    "gaps": lambda a: (a * 7).astype(np.uint32),
    "mask": lambda a: (255 * (a > 0)).astype(np.uint8),
    "inverted": lambda a: (255 * (a == 0)).astype(np.uint8),
    "floats": lambda a: a.astype(np.float32),
    "fractions": lambda a: a / 2,
    "not numbers": lambda a: np.where(a == 1, np.nan, a),
    "too large": lambda a: a * 1e300,
    "offset": lambda a: (a + 32768).astype(np.uint16),
    "negative": lambda a: (a - 1).astype(np.int16),
    "class gap": lambda a: np.where(a > 3, 200, np.minimum(a, 1)).astype(np.uint8),
    "1 and 255": lambda a: np.where(a > 3, 255, np.minimum(a, 1)).astype(np.uint8),
    "Fiji": lambda a: np.where(np.arange(SIDE)[:, None] < 2, 0, a + 1).astype(np.uint16),
    "strokes": lambda a: strokes(a).astype(np.uint8),
    "no background": lambda a: (1 + (a > 0)).astype(np.uint8),
    "empty": lambda a: np.zeros_like(a, np.uint8),
    "full": lambda a: np.ones_like(a, np.uint8),
    "blurred": lambda a: (a + np.roll(a, 1, 0) + np.roll(a, 1, 1)).astype(np.uint16) * 5 // 3,
    "held out only": None,
    "ids of tissue": lambda a: (
        np.arange(SIDE * SIDE).reshape(SIDE, SIDE) // 96 * 0
        + np.add.outer(np.arange(SIDE) // 8 * 6, np.arange(SIDE) // 8)
    ),
}
OPTIONS = st.builds(
    lambda kind, ignore, background: LabelOptions(
        labels_are=kind, ignore_label=ignore, background_label=background if background != ignore else None
    ),
    st.sampled_from([None, None, "instances", "classes"]),
    st.sampled_from([None, None, 0, 1, 255, -1]),
    st.sampled_from([None, None, 0, 1, 2]),
)


@st.composite
def data_sets(draw) -> list[Pair]:
    """One to five pairs, most of one encoding."""
    name = draw(st.sampled_from(sorted(ENCODINGS)))
    count, odd = draw(st.integers(1, 5)), draw(st.sampled_from([0, 0, 0, 3]))
    pairs = []
    for k in range(count):
        plain = cells(k, draw(st.integers(1, 8)))
        encode = ENCODINGS[name] or ENCODINGS["mask" if k == count - 1 else "empty"]
        pairs.append(pair_of(k, encode(plain), channels=odd if odd and k == count - 1 else 1))
    return pairs


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data_sets(), OPTIONS)
def test_check_and_train_agree(pairs, options):
    assert_agreement(pairs, options)


@pytest.mark.slow
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(data_sets(), OPTIONS)
def test_check_and_train_agree_on_200_data_sets(pairs, options):
    assert_agreement(pairs, options)


FIJI = LabelOptions(ignore_label=0, background_label=1)
READY = {
    "strokes with their codes": ("strokes", FIJI),
    "Fiji's masks with their codes": ("Fiji", FIJI),
    "two cells that fill the image": ("no background", LabelOptions(labels_are="instances")),
    "two classes that fill the image": ("no background", LabelOptions(labels_are="classes")),
    "a mask": ("mask", LabelOptions()),
}


@pytest.mark.parametrize("name", READY)
def test_what_is_ready(name):
    encoding, options = READY[name]
    pairs = [pair_of(k, ENCODINGS[encoding](cells(k))) for k in range(4)]
    assert (said_by_check(pairs, options), said_by_train(pairs, options)) == ([], "")


REFUSED = {
    "strokes with 0 ignored": ("strokes", LabelOptions(ignore_label=0), "no-background", "--background-label 1"),
    "Fiji's masks with 0 ignored": ("Fiji", LabelOptions(ignore_label=0), "no-background", "--background-label 1"),
    "Fiji's masks": ("Fiji", LabelOptions(), "background-label", "--background-label 1 --ignore-label 0"),
    "background 1 beside 0": ("Fiji", LabelOptions(background_label=1), "zeros", "--ignore-label 0"),
    "a background that is not there": ("no background", LabelOptions(background_label=9), "no-background", "label 9"),
    "class gap": ("class gap", LabelOptions(labels_are="classes"), "class-gaps", "0, 1, 2"),
    "cells held out only": ("held out only", LabelOptions(), "nothing", "held out"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_by_both_in_the_same_words(name):
    encoding, options, code, words = REFUSED[name]
    encode = ENCODINGS[encoding]
    pairs = [pair_of(k, (encode or ENCODINGS["mask" if k == 3 else "empty"])(cells(k))) for k in range(4)]
    assert code in said_by_check(pairs, options)
    assert words in said_by_train(pairs, options)


def test_grey_and_rgb_images_are_refused_by_both():
    pairs = [pair_of(k, ENCODINGS["mask"](cells(k)), channels=3 if k == 3 else 1) for k in range(4)]
    assert said_by_check(pairs, LabelOptions()) == ["channels"]
    assert "different channels" in said_by_train(pairs, LabelOptions())


def test_fiji_masks_have_their_cells():
    (image, *_) = read_training_set([pair_of(k, ENCODINGS["Fiji"](cells(k))) for k in range(2)], FIJI, 0).training
    np.testing.assert_array_equal(image.truth.instances[2:], cells(0)[2:])
    assert image.truth.ignore[:2].all()


def test_pairs_that_are_trusted_are_trained_on():
    labels = [np.roll(ENCODINGS["mask"](cells(k, 5)), (0, 5), (0, 1)) for k in range(4)]
    pairs = [pair_of(k, label) for k, label in enumerate(labels)]
    trusted = LabelOptions(trust_pairs=True)
    assert (said_by_check(pairs, trusted), said_by_train(pairs, trusted)) == ([], "")
