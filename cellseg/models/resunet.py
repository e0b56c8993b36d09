"""Residual U-Net, 2018: each level adds to what it was given.

Source: Zhang, Liu, Wang: Road Extraction by Deep Residual U-Net, IEEE GRSL 2018, arXiv 1711.10684; the unit is that of
He et al.: Identity Mappings in Deep Residual Networks, 2016, arXiv 1603.05027. Here maps are halved by max pooling as
in the U-Net, and not by strides, so that the network can do without padding.
"""

from __future__ import annotations

from torch import Tensor, nn

from cellseg.models.blocks import centre_crop, normalisation, plain_convolution
from cellseg.models.unet import UNet
from cellseg.options import Norm, Padding, ResUNetOptions


class ResidualUnit(nn.Module):
    """y = x + F(x), F = two times (normalise, ReLU, 3x3 convolution); x by a 1x1 convolution where channels change."""

    def __init__(self, channels_in: int, channels_out: int, norm: Norm, padding: Padding) -> None:
        super().__init__()
        self.activate = nn.Sequential(*normalisation(channels_in, norm), nn.ReLU())  # not in place: x is added later
        self.body = nn.Sequential(
            plain_convolution(channels_in, channels_out, norm, padding),
            *normalisation(channels_out, norm),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, 3, padding=int(padding == "same")),
        )
        self.identity = nn.Identity() if channels_in == channels_out else nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.body(self.activate(x))
        return found + centre_crop(self.identity(x), found.shape[-2], found.shape[-1])


class ResUNet(UNet):
    """The U-Net of residual units."""

    def __init__(self, options: ResUNetOptions) -> None:
        super().__init__(options, ResidualUnit)
        self.down[0].activate = nn.Identity()  # the first unit sees the image itself
