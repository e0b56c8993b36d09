"""Eff-UNet: EfficientNet as encoder, the U-Net's expanding path.

Source: Tan, Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019, arXiv 1905.11946,
table 1; joined with the U-Net as in Baheti et al.: Eff-UNet, CVPR Workshops 2020.
"""

from __future__ import annotations

import math

from torch import nn

from cellseg.models.encoded import EncodedUNet, Encoder
from cellseg.models.mbconv import MBConv, in_eights, unit
from cellseg.options import EffUNetOptions, Variant

STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
"""Table 1, B0: expansion, kernel, stride of the first, channels, blocks."""
SCALES: dict[Variant, tuple[float, float]] = {
    "b0": (1.0, 1.0),
    "b1": (1.0, 1.1),
    "b2": (1.1, 1.2),
    "b3": (1.2, 1.4),
    "b4": (1.4, 1.8),
}
"""The compound rule: by how much wider, by how much deeper."""
DROP = 0.2
"""How often the last block is left out while it learns; the others in proportion to their depth."""


def efficientnet(variant: Variant, channels: int, depth: int) -> Encoder:
    """The encoder for images of `channels` channels."""
    wider, deeper = SCALES[variant]
    counts = [math.ceil(blocks * deeper) for *_, blocks in STAGES]
    before = in_eights(32 * wider)
    features: list[nn.Module] = [unit(channels, before, 3, nn.SiLU, 2)]
    widths, halves, done = [before], [0], 0
    for (expand, kernel, stride, width, _), count in zip(STAGES, counts, strict=True):
        if stride == 2:
            halves.append(len(features))
        width, blocks = in_eights(width * wider), []
        for block in range(count):
            drop = DROP * done / sum(counts)
            blocks.append(MBConv(before, width, kernel, 1 if block else stride, expand, drop))
            before, done = width, done + 1
        features.append(nn.Sequential(*blocks))
        widths.append(width)
    return Encoder(features, widths, halves, depth)


class EffUNet(EncodedUNet):
    """The U-Net with EfficientNet as encoder."""

    def __init__(self, options: EffUNetOptions) -> None:
        super().__init__(options, efficientnet(options.variant, options.channels, options.depth))
