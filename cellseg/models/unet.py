"""U-Net, 2015: contracting path, expanding path, skips by centre crop, no padding.

Source: Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation,
MICCAI 2015, arXiv 1505.04597, figure 1.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from cellseg.models.blocks import Block, Head, double_convolution, expand, expanding_path, initialise
from cellseg.models.network import Heads, Network
from cellseg.options import UNetOptions, Upsampling


def valid_size(size: int, depth: int, up: Upsampling = "transposed") -> int | None:
    """Output side of a valid U-Net for `size` pixels, layer by layer; None where a layer cannot take its input."""
    for _ in range(depth):
        size -= 4
        if size <= 0 or size % 2:
            return None
        size //= 2
    size -= 4
    for _ in range(depth):
        if size <= 0:
            return None
        size = 2 * size - (4 if up == "transposed" else 6)
    return size if size > 0 else None


def smallest_size(options: UNetOptions) -> int:
    """The smallest side that the layers of a U-Net take."""
    if options.padding == "same":
        return 1 << options.depth
    return next(n for n in range(1, 1 << 14) if valid_size(n, options.depth, options.up))


class UNet(Network):
    """The network of 2015; `block` makes the convolutions of a level."""

    def __init__(self, options: UNetOptions, block: Block = double_convolution) -> None:
        super().__init__(options)
        width = [options.base * 2**level for level in range(options.depth + 1)]
        inputs = [options.channels, *width]
        norm, padding = options.norm, options.padding
        self.down = nn.ModuleList(block(i, o, norm, padding) for i, o in zip(inputs, width, strict=False))
        self.dropout = nn.Dropout(options.dropout)
        self.up, self.join = expanding_path(width[-1], width[:-1], width[:-1], block, norm, options.up, padding)
        self.classify = Head(width[0], options.classes, 1)
        initialise(self)

    def smallest(self) -> int:
        return smallest_size(self.options)

    def heads(self, x: Tensor) -> Heads:
        maps: list[Tensor | None] = []
        for level, block in enumerate(self.down):
            x = block(max_pool2d(x, 2) if level else x)
            if level >= len(self.down) - 2:  # the end of the contracting path
                x = self.dropout(x)
            maps.append(x)
        return Heads([self.classify(expand(maps, self.up, self.join))])
