"""Options of the networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from cellseg.checked import Checked, Help, Limits
from cellseg.errors import InputError

Norm = Literal["none", "batch"]
Padding = Literal["valid", "same"]
Upsampling = Literal["transposed", "bilinear"]
Variant = Literal["b0", "b1", "b2", "b3", "b4"]
ChannelsOption = Annotated[int, Limits(1, 4096), Help("Channels of the image.")]
ClassesOption = Annotated[int, Limits(2, 255), Help("Classes, background included.")]
BaseOption = Annotated[int, Limits(1, 1024), Help("Channels of the finest level; each level below has twice as many.")]
DepthOption = Annotated[
    int, Limits(1, 6), Help("How often the image is halved; at most 5 in mobileunet and effunet, whose encoder ends.")
]
NormOption = Annotated[
    Norm,
    Help(
        "Normalisation of the feature maps; batch: by the statistics that --statistics names. "
        "Encoders of mobileunet and effunet always have their own."
    ),
]
DropoutOption = Annotated[float, Limits(0, 0.95), Help("Drop-out at the end of the contracting path.")]
PaddingOption = Annotated[
    Padding, Help("valid: convolutions without padding; same: zero padding, and the margin is cropped at the end.")
]
UpOption = Annotated[
    Upsampling,
    Help("Upsampling: a learned 2x2 up-convolution (transposed), or a 1x1 convolution and bilinear interpolation."),
]
DeepSupervisionOption = Annotated[bool, Help("A head at every depth of unetpp, at every level of unet3p.")]
GuidanceOption = Annotated[
    bool, Help("A classification of the whole tile gates the heads of unet3p; tiling is not exact then.")
]
VariantOption = Annotated[Variant, Help("Size of effunet's encoder, by the compound rule of width and depth.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions(Checked):
    """Options that every network has."""

    channels: ChannelsOption = 1
    classes: ClassesOption = 2
    base: BaseOption = 64
    depth: DepthOption = 4
    norm: NormOption = "none"
    dropout: DropoutOption = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetOptions(ModelOptions):
    """The U-Net of 2015; the defaults are the paper's."""

    dropout: DropoutOption = 0.5
    padding: PaddingOption = "valid"
    up: UpOption = "transposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetPlusPlusOptions(UNetOptions):
    """U-Net++; the defaults are those of 9.04 million parameters."""

    base: BaseOption = 32
    dropout: DropoutOption = 0.0
    padding: PaddingOption = "same"
    deep_supervision: DeepSupervisionOption = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UNet3PlusOptions(ModelOptions):
    """U-Net 3+; the defaults are the paper's."""

    norm: NormOption = "batch"
    deep_supervision: DeepSupervisionOption = True
    guidance: GuidanceOption = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResUNetOptions(UNetOptions):
    """The residual U-Net; the defaults are the paper's."""

    depth: DepthOption = 3
    norm: NormOption = "batch"
    dropout: DropoutOption = 0.0
    padding: PaddingOption = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileUNetOptions(ModelOptions):
    """A U-Net with the encoder MobileNetV2."""

    base: BaseOption = 16
    depth: DepthOption = 5
    norm: NormOption = "batch"
    up: UpOption = "transposed"

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        if self.depth > 5:
            raise InputError(f"--depth is {self.depth}", "It must be 1 to 5: the encoder ends there.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EffUNetOptions(MobileUNetOptions):
    """A U-Net with an EfficientNet as encoder."""

    variant: VariantOption = "b0"


NETWORK_OPTIONS: dict[str, type[ModelOptions]] = {
    "unet": UNetOptions,
    "unetpp": UNetPlusPlusOptions,
    "unet3p": UNet3PlusOptions,
    "resunet": ResUNetOptions,
    "mobileunet": MobileUNetOptions,
    "effunet": EffUNetOptions,
}
"""Options of each network, known without torch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions(Checked):
    """The network that is trained; channels and classes follow from the data."""

    model: str = "unet"
    """Name of the network; `cellseg models` lists them."""
    base: BaseOption | None = None
    depth: DepthOption | None = None
    norm: NormOption | None = None
    dropout: DropoutOption | None = None
    padding: PaddingOption | None = None
    """Default: as the network's paper."""
    up: UpOption | None = None
    """Default: transposed."""
    deep_supervision: DeepSupervisionOption | None = None
    """Default: yes."""
    guidance: GuidanceOption | None = None
    """Default: no."""
    variant: VariantOption | None = None
    """Default: b0."""
    encoder_weights: str | None = None
    """File with published weights for the encoder of mobileunet or effunet: torchvision's .pth, or safetensors."""
