"""Labels into each format and back: the same pixels, whatever cells look like and whatever their numbers are."""

from __future__ import annotations

import itertools
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import cellseg
from cellseg.errors import InputError
from cellseg.images.source import array_source
from tests.metrics.drawing import draw

ENDINGS = (".zip", ".geojson", ".json", ".png", ".tif", ".ome.zarr")
LARGEST = dict.fromkeys(ENDINGS, 2**32 - 1) | {".png": 2**16 - 1}
"""Largest number of a cell by format."""
NUMBERS = (1, 2, 255, 256, 60_535, 65_535, 65_536, 999_999_999, 1_000_000_000, 2**31, 2**32 - 1)
SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9))
COUNT = itertools.count()


@st.composite
def labels_up_to(draw_one, largest):
    """Labels (H, W): pixels drawn one by one have holes, pieces, corners that touch, and cells of one pixel."""
    known = [0, *(number for number in NUMBERS if number <= largest)]
    chosen = draw_one(st.lists(st.sampled_from(known), min_size=2, max_size=4, unique=True))
    labels = draw_one(arrays(np.int64, SHAPES, elements=st.sampled_from(chosen)))
    labels[-1, -1] = max(chosen)  # an empty ROI set is refused
    return labels


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round")


@pytest.mark.parametrize("ending", ENDINGS)
def test_any_labels_come_back_pixel_by_pixel(folder, ending):
    @settings(max_examples=25)
    @given(labels=labels_up_to(LARGEST[ending]))
    def there_and_back(labels):
        file = folder / f"{next(COUNT)}{ending}"
        assert cellseg.convert(labels, file, labels_are="instances") == np.unique(labels[labels > 0]).size
        back = cellseg.open_labels(file, like=array_source(labels)).read(0)[0]
        np.testing.assert_array_equal(back, labels)

    there_and_back()


@settings(max_examples=15)
@given(labels=labels_up_to(2**32 - 1))
def test_regions_of_fiji_come_back_as_the_same_bytes(folder, labels):
    one, two, image = (folder / f"{next(COUNT)}{ending}" for ending in (".zip", ".zip", ".npy"))
    np.save(image, np.zeros(labels.shape, np.uint8))
    cellseg.convert(labels, one, labels_are="instances")
    cellseg.convert(one, two, like=image)
    contents = [{name: file.read(name) for name in file.namelist()} for file in map(ZipFile, (one, two))]
    assert contents[0] == contents[1]


PIECES = draw("""
    a.a.a.a.a
    .........
    a.a.a.a.a
""").astype(np.uint16)


@pytest.mark.parametrize("ending", [".zip", ".geojson", ".json"])
@pytest.mark.parametrize("number", [1, 7])
def test_a_single_cell_in_pieces_is_one_cell(folder, ending, number):
    """Values alone would say that it is a mask, or a class."""
    labels, file, image = PIECES * number, folder / f"{next(COUNT)}{ending}", folder / "image.npy"
    np.save(image, np.zeros(labels.shape, np.uint8))
    cellseg.convert(labels, file, labels_are="instances")
    assert cellseg.convert(file, folder / "back.tif", like=image) == 1
    np.testing.assert_array_equal(cellseg.open_image(folder / "back.tif").read(0)[0], labels)
    assert len(cellseg.measure_file(file, image)) == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_numbers_that_a_format_does_not_hold_are_refused(folder, ending):
    labels, file = PIECES.astype(np.int64) * (LARGEST[ending] + 1), folder / f"large{ending}"
    with pytest.raises(InputError, match=rf"{LARGEST[ending] + 1}.* {LARGEST[ending]}"):
        cellseg.convert(labels, file, labels_are="instances")
    assert not file.exists()


def test_a_png_says_how_many_cells_it_cannot_hold(folder):
    labels = np.arange(1, 66_001).reshape(200, 330).repeat(2, 0).repeat(2, 1)
    with pytest.raises(InputError, match="66000 cells with numbers up to 66000, a PNG holds 65535"):
        cellseg.convert(labels, folder / "many.png", labels_are="instances")
