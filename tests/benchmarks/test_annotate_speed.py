"""Processor time of annotating a 10,000 x 10,000 image with 10,000 cells, without a window. Prints figures."""

from __future__ import annotations

import time

import numpy as np
import pytest

pytestmark = pytest.mark.benchmark

SIZE = 10_000
PITCH = 100


@pytest.fixture(scope="module")
def target():
    from napari.layers import Labels
    from napari_cellseg.annotate.layer import AnnotatedLayer
    from napari_cellseg.project.palette import annotation_colormap

    y, x = np.mgrid[:PITCH, :PITCH] - PITCH // 2
    disc = (np.hypot(y, x) < 40) & (np.hypot(y, x) > 4)
    labels = np.tile(disc.astype(np.uint32), (SIZE // PITCH, SIZE // PITCH))
    numbers = np.arange(2, (SIZE // PITCH) ** 2 + 2, dtype=np.uint32).reshape(SIZE // PITCH, -1)
    labels *= np.kron(numbers, np.ones((PITCH, PITCH), np.uint32))
    return AnnotatedLayer(Labels(labels, colormap=annotation_colormap()))


def spent(what: str, action, times: int = 1) -> None:
    """Print the processor time of an action in milliseconds: the longest of some times."""
    longest = 0.0
    for _ in range(times):
        start = time.process_time()
        action()
        longest = max(longest, time.process_time() - start)
    print(f"{what}: {longest * 1e3:.1f} ms")


def test_keys_and_strokes(target):
    from napari_cellseg.annotate import edits
    from napari_cellseg.annotate.index import Cell

    layer, index = target.layer, target.index
    steps = index.build()
    spent("index, longest of its pieces", lambda: next(steps), 50)
    spent("index, the rest of 400 pieces", lambda: list(steps))

    def stroke():
        with layer.block_history():
            for step in range(20):
                layer.paint((5000 + 5 * step, 5000 + 5 * step), 20_000)

    spent("stroke of 20 dabs, napari and index", stroke)
    spent("next free number", index.free_number, 5)
    spent("next cell", lambda: index.neighbour(Cell(0, 5000), 1), 5)

    def edit(number, function, margin=0):
        box = index.box(Cell(0, number)).grown(margin, target.shape[1:])
        before = target.read(0, box)
        target.apply(0, [edits.changes(before, function(before, number), box)])

    spent("fill holes", lambda: edit(1234, edits.fill_holes))
    spent("smooth", lambda: edit(1235, lambda labels, cell: edits.smooth(labels, cell, 2.0), 8))
    line = edits.line_pixels(np.array([[-5.0, 30.0], [85.0, 42.0]]), (79, 79))
    spent("split", lambda: edit(1236, lambda labels, cell: edits.split(labels, cell, line, 30_000)))
    spent("delete", lambda: edit(1237, lambda labels, cell: edits.relabel(labels, cell, 0)))
    spent("undo", target.undo)
    spent("undo by napari alone", layer.undo)
    assert index.box(Cell(0, 1237)) is not None


def test_suggestions():
    from napari_cellseg.annotate.suggest import WindowSurvey, features, rank, windows

    image = np.random.default_rng(0).integers(0, 200, (SIZE, SIZE), np.uint8)
    places = windows((1, SIZE, SIZE))
    found = []
    spent("features of a window, longest", lambda: found.append(features(image[places[len(found)].box.slices])), 50)
    start = time.process_time()
    found += [features(image[place.box.slices]) for place in places[50:]]
    print(f"features of all {len(places)} windows: {time.process_time() - start:.2f} s, in pieces")
    known = np.arange(len(places)) % 3 == 0
    spent("ranking", lambda: rank(WindowSurvey(tuple(places), np.array(found), np.linspace(0, 1, len(places))), known))
