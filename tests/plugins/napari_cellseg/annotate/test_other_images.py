"""Places in images of the project that are not seen."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.annotate import other_images
from napari_cellseg.annotate.other_images import OtherImages
from napari_cellseg.annotate.suggest import features
from napari_cellseg.project.folder import Project

import cellseg


@pytest.fixture
def project(tmp_path):
    rng = np.random.default_rng(5)
    cellseg.write_stack(tmp_path / "flat.tif", rng.integers(0, 200, (300, 400), np.uint8))
    cellseg.write_stack(tmp_path / "deep.ome.tif", rng.integers(0, 999, (3, 70, 600), np.uint16))
    cellseg.write_stack(tmp_path / "gone.tif", np.zeros((40, 40), np.uint8))
    made = Project.create(tmp_path / "work", [tmp_path / name for name in ("flat.tif", "deep.ome.tif", "gone.tif")])
    (tmp_path / "gone.tif").unlink()
    return made


@pytest.mark.parametrize("whole", [1 << 24, 0])
def test_windows_of_all_but_the_image_in_hand(project, monkeypatch, whole):
    monkeypatch.setattr(other_images, "WHOLE", whole)
    others = OtherImages()
    (deep,) = others.look(project, "flat", 30)
    assert deep.image == "deep"
    assert {window.plane for window in deep.windows} == {0, 1, 2}
    window = deep.windows[7]
    pixels = project.source(project.image("deep")).read(window.plane, *window.box.slices)[0]
    assert deep.features[7] == pytest.approx(features(pixels))
    assert not deep.known.any()
    project.labels(project.image("deep"))[(window.plane, *window.box.slices)] = 1
    (deep,) = others.look(project, "flat", 30)
    assert deep.known.nonzero()[0].tolist() == [2, 7]  # windows of a low image share rows
    assert [each.image for each in others.look(project, "", 30)] == ["flat", "deep"]
    assert others.look(None, "", 30) == []
