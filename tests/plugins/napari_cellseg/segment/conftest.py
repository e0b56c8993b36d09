"""A tiny network that finds bright cells, and an image of some."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cellseg
from cellseg.models.trained import as_model, save


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    """A network of random weights; its probabilities lie around 0.5."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    save(as_model(cellseg.build("unet", base=2, depth=2, norm="batch")), path)
    return path


@pytest.fixture(scope="session")
def pixels():
    """(3, 150, 210) bright discs on noise, uint8."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:150, :210]
    planes = []
    for shift in range(3):
        plane = rng.normal(40, 8, (150, 210))
        for top in range(20, 150, 40):
            for left in range(20, 210, 40):
                plane[(y - top - shift) ** 2 + (x - left) ** 2 < 120] += 120
        planes.append(plane.clip(0, 255))
    return np.stack(planes).astype(np.uint8)
