"""U-Net++, 2018: dense skips, a head at every depth, and a network that can be cut off at any of them.

X(i, j) = H([X(i, 0), ..., X(i, j - 1), up(X(i + 1, j - 1))]), H two convolutions, i the level, j the place along its
skip; X(i, 0) is the contracting path, and the head of depth j reads X(0, j).

Source: Zhou et al.: UNet++: A Nested U-Net Architecture, DLMIA 2018, arXiv 1807.10165; UNet++: Redesigning Skip
Connections, IEEE TMI 2020, arXiv 1912.05074.
"""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from cellseg.errors import InputError
from cellseg.models.blocks import (
    Head,
    contract,
    contracting_path,
    double_convolution,
    enlargement,
    initialise,
    joined,
    widths,
)
from cellseg.models.network import Heads, Network
from cellseg.models.unet import smallest_size
from cellseg.options import UNetPlusPlusOptions


class UNetPlusPlus(Network):
    """The nested U-Net. Its nodes are named by level and place, so that a pruned one has the same names."""

    def __init__(self, options: UNetPlusPlusOptions) -> None:
        super().__init__(options)
        depth, norm, padding = options.depth, options.norm, options.padding
        width = widths(options.base, depth)
        places = _places(depth)
        self.down = contracting_path(options.channels, width, double_convolution, norm, padding)
        self.dropout = nn.Dropout(options.dropout)
        self.up = nn.ModuleDict(
            {f"{i}_{j}": enlargement(width[i + 1], width[i], options.up, padding) for i, j in places}
        )
        self.join = nn.ModuleDict(
            {f"{i}_{j}": double_convolution((j + 1) * width[i], width[i], norm, padding) for i, j in places}
        )
        depths = range(1 if options.deep_supervision else depth, depth + 1)
        self.classify = nn.ModuleDict({f"{j}": Head(width[0], options.classes, 1) for j in depths})
        initialise(self)

    def smallest(self) -> int:
        return smallest_size(self.options)

    def heads(self, x: Tensor) -> Heads:
        rows = [[x] for x in contract(x, self.down, self.dropout)]
        for i, j in _places(self.options.depth):
            above = self.up[f"{i}_{j}"](rows[i + 1][j - 1])
            rows[i].append(self.join[f"{i}_{j}"](joined([*rows[i], above])))
        return Heads([head(rows[0][int(j)]) for j, head in self.classify.items()])

    def merged(self, heads: list[Tensor]) -> Tensor:
        """Logits whose softmax is the mean of the heads' probabilities."""
        if len(heads) == 1:
            return heads[0]
        return torch.stack([torch.log_softmax(x, dim=1) for x in heads]).logsumexp(dim=0) - math.log(len(heads))

    def pruned(self, depth: int) -> UNetPlusPlus:
        """The network of one depth: its own head, and none of the nodes below. Source: Zhou et al. 2018, figure 3."""
        if depth > self.options.depth:
            raise InputError(f"--prune {depth} is deeper than the network", f"It has {self.options.depth} depths.")
        if f"{depth}" not in self.classify:
            raise InputError(
                f"--prune {depth}: the network has no head at that depth", "Train it with --deep-supervision."
            )
        with torch.device("meta"):
            small = UNetPlusPlus(replace(self.options, depth=depth, deep_supervision=False))
        wanted = small.state_dict()
        small.load_state_dict({name: x for name, x in self.state_dict().items() if name in wanted}, assign=True)
        return small.train(self.training)


def _places(depth: int) -> list[tuple[int, int]]:
    """Level i and place j along its skip of each node, in the order in which they are computed."""
    return [(i, j) for j in range(1, depth + 1) for i in range(depth + 1 - j)]
