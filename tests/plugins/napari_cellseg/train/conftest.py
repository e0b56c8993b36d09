"""Annotated samples, as layers and as files."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from napari_cellseg.project.folder import Project

from cellseg.samples.sample import make_sample

from .strokes import paint_strokes

TINY = {"base": 2, "depth": 1, "tile": 32, "batch": 1, "validate_every": 5, "save_every": 0.5}
"""A training that steps many times a second."""


@pytest.fixture
def sample():
    """An image float32 (192, 192), its cells, and strokes on some of them."""
    image, cells = make_sample("touching", (192, 192), np.random.default_rng(4))
    return image, cells, paint_strokes(cells, np.random.default_rng(1), count=6)


@pytest.fixture
def project(sample, tmp_path):
    """A project with that image and annotation."""
    image, _, strokes = sample
    tifffile.imwrite(tmp_path / "cells.tif", image)
    made = Project.create(tmp_path / "project", [tmp_path / "cells.tif"])
    made.labels(made.images[0])[:] = strokes
    return made
