"""Layers to import into and export from."""

from __future__ import annotations

import numpy as np
import pytest
from napari_cellseg.exchange.target import Target

import cellseg


@pytest.fixture(scope="session")
def annotated():
    """(96, 120) values of a project: cells 2 and up, one with a hole, one in two pieces, a strip nobody annotated."""
    labels = cellseg.make_sample("touching", (96, 120), np.random.default_rng(0))[1].astype(np.uint32)
    values = np.where(labels > 0, labels + 3, 1).astype(np.uint32)
    values[40:60, 40:60], values[45:50, 45:50] = 900, 1
    values[5:10, 5:10] = values[20:25, 8:12] = 901
    values[:, 100:] = 0
    return values


@pytest.fixture
def layer():
    """Makes a target of values, or an empty one of a shape."""

    def make(values, *, annotation=True, **more):
        data = np.zeros(values, np.uint32) if isinstance(values, tuple) else values
        return Target("labels", data, annotation, **more)

    return make


@pytest.fixture
def put():
    """Sets what was read in a target."""

    def do(incoming, target):
        for plane, values in incoming:
            target.data[(*target.index(plane), slice(None), slice(None))] = values
        return target.data

    return do
