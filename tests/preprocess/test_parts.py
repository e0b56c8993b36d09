"""Each part of the augmentation alone does what its name says, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import make_example, middle
from cellseg.preprocess.parts import OFF, parts, whole
from tests.preprocess.drawing import voronoi_cells

SIZE = 48, 40


def example(seed=0):
    image = np.random.default_rng(seed).standard_normal((2, 90, 100)).astype(np.float32)
    classes = (voronoi_cells((90, 100), 20, 9, seed) > 0).astype(np.uint8)
    return make_example(image, classes, 1 + classes.astype(np.float32))


def view(name, options=AugmentOptions(), seed=0, examples=None):
    return parts(examples or [example()], options, SIZE)[name](np.random.default_rng(seed))


ORIGINAL = view("original").sample


def test_the_original_is_the_middle_of_the_image():
    np.testing.assert_array_equal(ORIGINAL.image, middle(example().image, SIZE))
    np.testing.assert_array_equal(ORIGINAL.classes, middle(example().classes, SIZE))


def test_every_part_has_a_row_and_parts_that_are_off_have_none():
    shapes = ["original", "elastic", "rotate", "flip", "shift", "scale"]
    assert list(parts([example()], AugmentOptions(), SIZE)) == [*shapes, "grey", "blur", "noise", "mosaic"]
    inverting = parts([example()], AugmentOptions(inverted=0.5), SIZE)
    assert list(inverting) == [*shapes, "inverted", "grey", "blur", "noise", "mosaic"]
    flawed = parts([example()], AugmentOptions(flaws=0.5, empty=0.1), SIZE)
    assert list(flawed) == [*shapes, "grey", "blur", "noise", "flaws", "mosaic", "empty"]
    assert list(parts([example()], OFF, SIZE)) == ["original", "shift", "mosaic"]


@pytest.mark.parametrize("name", ["elastic", "rotate", "flip", "scale", "shift"])
def test_shapes_change_image_and_labels_alike(name):
    views = [view(name, seed=seed) for seed in range(4)]
    assert any((changed.sample.image != ORIGINAL.image).any() for changed in views)
    for changed in views:
        assert (changed.sample.weights == 1 + changed.sample.classes).all()
        assert changed.coordinates.shape == (2, *SIZE)


def test_inverted_grey_values():
    np.testing.assert_array_equal(view("inverted", AugmentOptions(inverted=0.1)).sample.image, -ORIGINAL.image)


@pytest.mark.parametrize("name", ["grey", "blur", "noise"])
@pytest.mark.parametrize("seed", range(3))
def test_grey_values_change_in_every_view_and_labels_never(name, seed):
    changed = view(name, AugmentOptions(blur=5), seed).sample
    assert (changed.image != ORIGINAL.image).any()
    np.testing.assert_array_equal(changed.classes, ORIGINAL.classes)
    np.testing.assert_array_equal(changed.weights, ORIGINAL.weights)


def test_a_flip_is_one_of_four_mirror_images():
    mirrored = {axes: np.flip(ORIGINAL.image, axes) for axes in ((), (1,), (2,), (1, 2))}
    views = [view("flip", seed=seed).sample.image for seed in range(20)]
    assert {axes for axes, image in mirrored.items() if any((seen == image).all() for seen in views)} == set(mirrored)
    assert all(any((seen == image).all() for image in mirrored.values()) for seen in views)


def test_strength_follows_the_options():
    def moved(std):
        at = [view("elastic", AugmentOptions(elastic=std), seed).coordinates for seed in range(5)]
        return np.std(np.stack(at) - view("original").coordinates)

    assert 3 < moved(20) / moved(5) < 5


def test_a_mosaic_takes_examples_in_turn():
    flat = [
        make_example(np.full((1, 60, 60), k, np.float32), np.zeros((60, 60), np.uint8), np.ones((60, 60), "f4"))
        for k in range(3)
    ]
    assert set(np.unique(view("mosaic", examples=flat).sample.image)) == {0, 1, 2}


def test_all_together_are_reproducible():
    draw = whole([example(k) for k in range(3)], AugmentOptions(mosaic=0.5), SIZE)
    one, same, other = (draw(np.random.default_rng(seed)).sample for seed in (0, 0, 1))
    assert (one.image == same.image).all()
    assert (one.image != other.image).any()
