"""Averaging a prediction over turned and mirrored versions of a tile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

Logits = Callable[[Tensor], Tensor]


def averaged(network: Any, x: Tensor, average: str) -> Tensor:
    """Probabilities (N, classes, h, w) of a batch (N, C, H, W).

    "none" is the network's softmax; "dihedral8" is the mean over the 8 symmetries of the square, each
    turned back before it is added.
    """
    if average == "none":
        return torch.softmax(network(x).float(), dim=1)
    total: Any = 0
    for quarter in range(4):
        for flip in (False, True):
            p = torch.softmax(network(_turn(x, quarter, flip)).float(), dim=1)
            total = total + _turn_back(p, quarter, flip)
    mean: Tensor = total / 8
    return mean


def _turn(x: Tensor, quarter: int, flip: bool) -> Tensor:
    x = torch.rot90(x, quarter, (-2, -1))
    return (torch.flip(x, (-1,)) if flip else x).contiguous(memory_format=torch.channels_last)


def _turn_back(x: Tensor, quarter: int, flip: bool) -> Tensor:
    return torch.rot90(torch.flip(x, (-1,)) if flip else x, -quarter, (-2, -1))
