"""Layers that the networks share."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from cellseg.options import Norm


def convolution(channels_in: int, channels_out: int, norm: Norm) -> list[nn.Module]:
    """A 3x3 convolution without padding, normalised if asked, and its ReLU."""
    layers: list[nn.Module] = [nn.Conv2d(channels_in, channels_out, 3, bias=norm == "none")]
    if norm == "batch":
        layers.append(nn.BatchNorm2d(channels_out))
    return [*layers, nn.ReLU(inplace=True)]


def double_convolution(channels_in: int, channels_out: int, norm: Norm) -> nn.Sequential:
    """The two convolutions of a level: (N, channels_in, H, W) -> (N, channels_out, H - 4, W - 4)."""
    return nn.Sequential(*convolution(channels_in, channels_out, norm), *convolution(channels_out, channels_out, norm))


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
        if isinstance(layer, nn.Conv2d):
            incoming = layer.in_channels * math.prod(layer.kernel_size)
        elif isinstance(layer, nn.ConvTranspose2d):
            incoming = layer.in_channels
        else:
            continue
        layer.weight.normal_(0.0, math.sqrt(2 / incoming))
        if layer.bias is not None:
            layer.bias.zero_()
