"""Images to look at first: what is odd about them in words."""

from dataclasses import replace
from math import nan
from pathlib import Path

import numpy as np
import pytest

from cellseg.report.facts import ImageFacts
from cellseg.report.remarks import first_to_see, remarks_on

PLAIN = ImageFacts(
    name="a",
    result=Path("a.tif"),
    shape=(1, 100, 100),
    pixel_um=0.5,
    cells=50,
    cut=5,
    sizes=(80.0, 100.0, 120.0),
    size_unit="um2",
    unit_size=0.25,
    certainty=0.9,
)


def usual(count: int = 9) -> list[ImageFacts]:
    """Images that differ a little, as images do."""
    rng = np.random.default_rng(0)
    return [
        replace(PLAIN, cells=50 + int(d), cut=5 + int(d) // 4, sizes=(80.0, 100.0 + d, 120.0), certainty=0.9 - d / 500)
        for d in rng.integers(-8, 9, count)
    ]


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"cells": 0, "cut": 0, "sizes": (nan, nan, nan)}, "no cells found"),
        ({"cells": 4, "cut": 0}, "few cells: 4, usual are 4"),
        ({"cells": 300, "cut": 30}, "many cells: 300, usual are 4"),
        ({"sizes": (10.0, 20.0, 30.0)}, "small cells: median 5 µm², usual are 2"),
        ({"sizes": (300.0, 400.0, 500.0)}, "large cells: median 100 µm², usual are 2"),
        ({"certainty": 0.7}, "low certainty: 0.70"),
        ({"cut": 30}, "30 of 50 cells are cut by the border"),
        ({"notes": ("hot pixels",)}, "hot pixels"),
    ],
)
def test_what_is_odd_is_said_of_that_image_alone(odd, words):
    remarks = remarks_on([*usual(), replace(PLAIN, **odd)])
    assert remarks[-1][0].text.startswith(words)
    assert first_to_see(remarks) == [9]


@pytest.mark.parametrize("count", [1, 4])
def test_few_images_are_not_compared(count):
    images = [replace(PLAIN, cells=10**k, sizes=(1.0, 4.0**k, 900.0), cut=0) for k in range(count)]
    assert remarks_on(images) == [[]] * count


def test_few_images_are_judged_by_themselves():
    (remarks,) = remarks_on([replace(PLAIN, certainty=0.3, cut=40)])
    assert [remark.text for remark in remarks] == ["low certainty: 0.30", "40 of 50 cells are cut by the border"]


def test_counts_are_compared_by_the_size_of_the_image():
    larger = replace(PLAIN, shape=(1, 200, 200), cells=204, cut=20)
    assert remarks_on([*usual(), larger])[-1] == []


def test_unknown_certainty_and_images_without_cells_spoil_no_median():
    nothing = replace(PLAIN, cells=0, cut=0, sizes=(nan,) * 3, certainty=None)
    remarks = remarks_on([*usual(), nothing, nothing])
    assert [len(each) for each in remarks] == [0] * 9 + [1] * 2
