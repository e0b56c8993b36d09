"""The displacement field and reading along it, against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cellseg.errors import InputError
from cellseg.preprocess.elastic import displacement_field, spline_basis, warp


def smooth_image(shape=(60, 70), seed=0):
    return ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 2)


def scipy_warp(image, field, order):
    grid = np.mgrid[: image.shape[0], : image.shape[1]] + field
    return ndimage.map_coordinates(image.astype(float), grid, order=order, mode="mirror")


@pytest.mark.parametrize("shape", [(101, 121), (40, 57), (1, 30), (1, 1)])
@pytest.mark.parametrize("grid", [(3, 3), (2, 5)])
def test_field_is_the_cubic_spline_through_the_vectors(shape, grid):
    field = displacement_field(shape, np.random.default_rng(3), grid, std=10.0)
    vectors = np.random.default_rng(3).normal(0.0, 10.0, (2, *grid))
    at = np.meshgrid(*(np.linspace(0, n - 1, m) for n, m in zip(grid, shape, strict=True)), indexing="ij")
    for part, nodes in zip(field, vectors, strict=True):
        expected = ndimage.map_coordinates(nodes, at, order=3, mode="mirror")
        np.testing.assert_allclose(part, expected, atol=1e-4)
    assert field.dtype == np.float32
    if min(shape) > 1:
        corners = field[:, :: shape[0] - 1, :: shape[1] - 1]
        ends = vectors[:, :: grid[0] - 1, :: grid[1] - 1]
        np.testing.assert_allclose(corners, ends, atol=1e-4)


def test_vectors_have_the_standard_deviation():
    fields = [displacement_field((3, 3), np.random.default_rng(seed)) for seed in range(300)]
    assert abs(np.std(fields) - 10) < 0.4
    assert abs(np.mean(fields)) < 0.6


def test_same_seed_same_field():
    one, same, other = (displacement_field((20, 30), np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_basis_sums_to_one():
    np.testing.assert_allclose(spline_basis(50, 3).sum(1), 1, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([0.4, 5.0, 200.0]), st.sampled_from([0, 1, 3]))
def test_warp_is_scipys(height, width, std, order):
    rng = np.random.default_rng(height * 13 + width)
    image = rng.random((height, width)).astype(np.float32)
    field = rng.normal(0, std, (2, height, width)).astype(np.float32)
    np.testing.assert_allclose(warp(image, field, order), scipy_warp(image, field, order), atol=1e-3)


@pytest.mark.parametrize("order", [0, 1, 3])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint32", "float32", "float64", "bool"])
def test_shape_and_type_stay(dtype, order):
    image = (smooth_image() > 0.5) if dtype == "bool" else (smooth_image() * 200).astype(dtype)
    field = displacement_field(image.shape, np.random.default_rng(0), std=3.0)
    out = warp(image, field, order)
    assert out.dtype == image.dtype
    exact = scipy_warp(image, field, order)
    error = np.abs(out - exact)
    assert np.median(error) < 0.5
    stack = warp(np.stack([image, image[::-1]]), field, order)
    np.testing.assert_array_equal(stack[0], out)


@pytest.mark.parametrize("order", [0, 1, 3])
def test_no_field_no_change(order):
    image = (smooth_image() * 1000).astype(np.float32)
    still = np.zeros((2, *image.shape), np.float32)
    np.testing.assert_allclose(warp(image, still, order), image, atol=1e-3)


def test_integers_are_kept_within_their_limits():
    image = np.zeros((20, 20), np.uint8)
    image[:, 10:] = 255
    half = np.full((2, 20, 20), 0.5, np.float32)
    out = warp(image, half, 3)
    assert (out[:, :6] == 0).all(), "an overshoot below 0 does not come out as 255"
    assert (out[:, 14:] == 255).all()


def test_reads_at_plus_the_field():
    image = np.arange(30.0).reshape(5, 6)
    field = np.zeros((2, 5, 6), np.float32)
    field[0], field[1] = 1, 2
    np.testing.assert_array_equal(warp(image, field, 0)[:4, :4], image[1:, 2:])


IMAGE, FIELD = np.zeros((5, 6), np.float32), np.zeros((2, 5, 6), np.float32)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((IMAGE, FIELD[:, :4], 1), "field"),
        ((IMAGE, FIELD, 2), "order"),
        ((IMAGE[0], FIELD, 1), "image"),
        ((IMAGE[None, None], FIELD, 1), "image"),
        ((IMAGE, np.zeros((3, 5, 6), np.float32), 1), "field"),
        ((IMAGE.astype(complex), FIELD, 1), "image"),
        ((IMAGE, FIELD * np.nan, 1), "finite"),
    ],
)
def test_refuses_what_does_not_fit(arguments, found):
    with pytest.raises(InputError, match=found):
        warp(*arguments)


@pytest.mark.parametrize(
    ("shape", "grid", "std"),
    [((5, 5), (3, 3), -1), ((0, 5), (3, 3), 1), ((5, 0), (3, 3), 1), ((5, 5), (3, 0), 1), ((5, 5), (3, 3), np.nan)],
)
def test_refuses_an_impossible_field(shape, grid, std):
    with pytest.raises(InputError, match="std"):
        displacement_field(shape, np.random.default_rng(0), grid, std)


def test_one_vector_moves_all_alike_and_a_deviation_of_0_moves_nothing():
    field = displacement_field((4, 5), np.random.default_rng(0), (1, 1))
    assert field.any()
    np.testing.assert_array_equal(field, np.broadcast_to(field[:, :1, :1], (2, 4, 5)))
    assert not displacement_field((4, 5), np.random.default_rng(0), std=0).any()


def test_what_is_kept_for_the_next_field_cannot_be_changed():
    assert spline_basis(20, 3) is spline_basis(20, 3)
    assert not spline_basis(20, 3).flags.writeable


def test_whole_numbers_that_float32_does_not_hold_stay():
    image = np.array([[2**24 + 1, 2**31 - 3], [-(2**31), 7]], np.int32)
    np.testing.assert_array_equal(warp(image, np.zeros((2, 2, 2)), 1), image)


def test_between_two_pixels_a_mask_takes_the_nearer_and_numbers_are_rounded():
    field = np.zeros((2, 1, 4), np.float32)
    field[1] = [0.4, 0.6, -0.4, 0.3]  # reads at 0.4, 1.6, 1.6 and, mirrored, 2.7
    assert warp(np.array([[10, 20, 30, 41]]), field, 0).tolist() == [[10, 30, 30, 41]]
    assert warp(np.array([[10, 20, 30, 41]]), field, 1).tolist() == [[14, 26, 26, 38]]
    assert warp(np.array([[False, True, True, False]]), field, 1).tolist() == [[False, True, True, False]]
