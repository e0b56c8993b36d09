"""A U-Net whose contracting path is the encoder of a classification network."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from cellseg.models.blocks import Head, double_convolution, expand, expanding_path, initialise
from cellseg.models.network import Heads, Network
from cellseg.options import MobileUNetOptions


class Encoder(nn.Module):
    """The features of a classification network, cut off where they were halved `depth` times.

    Args:
        features: what it is made of, in order.
        channels: channels behind each of them.
        halves: numbers of the features that halve their input.
        depth: how often the image is halved.

    `forward` gives the last map of each scale, from half the size on.
    """

    def __init__(
        self, features: Sequence[nn.Module], channels: Sequence[int], halves: Sequence[int], depth: int
    ) -> None:
        super().__init__()
        ends = [*halves[1:], len(features)][:depth]
        self.features = nn.Sequential(*features[: ends[-1]])
        self.ends = tuple(end - 1 for end in ends)
        self.channels = tuple(channels[end] for end in self.ends)

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = []
        for k, feature in enumerate(self.features):
            x = feature(x)
            if k in self.ends:
                maps.append(x)
        return maps


class EncodedUNet(Network):
    """An encoder and the U-Net's expanding path; the finest level has no skip."""

    def __init__(self, options: MobileUNetOptions, encoder: Encoder) -> None:
        super().__init__(options)
        self.encoder = encoder
        self.dropout = nn.Dropout(options.dropout)
        width = [options.base * 2**level for level in range(options.depth)]
        skips = [0, *encoder.channels[:-1]]
        self.up, self.join = expanding_path(
            encoder.channels[-1], skips, width, double_convolution, options.norm, options.up, "same"
        )
        self.classify = Head(width[0], options.classes, 1)
        initialise(self)

    def heads(self, x: Tensor) -> Heads:
        *skips, deepest = self.encoder(x)
        x = expand([None, *skips, self.dropout(deepest)], self.up, self.join)
        return Heads([self.classify(x)])
