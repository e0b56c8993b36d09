"""U-Net, 2015: contracting path, expanding path, skips by centre crop, no padding.

Source: Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation,
MICCAI 2015, arXiv 1505.04597, figure 1.
"""

from __future__ import annotations

from torch import Tensor, nn

from cellseg.models.blocks import (
    Block,
    Head,
    contract,
    contracting_path,
    double_convolution,
    expand,
    expanding_path,
    initialise,
    widths,
)
from cellseg.models.network import Heads, Network
from cellseg.options import UNetOptions, Upsampling


def valid_size(size: int, depth: int, up: Upsampling = "transposed") -> int | None:
    """Output side of a valid U-Net for `size` pixels, layer by layer; None where a layer cannot take its input."""
    for _ in range(depth):
        size -= 4
        if size <= 0 or size % 2:
            return None
        size //= 2
    return _expanded(size - 4, depth, 4 if up == "transposed" else 6)


def _expanded(size: int, depth: int, lost: int) -> int | None:
    """Output side behind the expanding path, of which each level takes `lost` pixels; None where nothing is left."""
    for _ in range(depth):
        size = 2 * size - lost  # what is not above 0 never gets there
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
        width = widths(options.base, options.depth)
        norm, padding = options.norm, options.padding
        self.down = contracting_path(options.channels, width, block, norm, padding)
        self.dropout = nn.Dropout(options.dropout)
        self.up, self.join = expanding_path(width[-1], width[:-1], width[:-1], block, norm, options.up, padding)
        self.classify = Head(width[0], options.classes, 1)
        initialise(self)

    def smallest(self) -> int:
        return smallest_size(self.options)

    def heads(self, x: Tensor) -> Heads:
        maps: list[Tensor | None] = [*contract(x, self.down, self.dropout, 2)]
        return Heads([self.classify(expand(maps, self.up, self.join))])
