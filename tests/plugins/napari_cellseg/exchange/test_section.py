"""Import and export from the window: what was read is on the layer, and undo takes it back."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari_cellseg.exchange.section import ExchangeSection
from napari_cellseg.session import Session


@pytest.fixture
def opened(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    section = ExchangeSection(Session(viewer))
    qtbot.addWidget(section)

    def end_of(work):
        with qtbot.waitSignal(section.ended, timeout=30_000) as end:
            work()
        return end.args[0]

    return viewer, section, end_of


def test_there_and_back_in_the_window(opened, annotated, tmp_path):
    viewer, section, end_of = opened
    meant = {"cellseg": {"project": "", "image": "a", "what": "annotation"}}
    stack = np.stack([annotated, annotated[::-1]])
    viewer.add_labels(stack, name="full", metadata=meant)
    for name, file in (("TIFF labels", "a.tif"), ("Fiji ROI set", "a.zip")):
        viewer.layers.selection.active = viewer.layers["full"]
        assert "wrote" in end_of(lambda file=file, name=name: section.write(tmp_path / file, name))
    assert tifffile.imread(tmp_path / "a.tif").shape == stack.shape

    empty = viewer.add_labels(np.zeros_like(stack), name="empty", metadata=meant)
    changed = []
    section._session.signals.annotation_changed.connect(changed.append)
    said = end_of(lambda: section.read(tmp_path / "a.tif", "TIFF labels", "background"))
    assert said == "imported 2 planes into empty"
    assert changed == [empty]
    np.testing.assert_array_equal(empty.data, stack)
    empty.undo()
    empty.undo()
    assert not empty.data.any()
    end_of(lambda: section.read(tmp_path / "a.zip", "Fiji ROI set", "unknown"))
    np.testing.assert_array_equal(empty.data, np.where(stack > 1, stack, 0))

    tifffile.imwrite(tmp_path / "b.tif", np.zeros((7, 9), np.uint8))
    assert "is 1 x 7 x 9" in end_of(lambda: section.read(tmp_path / "b.tif", "TIFF labels"))
    assert section._import.isEnabled()
    viewer.layers.clear()
    assert "no labels layer" in end_of(lambda: section.write(tmp_path / "c.tif"))
