from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from cellseg.errors import InputError
from cellseg.labels.meaning import detect_kind
from cellseg.samples.sample import make_sample
from cellseg.samples.shapes import border_distance, mosaic, smooth_noise, window

KINDS = ("blobs", "touching", "em")


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_pixels(kind):
    first, second = (make_sample(kind, (96, 130), np.random.default_rng(5)) for _ in range(2))
    other, _ = make_sample(kind, (96, 130), np.random.default_rng(6))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (first[0] != other).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (33, 47)])
def test_any_size(kind, shape):
    image, labels = make_sample(kind, shape, np.random.default_rng(0))
    assert (image.shape, image.dtype, labels.shape, labels.dtype) == (shape, np.uint8, shape, np.uint16)


@pytest.mark.parametrize("kind", KINDS)
def test_labels_number_cells_without_a_gap(kind):
    image, labels = make_sample(kind, (256, 256), np.random.default_rng(1))
    assert np.unique(labels).tolist() == list(range(labels.max() + 1))
    assert labels.max() > 15
    assert detect_kind([labels]) == "instances"
    assert np.mean(image == 255) < 0.05


def _touching(labels) -> int:
    """Number of neighbouring pixels that belong to two cells."""
    across = (labels[:, 1:] != labels[:, :-1]) & (labels[:, 1:] > 0) & (labels[:, :-1] > 0)
    return int(across.sum())


def test_blobs_lie_apart_and_are_bright():
    image, labels = make_sample("blobs", (256, 256), np.random.default_rng(1))
    assert _touching(labels) == 0
    assert image[labels > 0].mean() > 3 * image[labels == 0].mean()


def test_touching_cells_touch_along_dim_seams():
    image, labels = make_sample("touching", (256, 256), np.random.default_rng(1))
    assert _touching(labels) > 500
    distance = border_distance(labels.astype(np.int32))
    assert image[(labels > 0) & (distance < 1)].mean() < 0.7 * image[(labels > 0) & (distance > 4)].mean()


def test_em_has_dark_membranes_between_all_cells():
    image, labels = make_sample("em", (256, 256), np.random.default_rng(1))
    assert _touching(labels) == 0
    assert image[labels == 0].mean() < 0.7 * image[labels > 0].mean()
    assert all(ndimage.label(labels == cell)[1] == 1 for cell in range(1, int(labels.max()) + 1))


def test_unknown_kinds_are_refused():
    with pytest.raises(InputError, match=r"no sample 'worms'. Choose one of: blobs, touching, em."):
        make_sample("worms", (8, 8), np.random.default_rng(0))


@pytest.mark.parametrize("scale", [2, 7.5, 40])
def test_noise_varies_over_its_scale(scale):
    noise = smooth_noise((200, 300), np.random.default_rng(0), scale)
    assert noise.shape == (200, 300)
    assert noise.dtype == np.float32
    assert 0.6 < noise.std() < 1.4
    assert np.abs(np.diff(noise, axis=0)).max() < 7 / scale


def test_a_mosaic_fills_the_plane():
    cells = mosaic((100, 140), np.random.default_rng(0), 20, 2)
    assert cells.min() > 0
    assert 15 < len(np.unique(cells)) < 90


@pytest.mark.parametrize("centre", [(0, 0), (5, 5), (9.4, -3), (30, 30)])
def test_windows_fit_each_other(centre):
    large, small = window((5, 7), centre, (10, 12))
    big = np.zeros((10, 12))
    assert big[large].shape == np.zeros((5, 7))[small].shape
