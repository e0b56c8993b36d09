"""Small projects."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.project.folder import Project

import cellseg


@pytest.fixture
def project(tmp_path):
    """Two images: a single plane, and a stack of three."""
    rng = np.random.default_rng(5)
    cellseg.write_stack(tmp_path / "flat.tif", rng.integers(0, 200, (300, 400), np.uint8))
    cellseg.write_stack(tmp_path / "deep.ome.tif", rng.integers(0, 999, (3, 70, 600), np.uint16))
    return Project.create(tmp_path / "work", [tmp_path / "flat.tif", tmp_path / "deep.ome.tif"])
