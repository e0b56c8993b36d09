"""Samples: reproducible, labels follow the image, what weighs 0 stays 0, and a crop where all is off."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.errors import InputError
from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import draw_sample, make_example, middle, mosaic
from cellseg.preprocess.geometry import random_centre, random_coordinates, random_matrix
from tests.preprocess.drawing import voronoi_cells

OFF = AugmentOptions(elastic=0, rotate=False, flip=False, scale=0, grey=0, blur=0, noise=0)
SHAPES_ONLY = AugmentOptions(grey=0, blur=0, noise=0)
SIZES = {"input_size": (72, 80), "output_size": (40, 44)}


def cells_example(seed=0, shape=(90, 100), channels=1):
    """An image that is equal to its classes; weights tell background, cells and an ignored corner."""
    classes = (voronoi_cells(shape, 20, 9, seed) > 0).astype(np.uint8)
    weights = np.where(classes, 2.0, 3.5).astype(np.float32)
    weights[:30, :30] = 0
    return make_example(np.repeat(classes[None].astype(np.float32), channels, 0), classes, weights)


def assert_equal_samples(one, other):
    for name in ("image", "classes", "weights"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_same_seed_same_sample():
    one, same, other = (
        draw_sample(cells_example(), np.random.default_rng(seed), AugmentOptions(), **SIZES) for seed in (1, 1, 2)
    )
    assert_equal_samples(one, same)
    assert (one.image != other.image).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_types(channels):
    drawn = draw_sample(cells_example(channels=channels), np.random.default_rng(0), AugmentOptions(), **SIZES)
    assert (drawn.image.shape, drawn.image.dtype) == ((channels, 72, 80), np.float32)
    assert (drawn.classes.shape, drawn.classes.dtype) == ((40, 44), np.uint8)
    assert (drawn.weights.shape, drawn.weights.dtype) == ((40, 44), np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_labels_and_weights_follow_the_image(seed):
    drawn = draw_sample(cells_example(), np.random.default_rng(seed), SHAPES_ONLY, **SIZES)
    seen = middle(drawn.image, (40, 44))[0] > 0.5
    assert (seen == drawn.classes).mean() > 0.97, "but for pixels that an edge cuts"
    known = drawn.weights > 0
    np.testing.assert_array_equal(drawn.weights[known], np.where(drawn.classes, 2.0, 3.5)[known])


def test_only_weights_of_the_image_appear():
    for seed in range(10):
        drawn = draw_sample(cells_example(), np.random.default_rng(seed), AugmentOptions(), **SIZES)
        assert set(np.unique(drawn.weights)) <= {0.0, 2.0, 3.5}


@pytest.mark.parametrize("corner", [(5, 7), (-20, -30), (60, 70)])
def test_with_all_off_a_sample_is_the_crop_of_the_mirrored_image(corner):
    rng = np.random.default_rng(0)
    image = rng.standard_normal((2, 90, 100)).astype(np.float32)
    classes, weights = rng.integers(0, 3, (90, 100), np.uint8), rng.random((90, 100), np.float32)
    centre = corner[0] + (72 - 1) / 2, corner[1] + (80 - 1) / 2
    drawn = draw_sample(make_example(image, classes, weights), rng, OFF, centre=centre, **SIZES)
    y, x = (np.s_[100 + start : 100 + start + length] for start, length in zip(corner, (72, 80), strict=True))
    np.testing.assert_array_equal(drawn.image, np.pad(image, ((0, 0), (100, 100), (100, 100)), "reflect")[:, y, x])
    for ours, whole in ((drawn.classes, classes), (drawn.weights, weights)):
        np.testing.assert_array_equal(ours, middle(np.pad(whole, 100, "reflect")[y, x], (40, 44)))


def test_cubic_and_whole_pixel_reading_agree():
    rng = np.random.default_rng(0)
    example = make_example(
        rng.standard_normal((1, 90, 100)).astype(np.float32), np.zeros((90, 100), np.uint8), np.ones((90, 100), "f4")
    )
    crop, nearly = (
        draw_sample(example, np.random.default_rng(0), OFF, centre=(45.5, 50.5 + shift), **SIZES) for shift in (0, 1e-3)
    )
    assert 0 < np.abs(crop.image - nearly.image).max() < 0.02


def test_an_image_smaller_than_the_tile():
    drawn = draw_sample(cells_example(shape=(31, 45)), np.random.default_rng(0), AugmentOptions(), **SIZES)
    assert np.isfinite(drawn.image).all()


def test_windows_lie_mostly_inside_and_reach_the_rim():
    rng = np.random.default_rng(0)
    centres = np.array([random_centre(rng, (100, 60), (40, 80)) for _ in range(500)])
    tops, lefts = (centres - [(40 - 1) / 2, (80 - 1) / 2]).T
    assert (tops.min(), tops.max()) == (-10, 70)
    assert (lefts.min(), lefts.max()) == (-20 - 15, 15)
    np.testing.assert_array_equal(tops, np.rint(tops))


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ({"rotate": True, "flip": False, "scale": 0}, "determinant 1"),
        ({"rotate": False, "flip": True, "scale": 0}, "diagonal"),
        ({"rotate": False, "flip": False, "scale": 0.5}, "multiple"),
        ({"rotate": False, "flip": False, "scale": 0}, "identity"),
    ],
)
def test_matrix_holds_what_is_on(options, same):
    for seed in range(10):
        matrix = random_matrix(np.random.default_rng(seed), AugmentOptions(**options))
        expected = {
            "determinant 1": np.linalg.inv(matrix).T,
            "diagonal": np.diag(np.sign(np.diag(matrix))),
            "multiple": matrix[0, 0] * np.eye(2),
            "identity": np.eye(2),
        }[same]
        np.testing.assert_allclose(matrix, expected, atol=1e-12)
        assert abs(np.linalg.det(matrix)) > 0.01


def test_elastic_part_is_added_once():
    options = AugmentOptions(rotate=False, flip=False, scale=0, elastic=4, grid=4)
    moved = random_coordinates(
        np.random.default_rng(0), options, image_shape=(50, 50), size=(50, 50), centre=(24.5,) * 2
    )
    steps = moved - np.mgrid[:50, :50]
    assert 1 < steps.std() < 8
    assert np.abs(np.diff(steps, axis=1)).max() < 2, "smooth"


def test_mosaic_holds_four_images_with_their_labels_and_weights():
    examples = [
        make_example(np.full((1, 90, 100), k, np.float32), np.full((90, 100), k, np.uint8), np.full((90, 100), k, "f4"))
        for k in range(4)
    ]
    for seed in range(5):
        one, same = (mosaic(examples, np.random.default_rng(seed), SHAPES_ONLY, **SIZES) for _ in range(2))
        assert_equal_samples(one, same)
        assert np.unique(one.classes).tolist() == [0, 1, 2, 3]
        np.testing.assert_array_equal(one.weights, one.classes)
        np.testing.assert_allclose(middle(one.image, (40, 44))[0], one.classes, atol=1e-4)
        corners = [one.image[0, 0, 0], one.image[0, 0, -1], one.image[0, -1, 0], one.image[0, -1, -1]]
        np.testing.assert_allclose(corners, [0, 1, 2, 3], atol=1e-4)
        for k in range(4):
            assert (one.classes == k).mean() >= 0.05


def test_parts_of_an_example_must_fit():
    with pytest.raises(InputError, match="weights"):
        make_example(np.zeros((1, 5, 6), np.float32), np.zeros((5, 6), np.uint8), np.zeros((5, 5), np.float32))
