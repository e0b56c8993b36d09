from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellseg.images import pyramid
from cellseg.images.layout import ResultLayout
from cellseg.images.pyramid import halved, level_shapes, with_copies


def test_levels_end_where_the_whole_fits_a_screen():
    assert level_shapes(32768, 20001) == [
        (32768, 20001),
        (16384, 10001),
        (8192, 5001),
        (4096, 2501),
        (2048, 1251),
        (1024, 626),
    ]
    assert level_shapes(1024, 7) == [(1024, 7)]


@pytest.mark.parametrize(
    ("square", "wanted"),
    [([1, 1, 2, 3], 1), ([1, 2, 1, 3], 1), ([1, 2, 3, 1], 1), ([1, 2, 2, 3], 2), ([1, 2, 3, 2], 2), ([1, 2, 3, 3], 3),
     ([1, 1, 2, 2], 1), ([0, 7, 7, 7], 7), ([1, 2, 3, 4], 1)],
)  # fmt: skip
def test_labels_take_the_commonest_of_four(square, wanted):
    assert halved(np.array(square, np.uint32).reshape(2, 2), labels=True).tolist() == [[wanted]]


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "uint32", "float32", "float64"])
def test_other_values_take_the_mean(dtype):
    rows = np.array([[1, 2, 5], [3, 4, 7], [100, 100, 9]], dtype)
    found = halved(rows, labels=False)
    assert found.dtype == rows.dtype
    whole = dtype.startswith(("u", "i"))
    np.testing.assert_array_equal(found, [[3 if whole else 2.5, 6], [100, 9]])


def test_the_mean_of_large_integers_does_not_overflow():
    assert halved(np.full((2, 2), 2**32 - 1, np.uint32), labels=False).item() == 2**32 - 1


@given(st.integers(1, 150), st.integers(1, 90), st.booleans(), st.sampled_from([(16, 16), (32, 48)]))
def test_copies_built_in_passing_are_those_of_the_whole(height, width, labels, tile):
    layout = ResultLayout(height=height, width=width, dtype=np.dtype(np.uint8), channels=2, tile=tile, labels=labels)
    image = np.random.default_rng(0).integers(0, 4, (2, height, width), np.uint8)
    shapes = [(height, width)]
    while max(shapes[-1]) > 9:
        shapes.append(tuple(-(-side // 2) for side in shapes[-1]))
    levels = [[np.full(shape, 99, np.uint8) for shape in shapes] for _ in image]

    def sink(sheet):
        def write(level, top, rows):
            assert len(rows) <= tile[0]
            levels[sheet][level][top : top + len(rows)] = rows

        return write

    blocks = (sheet[region] for sheet in image for region in layout.tiles)
    passed = list(with_copies(layout, blocks, shapes, sink))
    assert len(passed) == 2 * len(layout.tiles)
    for sheet, found in zip(image, levels, strict=True):
        wanted = sheet
        for copy in found:
            np.testing.assert_array_equal(copy, wanted)
            wanted = halved(wanted, labels)


def test_only_integers_are_labels_by_default():
    def layout(dtype, **more):
        return ResultLayout(height=1, width=1, dtype=np.dtype(dtype), **more)

    assert layout("uint32").holds_labels
    assert not layout("float32").holds_labels
    assert not layout("uint8", labels=False).holds_labels


def test_no_more_than_two_bands_are_held():
    import tracemalloc

    layout = ResultLayout(height=4096, width=2048, dtype=np.dtype(np.uint32), tile=(64, 64))
    band = 64 * 2048 * 4
    blocks = (np.zeros((64, 64), np.uint32) for _ in layout.tiles)
    tracemalloc.start()
    for _ in with_copies(layout, blocks, pyramid.level_shapes(4096, 2048), lambda sheet: lambda level, top, rows: None):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * band  # two bands of the levels, and what halving one needs
