"""Layers that the networks share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from cellseg.options import Norm, Padding, Upsampling


class Block(Protocol):
    """Makes the convolutions of a level from channels in, channels out, normalisation and padding."""

    def __call__(self, channels_in: int, channels_out: int, norm: Norm, padding: Padding, /) -> nn.Module: ...


def plain_convolution(channels_in: int, channels_out: int, norm: Norm, padding: Padding) -> nn.Conv2d:
    """A 3x3 convolution; the normalisation behind it, where there is one, brings the bias."""
    return nn.Conv2d(channels_in, channels_out, 3, padding=int(padding == "same"), bias=norm == "none")


def normalisation(channels: int, norm: Norm) -> list[nn.Module]:
    """The normalisation that is asked for, or nothing."""
    return [nn.BatchNorm2d(channels)] if norm == "batch" else []


def convolution(channels_in: int, channels_out: int, norm: Norm, padding: Padding) -> list[nn.Module]:
    """A 3x3 convolution, normalised if asked, and its ReLU."""
    layers = [plain_convolution(channels_in, channels_out, norm, padding), *normalisation(channels_out, norm)]
    return [*layers, nn.ReLU(inplace=True)]


def double_convolution(channels_in: int, channels_out: int, norm: Norm, padding: Padding) -> nn.Module:
    """The two convolutions of a level: (N, channels_in, H, W) -> (N, channels_out, H - 4, W - 4), or H, W padded."""
    first = convolution(channels_in, channels_out, norm, padding)
    return nn.Sequential(*first, *convolution(channels_out, channels_out, norm, padding))


def enlargement(channels_in: int, channels_out: int, up: Upsampling, padding: Padding) -> nn.Module:
    """(N, channels_in, H, W) -> (N, channels_out, 2 H, 2 W); valid bilinear interpolation gives 2 H - 2, 2 W - 2."""
    if up == "transposed":
        return nn.ConvTranspose2d(channels_in, channels_out, 2, stride=2)
    # the two linear maps commute, and on the small side the convolution costs a quarter
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 1), Bilinear(valid=padding == "valid"))


class Bilinear(nn.Module):
    """Twice the size by bilinear interpolation; `valid` takes away the pixels that would need a neighbour outside."""

    def __init__(self, *, valid: bool) -> None:
        super().__init__()
        self.valid = valid

    def forward(self, x: Tensor) -> Tensor:
        x = enlarge(x, 2)
        return x[..., 1:-1, 1:-1] if self.valid else x


def enlarge(x: Tensor, factor: int) -> Tensor:
    """Bilinear interpolation of (N, C, H, W) to `factor` times its sides."""
    return interpolate(x, scale_factor=factor, mode="bilinear") if factor > 1 else x


class Head(nn.Conv2d):
    """The last convolution, to the logits of the classes; in float32 where the others are computed in bfloat16.

    bfloat16 has 8 bits: logits near 8 would lie 1/16 apart, and the probabilities that come of them likewise.
    """

    def forward(self, x: Tensor) -> Tensor:
        kind = x.device.type
        if not (torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)):
            return super().forward(x)
        with torch.autocast(kind, enabled=False):
            return super().forward(x.float())


def widths(base: int, depth: int) -> list[int]:
    """Channels of each level, finest first: twice as many in each."""
    return [base * 2**level for level in range(depth + 1)]


def contracting_path(channels: int, width: Sequence[int], block: Block, norm: Norm, padding: Padding) -> nn.ModuleList:
    """Blocks for `contract`, finest first, from an image of `channels` channels to these channels in each level."""
    inputs = [channels, *width]
    return nn.ModuleList(block(i, o, norm, padding) for i, o in zip(inputs, width, strict=False))


def contract(x: Tensor, blocks: nn.ModuleList, dropout: nn.Module, dropped: int = 1) -> list[Tensor]:
    """The map of each level, finest first, with drop-out of the deepest `dropped` ones."""
    maps: list[Tensor] = []
    for level, block in enumerate(blocks):
        x = block(max_pool2d(x, 2) if level else x)
        x = dropout(x) if level >= len(blocks) - dropped else x
        maps.append(x)
    return maps


def expanding_path(
    deepest: int, skips: Sequence[int], width: Sequence[int], block: Block, norm: Norm, up: Upsampling, padding: Padding
) -> tuple[nn.ModuleList, nn.ModuleList]:
    """Enlargements and joining blocks, deepest first, for `expand`.

    Args:
        deepest: channels of the deepest map.
        skips: channels of the skip of each level, finest first; 0 = the level has none.
        width: channels that each level gives, finest first.
        block: makes the convolutions of a level.
        norm, up, padding: as in the networks' options.
    """
    below = [*width[1:], deepest]
    levels = range(len(width) - 1, -1, -1)
    ups = nn.ModuleList(enlargement(below[k], width[k], up, padding) for k in levels)
    return ups, nn.ModuleList(block(skips[k] + width[k], width[k], norm, padding) for k in levels)


def expand(maps: list[Tensor | None], ups: Iterable[nn.Module], joins: Iterable[nn.Module]) -> Tensor:
    """From the deepest of `maps` (finest first) to the finest: enlarge, join with the skip, convolve.

    Each map is taken off the list, so that its memory is free when it is no longer needed.
    """
    x = maps.pop()
    assert x is not None, "the deepest map is always there"
    for up, join in zip(ups, joins, strict=True):
        x, skip = up(x), maps.pop()
        x = x if skip is None else joined([skip, x])
        del skip
        x = join(x)
    return x


def joined(maps: list[Tensor]) -> Tensor:
    """The maps behind one another, each cropped to the size of the last."""
    height, width = maps[-1].shape[-2:]
    return torch.cat([centre_crop(x, height, width) for x in maps], dim=1)


def centre_crop(x: Tensor, height: int, width: int) -> Tensor:
    """The central (height, width) of (N, C, H, W)."""
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]


@torch.no_grad()
def initialise(network: nn.Module) -> None:
    """Gaussian weights with std sqrt(2 / N), N = incoming connections of one neuron; biases 0.

    Source: Ronneberger et al. 2015, section 3. A 3x3 convolution has N = 9 * channels in; in a 2x2
    up-convolution of stride 2 each output pixel sees one input pixel, so N = channels in.
    """
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) and not layer.weight.is_meta:
            layer.weight.normal_(0.0, math.sqrt(2 / _incoming(layer)))
            if layer.bias is not None:
                layer.bias.zero_()


def _incoming(layer: nn.Conv2d | nn.ConvTranspose2d) -> int:
    """Incoming connections of one neuron."""
    if isinstance(layer, nn.ConvTranspose2d):
        return layer.in_channels
    return layer.in_channels // layer.groups * math.prod(layer.kernel_size)
