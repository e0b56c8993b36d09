"""What the panel for annotating says and which of its buttons are down, without a window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari_cellseg.annotate.amounts import counted
from napari_cellseg.annotate.buttons import buttons_down
from napari_cellseg.annotate.headline import AnnotateHeadline, chosen_words
from napari_cellseg.annotate.index import CellIndex


@pytest.mark.parametrize(
    ("unused", "target", "image", "begins", "begin", "use"),
    [
        (None, None, False, "Open an image", False, False),
        (None, None, True, "No annotation yet", True, False),
        (None, "a", True, "Annotating <b>a</b>", False, False),
        ("b", "a", True, "<b>b</b> is no annotation yet", False, True),
        ("b", None, False, "<b>b</b> is no annotation yet", False, True),
    ],
)
def test_the_headline_offers_what_can_be_done(unused, target, image, begins, begin, use):
    headline = AnnotateHeadline.of(unused=unused, target=target, image=image)
    assert headline.text.startswith(begins)
    assert (headline.begin, headline.use) == (begin, use)


def test_the_brush_says_what_it_paints():
    assert [chosen_words(number) for number in (0, 1, 7)] == ["Nothing: not annotated", "Background", "Cell 7"]


@pytest.mark.parametrize(
    ("mode", "number", "tool", "down"),
    [
        ("paint", 5, "", {"brush"}),
        ("paint", 1, "", {"background"}),
        ("erase", 1, "", {"eraser"}),
        ("pick", 5, "", {"pick"}),
        ("pan_zoom", 5, "split", {"split"}),
        ("polygon", 5, "", set()),
    ],
)
def test_buttons_show_the_brush_and_the_tool(mode, number, tool, down):
    assert buttons_down(mode, number, tool) == down


def test_the_counter_tells_of_the_plane_and_of_the_stack():
    labels = np.zeros((2, 10, 10), np.uint32)
    labels[1, :5, :2] = 2
    index = CellIndex(labels.shape, lambda plane, box: labels[plane][box.slices])
    layer = SimpleNamespace(metadata={}, scale=(1.0, 1.0, 1.0), units=("pixel",) * 3)
    target = SimpleNamespace(index=index, shape=labels.shape, layer=layer)
    assert counted(target, 0) == "Reading the annotation: 0%"
    list(index.build())
    assert counted(target, None) == "1 cell, 5.0% annotated (10 pixels)"
    assert counted(target, 1) == "Plane 2: 1 cell, 10.0% annotated (10 pixels)\nAll: 1 cell, 5.0% annotated (10 pixels)"
