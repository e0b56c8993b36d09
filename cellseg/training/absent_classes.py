"""Classes that no label has, such as the background of tissue that fills the image: the network never gives them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from cellseg.arrays import Int64
from cellseg.models.blocks import Head

SILENT = -100.0
"""Logit of a class that was never seen: it stays below those of networks with random weights, too."""


def absent_classes(counts: Int64, classes: int) -> list[int]:
    """Of the first `classes` those without a pixel in `counts` (256,), known pixels per class."""
    return np.flatnonzero(counts[:classes] == 0).tolist()


@torch.no_grad()
def silence(network: nn.Module, absent: Sequence[int]) -> None:
    """Let every head of a network with random weights begin with `SILENT` for some classes, whatever it sees.

    Without it chance gives these classes to some pixels: no label ever says that they are wrong in particular.
    """
    for head in (module for module in network.modules() if isinstance(module, Head)):
        for one in absent:
            head.weight[one] = 0
            if head.bias is not None:
                head.bias[one] = SILENT
