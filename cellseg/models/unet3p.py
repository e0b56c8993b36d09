"""U-Net 3+, 2020: every level of the decoder sees every scale.

D(i) = H([C(pool(E(k))) for finer k < i, C(E(i)), C(up(D(k))) for coarser k > i]), with D(deepest) = E(deepest), C a
convolution to 64 channels, H one of all that are joined: 5 x 64 = 320 in every level.

Source: Huang et al.: UNet 3+: A Full-Scale Connected UNet for Medical Image Segmentation, ICASSP 2020,
arXiv 2004.08790.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, max_pool2d

from cellseg.models.blocks import (
    Head,
    contract,
    contracting_path,
    convolution,
    double_convolution,
    enlarge,
    initialise,
    widths,
)
from cellseg.models.network import Heads, Network
from cellseg.options import UNet3PlusOptions

ABSENT = 30.0
"""Taken off the logits of a class that is not there: its probability becomes 0 to rounding."""


class FullScale(nn.Module):
    """A level of the decoder: maps of all scales, brought to its own, joined, and convolved."""

    def __init__(self, level: int, channels: list[int], options: UNet3PlusOptions) -> None:
        super().__init__()
        self.level = level
        self.take = nn.ModuleList(nn.Sequential(*convolution(c, options.base, options.norm, "same")) for c in channels)
        joined = options.base * len(channels)
        self.join = nn.Sequential(*convolution(joined, joined, options.norm, "same"))

    def forward(self, maps: list[Tensor]) -> Tensor:
        """`maps` by scale, finest first."""
        taken = [take(self._at_my_scale(k, x)) for k, (take, x) in enumerate(zip(self.take, maps, strict=True))]
        found: Tensor = self.join(torch.cat(taken, dim=1))
        return found

    def _at_my_scale(self, scale: int, x: Tensor) -> Tensor:
        if scale < self.level:
            return max_pool2d(x, 2 ** (self.level - scale))
        return enlarge(x, 2 ** (scale - self.level))


class UNet3Plus(Network):
    """Full-scale skips, a head at every level, and a classification that gates them."""

    def __init__(self, options: UNet3PlusOptions) -> None:
        super().__init__(options)
        depth = options.depth
        width, joined = widths(options.base, depth), options.base * (depth + 1)
        self.down = contracting_path(options.channels, width, double_convolution, options.norm, "same")
        self.dropout = nn.Dropout(options.dropout)
        coarser = [*[joined] * (depth - 1), width[-1]]
        self.join = nn.ModuleList(
            FullScale(level, [*width[: level + 1], *coarser[level:]], options) for level in range(depth)
        )
        inputs = [*[joined] * depth, width[-1]] if options.deep_supervision else [joined]
        self.classify = nn.ModuleList(Head(c, options.classes, 3, padding=1) for c in inputs)
        if options.guidance:
            self.guide = nn.Sequential(
                nn.Dropout(0.5), nn.Conv2d(width[-1], options.classes - 1, 1), nn.AdaptiveMaxPool2d(1), nn.Flatten()
            )
        initialise(self)

    def heads(self, x: Tensor) -> Heads:
        maps = contract(x, self.down, self.dropout)
        presence = self.guide(maps[-1]) if self.options.guidance else None
        for level in reversed(range(len(self.join))):
            maps[level] = self.join[level](maps)
        sides = [enlarge(head(maps[k]), 2**k) for k, head in enumerate(self.classify)]
        if presence is not None:
            sides = [self._gated(side, presence) for side in sides]
        return Heads(sides[::-1], presence)

    def _gated(self, logits: Tensor, presence: Tensor) -> Tensor:
        """Logits in which the probability of each class is multiplied by whether it is there at all.

        While it learns, by the probability of that; else by the decision, 0 or 1. The background is always there.
        """
        gate = logsigmoid(presence) if self.training else -ABSENT * (presence < 0).to(logits.dtype)
        background = torch.zeros_like(gate[:, :1])
        return logits + torch.cat([background, gate], dim=1)[:, :, None, None]
