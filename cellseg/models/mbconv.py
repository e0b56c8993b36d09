"""Inverted residuals with linear bottlenecks: the blocks of MobileNetV2 and EfficientNet.

A block widens by a 1x1 convolution, convolves each channel by itself, may weigh the channels, and narrows by a 1x1
convolution without activation; where sizes allow it, its input is added. The order of modules and thereby the names of
parameters are those of torchvision, so that its published weights fit.

Source: Sandler et al.: MobileNetV2, CVPR 2018, arXiv 1801.04381; Hu et al.: Squeeze-and-Excitation Networks, CVPR
2018, arXiv 1709.01507; Tan, Le: EfficientNet, ICML 2019, arXiv 1905.11946.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def unit(
    channels_in: int,
    channels_out: int,
    kernel: int,
    activation: type[nn.Module] | None,
    stride: int = 1,
    groups: int = 1,
) -> nn.Sequential:
    """A padded convolution, its normalisation, its activation if any: H -> H / stride."""
    layers: list[nn.Module] = [
        nn.Conv2d(channels_in, channels_out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels_out),
    ]
    return nn.Sequential(*layers, *([activation(inplace=True)] if activation else []))


def in_eights(channels: float) -> int:
    """Channels rounded to a multiple of 8, never by more than a tenth down."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class SqueezeExcitation(nn.Module):
    """Weighs each channel by what the mean of all channels says: x * sigmoid(W2 silu(W1 mean(x)))."""

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(channels, squeezed, 1)
        self.fc2 = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = nn.functional.silu(self.fc1(x.mean((-2, -1), keepdim=True)))
        return x * torch.sigmoid(self.fc2(weight))


class DropPath(nn.Module):
    """While it learns, leaves the block out for some samples and makes up for it in the others.

    Source: Huang et al.: Deep Networks with Stochastic Depth, ECCV 2016, arXiv 1603.09382.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.rate:
            return x
        kept = torch.empty(len(x), 1, 1, 1, dtype=x.dtype, device=x.device).bernoulli_(1 - self.rate)
        return x * kept / (1 - self.rate)


class InvertedResidual(nn.Module):
    """MobileNetV2's block."""

    def __init__(self, channels_in: int, channels_out: int, stride: int, expand: int) -> None:
        super().__init__()
        width = expand * channels_in
        widen = [unit(channels_in, width, 1, nn.ReLU6)] if expand > 1 else []
        narrow = unit(width, channels_out, 1, None)
        self.conv = nn.Sequential(*widen, unit(width, width, 3, nn.ReLU6, stride, groups=width), *narrow)
        self.adds = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv(x)
        return x + found if self.adds else found


class MBConv(nn.Module):
    """EfficientNet's block: with squeeze-and-excitation, SiLU and drop path."""

    def __init__(self, channels_in: int, channels_out: int, kernel: int, stride: int, expand: int, drop: float) -> None:
        super().__init__()
        width = expand * channels_in
        widen = [unit(channels_in, width, 1, nn.SiLU)] if expand > 1 else []
        self.block = nn.Sequential(
            *widen,
            unit(width, width, kernel, nn.SiLU, stride, groups=width),
            SqueezeExcitation(width, max(1, channels_in // 4)),
            unit(width, channels_out, 1, None),
        )
        self.adds = stride == 1 and channels_in == channels_out
        self.drop = DropPath(drop)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.block(x)
        return x + self.drop(found) if self.adds else found
