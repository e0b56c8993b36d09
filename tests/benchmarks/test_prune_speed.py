"""What a pruned U-Net++ saves: processor time of a prediction by depth. Run by `make bench`."""

import time

import numpy as np
import pytest
import torch

import cellseg

pytestmark = pytest.mark.benchmark


def test_prune_speed():
    torch.manual_seed(0)
    network = cellseg.build("unetpp", base=16, depth=4, norm="batch").eval()
    image = np.random.default_rng(0).random((512, 512)).astype(np.float32)
    spent = {}
    for prune in (0, 4, 3, 2, 1):
        cellseg.predict_array(network, image[:64, :64], prune=prune)
        began = time.process_time()
        cellseg.predict_array(network, image, prune=prune, tile=512, precision="float32")
        spent[prune] = time.process_time() - began
        margin = (network.pruned(prune) if prune else network).geometry.margin
        print(
            f"\n--prune {prune}: {spent[prune]:.2f} s, {spent[0] / spent[prune]:.1f} times as fast, margin {margin} px"
        )
    assert spent[1] < spent[2] < spent[3] < spent[0]
