"""The model that comes with the package finds nuclei, whatever the bits, the contrast and their size."""

import numpy as np
import pytest
from skimage.transform import rescale, resize

import cellseg
from cellseg.samples.sample import make_sample


@pytest.fixture(scope="module")
def model():
    return cellseg.load("nuclei")


@pytest.fixture(scope="module")
def sample():
    image, truth = make_sample("blobs", (320, 360), np.random.default_rng(5))
    return image, truth


def found_in(model, image):
    return cellseg.segment_array(model, image)


CHANGES = {
    "8 bits": lambda image: (image / image.max() * 255).astype(np.uint8),
    "16 bits with an offset": lambda image: (image / image.max() * 30_000 + 2000).astype(np.uint16),
    "floating point": lambda image: (image / image.max()).astype(np.float32),
    "inverted": lambda image: (255 - image / image.max() * 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_bits_and_contrast(model, change):
    """Of three drawings, as one of them has 20 cells, and two of these are hardly seen."""
    drawings = [make_sample("blobs", (320, 360), np.random.default_rng(seed)) for seed in (5, 6, 7)]
    scores = [
        cellseg.metrics.average_precision(found_in(model, CHANGES[change](image)), truth, 0.5)
        for image, truth in drawings
    ]
    assert np.mean(scores) > 0.9
    assert min(scores) > 0.75


@pytest.mark.parametrize("factor", [0.5, 2])
def test_size(model, sample, factor):
    image, truth = sample
    scaled = rescale(image.astype(np.float32), factor, order=1, anti_aliasing=factor < 1, preserve_range=True)
    wanted = resize(truth, scaled.shape, order=0, anti_aliasing=False, preserve_range=True).astype(np.int32)
    assert cellseg.metrics.average_precision(found_in(model, scaled), wanted, 0.5) > 0.7


def test_cells_are_found_by_name_on_the_command_line(cellseg_cli, sample, tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "image.tif", sample[0], photometric="minisblack")
    done = cellseg_cli("predict", "nuclei", tmp_path / "image.tif", "--out", tmp_path / "cells.tif")
    assert done.code == 0, done.err
    assert tifffile.imread(tmp_path / "cells.tif").max() > 5
