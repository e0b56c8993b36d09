"""U-Net, 2015: contracting path, expanding path, skips by centre crop, no padding.

Source: Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation,
MICCAI 2015, arXiv 1505.04597, figure 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d

from cellseg.models.blocks import centre_crop, double_convolution, initialise
from cellseg.models.geometry import Geometry
from cellseg.options import UNetOptions


def valid_size(size: int, depth: int) -> int | None:
    """What a valid U-Net makes of `size` pixels, layer by layer; None where a layer cannot take its input."""
    for _ in range(depth):
        size -= 4
        if size <= 0 or size % 2:
            return None
        size //= 2
    size -= 4
    for _ in range(depth):
        if size <= 0:
            return None
        size = 2 * size - 4
    return size if size > 0 else None


def seen(pixel: int, size: int, depth: int) -> tuple[int, int]:
    """First and last input pixel that output pixel `pixel` of an input of `size` pixels depends on, layer by layer."""
    skips = [size - 4]
    for _ in range(depth):
        skips.append(skips[-1] // 2 - 4)

    def contracting(level: int, first: int, last: int) -> tuple[int, int]:
        last += 4
        return contracting(level - 1, 2 * first, 2 * last + 1) if level else (first, last)

    def expanding(level: int, first: int, last: int, length: int) -> tuple[int, int]:
        if level == depth:
            return contracting(level, first, last)
        last, length = last + 4, length + 4
        crop = (skips[level] - length) // 2
        by_skip = contracting(level, first + crop, last + crop)
        from_below = expanding(level + 1, first // 2, last // 2, length // 2)
        return min(by_skip[0], from_below[0]), max(by_skip[1], from_below[1])

    return expanding(0, pixel, pixel, valid_size(size, depth) or 0)


def geometry_of(depth: int) -> Geometry:
    """The geometry of the valid U-Net: its sizes and its halo as its layers give them."""
    stride = 2**depth
    smallest = next(n for n in range(1, 1 << 14) if valid_size(n, depth))
    margin = (smallest - (valid_size(smallest, depth) or 0)) // 2
    size = smallest + stride
    reach = (
        max(pixel + margin - first, last - pixel - margin)
        for pixel in range(valid_size(size, depth) or 0)
        for first, last in (seen(pixel, size, depth),)
    )
    return Geometry(smallest=smallest, stride=stride, margin=margin, halo=max(reach), exact=True)


class UNet(nn.Module):
    """(N, channels, H, W) -> logits (N, classes, H - 2 margin, W - 2 margin)."""

    def __init__(self, options: UNetOptions) -> None:
        super().__init__()
        self.options = options
        self.geometry: Geometry = geometry_of(options.depth)
        width = [options.base * 2**level for level in range(options.depth + 1)]
        inputs = [options.channels, *width]
        self.down = nn.ModuleList(double_convolution(i, o, options.norm) for i, o in zip(inputs, width, strict=False))
        self.dropout = nn.Dropout(options.dropout)
        upward = range(options.depth - 1, -1, -1)
        self.up = nn.ModuleList(nn.ConvTranspose2d(width[k + 1], width[k], 2, stride=2) for k in upward)
        self.join = nn.ModuleList(double_convolution(2 * width[k], width[k], options.norm) for k in upward)
        self.classify = nn.Conv2d(width[0], options.classes, 1)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        if not torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call]
            self.geometry.output_size((x.shape[-2], x.shape[-1]))
        skips: list[Tensor] = []
        for level, block in enumerate(self.down):
            x = block(max_pool2d(skips[-1], 2) if skips else x)
            if level >= len(self.down) - 2:  # the end of the contracting path
                x = self.dropout(x)
            skips.append(x)
        skips.pop()
        for up, join in zip(self.up, self.join, strict=True):
            x = up(x)
            x = join(torch.cat([centre_crop(skips.pop(), x.shape[-2], x.shape[-1]), x], dim=1))
        logits: Tensor = self.classify(x)
        return logits
