"""Mobile-UNet: MobileNetV2 as encoder, the U-Net's expanding path.

Source: Sandler et al.: MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR 2018, arXiv 1801.04381, table 2;
joined with the U-Net as in Jing et al.: Mobile-Unet: An efficient convolutional neural network for fabric defect
detection, Textile Research Journal 2022.
"""

from __future__ import annotations

from torch import nn

from cellseg.models.encoded import EncodedUNet, Encoder
from cellseg.models.mbconv import InvertedResidual, unit
from cellseg.options import MobileUNetOptions

STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Table 2: expansion, channels, blocks, stride of the first."""


def mobilenet_v2(channels: int, depth: int) -> Encoder:
    """The encoder for images of `channels` channels."""
    features: list[nn.Module] = [unit(channels, 32, 3, nn.ReLU6, 2)]
    widths, halves = [32], [0]
    for expand, width, blocks, stride in STAGES:
        for block in range(blocks):
            if block == 0 and stride == 2:
                halves.append(len(features))
            features.append(InvertedResidual(widths[-1], width, stride if block == 0 else 1, expand))
            widths.append(width)
    return Encoder(features, widths, halves, depth)


class MobileUNet(EncodedUNet):
    """The U-Net with MobileNetV2 as encoder."""

    def __init__(self, options: MobileUNetOptions) -> None:
        super().__init__(options, mobilenet_v2(options.channels, options.depth))
