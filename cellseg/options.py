"""Every option once: name, type, limits, choices, help and default.

The command line, the configuration in a run folder and the plugin's forms are all made from these frozen dataclasses
(`described`). `None` is "not given": as the network, the model or the recipe says. An option that several dataclasses
have is an alias with its `Help`; each of them states only its default, and what that means.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cellseg.checked import AUTO, Checked, Described, Help, Limits, definition_of, described, flag_of
from cellseg.errors import InputError

__all__ = ["AUTO", "Described", "Limits", "definition_of", "described", "flag_of"]

Recipe = Literal["fast", "quick", "paper", "finetune"]
Balance = Literal["none", "image", "dataset"]
Where = Literal["background", "everywhere"]
Separate = Literal["on", "off"]
Result = Literal["instances", "classes", "probabilities"]
Averaging = Literal["none", "rotations7", "dihedral8"]
AVERAGING_COST: dict[Averaging, int] = {"none": 1, "rotations7": 10, "dihedral8": 8}
"""Pixels that the network sees with each way of averaging, against one pass over the tiles. A turned tile needs a
larger square around it: 7 rotations see 8 to 11 times as many pixels (by the margin; square tiles), so about 10."""
Precision = Literal["float32", "bfloat16"]
Uncertainty = Literal["none", "entropy", "disagreement"]
Split = Literal["none", "watershed"]
Link = Literal["none", "overlap"]
LabelType = Literal["uint32", "uint16"]
ProbabilityType = Literal["float32", "uint8"]
LabelKind = Literal["instances", "classes"]
SampleKind = Literal["blobs", "touching", "em"]
Foreground = Literal["nonzero", "zero"]
Norm = Literal["none", "batch"]
Padding = Literal["valid", "same"]
Upsampling = Literal["transposed", "bilinear"]
Variant = Literal["b0", "b1", "b2", "b3", "b4"]
Loss = Literal["cross-entropy", "dice", "hybrid", "focal", "tversky", "iou", "ms-ssim", "focal-ms-ssim-iou"]
Optimiser = Literal["adamw", "sgd"]
Schedule = Literal["cosine", "constant"]
BestBy = Literal["last", "v_both", "v_rand", "v_info", "ap50", "iou", "pixel_error"]
TruthKind = Literal["complete", "partial"]

# Options that several dataclasses have.
SeedOption = Annotated[int, Limits(0, 2**32 - 1), Help("Seed of the random numbers: the same one, the same result.")]
TileOption = Annotated[
    int,
    Limits(1, 65536),
    Help("Side of a tile in pixels, as the network gives it; its input has a margin of true surroundings around it."),
]
DiameterOption = Annotated[float, Limits(0.5, 100_000), Help("Width of the objects in the images, in pixels.")]
ThresholdOption = Annotated[float, Limits(0, 1), Help("Probability from which on a pixel belongs to a cell.")]
MinimumSizeOption = Annotated[int, Limits(0, 2**31), Help("Smaller cells are removed, in pixels.")]
PrecisionOption = Annotated[Precision, Help("Arithmetic of the network.")]
BalanceOption = Annotated[Balance, Help("Balance the class frequencies: of each image, of the whole data set, or not.")]

# Options of networks.
ChannelsOption = Annotated[int, Limits(1, 4096), Help("Channels of the image.")]
ClassesOption = Annotated[int, Limits(2, 255), Help("Classes, background included.")]
BaseOption = Annotated[int, Limits(1, 1024), Help("Channels of the finest level; each level below has twice as many.")]
DepthOption = Annotated[
    int, Limits(1, 6), Help("How often the image is halved; at most 5 in mobileunet and effunet, whose encoder ends.")
]
NormOption = Annotated[
    Norm,
    Help(
        "Normalisation of the feature maps; batch: by statistics of the image that is predicted. "
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
class LabelOptions(Checked):
    """Reading of label files."""

    labels_are: LabelKind | None = None
    """Meaning of the label values: numbers of cells or numbers of classes. Default: detected and reported."""
    foreground: Foreground = "nonzero"
    """Value of the cells in a binary mask."""
    ignore_label: int | None = None
    """Label value of pixels that nobody annotated; they have no weight in training."""
    background_label: int | None = None
    """Label value of the background, if not 0: 1 in strokes of ilastik and Labkit and in masks of Fiji's U-Net, where 0
    is not annotated (--ignore-label 0). Labels above it count one less: class 2 is class 1."""
    trust_pairs: bool = False
    """Labels belong to their images as they lie, even where grey values say that they are shifted or exchanged."""

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        if self.background_label is None:
            return
        if self.background_label == self.ignore_label:
            found = f"--ignore-label and --background-label are both {self.ignore_label}"
            raise InputError(found, "Name two values: what nobody annotated is not background.")
        if self.foreground == "zero":
            raise InputError("--foreground zero and --background-label contradict each other", "Give one of them.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions(Checked):
    """Files of a training: images, labels and masks."""

    images: str | None = None
    """A multi-page TIFF, a folder of TIFFs or a glob; or a sequence of the Cell Tracking Challenge (.../01)."""
    labels: str | None = None
    """The same for the labels, matched by page or by name; or .../01_GT, where what is not labelled is background
    only where markers, silver truth and grey values confirm it, else ignored."""
    annotated: str | None = None
    """Masks, matched like labels: nonzero where somebody annotated; the rest has no weight."""
    axes: str | None = None
    """Axes of the images, such as CYX where pages are channels. Default: as the files say."""
    validation_images: str | None = None
    """Images for validation, instead of a part of --images."""
    validation_labels: str | None = None
    """The labels of these."""
    replay_images: str | None = None
    """Images of an earlier training, mixed in so that --from does not forget them."""
    replay_labels: str | None = None
    """The labels of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightOptions(Checked):
    """The border weight map, w_c + w0 * exp(-(d1 + d2)^2 / (2 sigma^2))."""

    w0: Annotated[float, Limits(0, 1000)] = 10.0
    """Weight of the borders between cells that nearly touch; 0: off."""
    sigma: Annotated[float, Limits(0.1, 100)] = 5.0
    """Width of these borders in pixels."""
    balance: BalanceOption = "dataset"
    where: Where = "background"
    """Pixels on which borders weigh more: the background between cells, as in the paper's figure, or the cells too."""
    spacing: Annotated[float, Limits(0.01, 100)] = 1.0
    """Height of a pixel in pixel widths, for anisotropic images; sigma is in pixel widths."""
    separate: Separate | None = None
    """Line of background between touching cells: on: between any two; off: nowhere. Default (auto): between two cells
    of one class; regions of different classes stay as they were drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsAlone(WeightOptions):
    """The same for label files that are no data set."""

    balance: BalanceOption = "image"


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentOptions(Checked):
    """Random changes of each training sample."""

    elastic: Annotated[float, Limits(0, 100)] = 10.0
    """Standard deviation of the elastic deformation's vectors in pixels; 0: off."""
    grid: Annotated[int, Limits(2, 20)] = 3
    """Vectors along a side of the elastic deformation's grid."""
    rotate: bool = True
    """Rotate by any angle."""
    flip: bool = True
    """Mirror at random."""
    scale: Annotated[float, Limits(0, 1)] = 0.1
    """Standard deviation of the logarithm of the magnification; 0: off."""
    grey: Annotated[float, Limits(0, 1)] = 0.15
    """Strength of grey-value changes (gain, offset, gamma); 0: off."""
    inverted: Annotated[float, Limits(0, 1)] = 0.0
    """Share of the samples with inverted grey values, for objects that may be bright or dark."""
    blur: Annotated[float, Limits(0, 10)] = 1.0
    """Largest standard deviation of the blur in pixels; 0: off."""
    noise: Annotated[float, Limits(0, 1)] = 0.2
    """Largest standard deviation of added noise, in that of the image; 0: off."""
    mosaic: Annotated[float, Limits(0, 1)] = 0.0
    """Share of the samples that are composed of four images."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions(Checked):
    """The training itself; a recipe decides what has no default here (`cellseg.settings_for`)."""

    recipe: Recipe = "fast"
    """fast: best result a CPU minute; quick: a first look after a few strokes; paper: as published in 2015; finetune: a
    tenth of fast's rate and fewer steps, the default with --from. Other options take precedence over the recipe's."""
    steps: Annotated[int, Limits(1, 10_000_000)]
    """Training steps."""
    seed: SeedOption = 0
    tile: TileOption
    diameter: DiameterOption | None = None
    """Default: that of the median annotated cell."""
    seen_diameter: Annotated[float, Limits(0, 10_000)] | None = None
    """Width in pixels that objects shall have for the network: images are rescaled for that, in training and in
    prediction; 0: not rescaled. Default: made smaller where objects are wider than the receptive field."""
    batch: Annotated[int, Limits(1, 1024)]
    """Samples a step. One suits nuclei best in the same time, four suit strokes and may suit EM (docs/training.md)."""
    rare: Annotated[float, Limits(0, 1)]
    """Share of the samples drawn around a pixel of a rare class (less than 5 % of the annotated pixels)."""
    replay_share: Annotated[float, Limits(0, 0.95)] = 0.5
    """Share of the samples drawn from --replay-images."""
    optimiser: Optimiser
    """Optimiser."""
    loss: Loss = "cross-entropy"
    """Loss, with a weight a pixel, 0 where nobody annotated; hybrid is cross-entropy + soft Dice."""
    rate: Annotated[float, Limits(1e-9, 10)]
    """Learning rate, the highest of the schedule."""
    schedule: Schedule
    """cosine: warm up over a tenth of the steps, then fall to zero; constant: stay."""
    momentum: Annotated[float, Limits(0, 0.9999)]
    """Momentum of SGD, beta1 of AdamW."""
    decay: Annotated[float, Limits(0, 1)]
    """Weight decay."""
    ema: Annotated[float, Limits(0, 0.99999)]
    """Decay of the running average of the weights, which is validated and saved; 0: the last weights."""
    validation: Annotated[float, Limits(0, 1_000_000)] = 0.1
    """Images held out, the last of the set: a part of them (below 1) or their number; none with --validation-images."""
    validate_every: Annotated[int, Limits(1, 10_000_000)]
    """Steps between two validations."""
    best_by: BestBy | None = None
    """Score by which the best of the validated models is kept, and of equals by mean AP, IoU and loss; last: the last
    one. Default: v_both, the geometric mean of v_rand and v_info, where several cells fill the image, else ap50, or iou
    of several classes and of strokes in cells."""
    patience: Annotated[int, Limits(0, 1_000_000)] = 0
    """Validations in a row without a better score after which the training ends; 0: it never does. Those as good as the
    best one can be do not count."""
    save_every: Annotated[float, Limits(0, 86400)] = 20.0
    """Seconds between two checkpoints, for --resume."""
    precision: PrecisionOption | None
    """Default: bfloat16 where the processor or GPU computes with it, else float32."""
    threads: Annotated[int, Limits(1, 1024)] | None = None
    """Processor threads. Default: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """All options of a training, by stage; `cellseg.settings_for` makes them."""

    train: TrainOptions
    network: NetworkOptions
    labels: LabelOptions
    weights: WeightOptions
    augment: AugmentOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions(Checked):
    """A contact sheet of samples."""

    seed: SeedOption = 0
    tile: TileOption = 204

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        if not 8 <= self.tile <= 2048:
            raise InputError(f"--tile is {self.tile}", "It must be 8 to 2048 for a sheet that can be looked at.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictOptions(Checked):
    """Options of a prediction."""

    result: Result = "instances"
    """What is written: numbered cells (uint32), class numbers (uint8) or probabilities (float32)."""
    tile: TileOption | None = None
    """Rounded down to the network's stride. Default: what suits the image and --memory."""
    diameter: DiameterOption | None = None
    """The image is rescaled so that the network sees them as wide as those it was trained on. Default: they are."""
    invert: bool = False
    """Invert the grey values: for dark objects and a model trained on bright ones, or the other way round."""
    average: Averaging = "none"
    """Average over versions of the image: 7 rotations, as in the paper, or the 8 symmetries of the square; about 10 and
    8 times the work."""
    precision: PrecisionOption | None = None
    """Default: bfloat16 where it is fast and keeps the classes of the image, else float32."""
    prune: Annotated[int, Limits(1, 6)] | None = None
    """Depth at which a network with a head at every depth (unetpp) is cut off. Default: the whole network."""
    memory: str | None = None
    """Memory that may be used, such as 2GB; the tile follows from it. Default: half of what is free."""
    uncertainty: Uncertainty = "none"
    """Write the uncertainty beside the result: the entropy of the probabilities in bits, or the disagreement (standard
    deviation) of the averaged versions."""
    threshold: ThresholdOption | None = None
    """Default: the model's own."""
    core: Annotated[float, Limits(0, 1)] | None = None
    """Second, higher threshold that separates touching cells: each connected region above it becomes one cell and grows
    over the pixels above --threshold. Default: the model's own; equal to --threshold: off."""
    minimum_size: MinimumSizeOption | None = None
    """Default: the model's own."""
    fill_holes: Annotated[int, Limits(0, 2**31)] | None = None
    """Holes of at most that many pixels in a cell are filled, but for those at the image's edge. Default: the model's
    own."""
    split: Split | None = None
    """Separate touching cells at the necks of their shape (watershed). Default: as the model was tuned."""
    object_diameter: Annotated[float, Limits(0, 10_000)] | None = None
    """Usual width of a cell in pixels, for --split watershed; 0: each region's own. Default: the model's own."""
    link: Link = "none"
    """Whether an instance keeps its number through the planes of a stack: overlap: where it covers itself."""
    link_overlap: Annotated[float, Limits(0.01, 1)] = 0.25
    """Intersection over union from which on two instances of successive planes are one."""
    probability_type: ProbabilityType = "float32"
    """Type of written probabilities; uint8 are 255 times the probability, a quarter of the size."""
    label_type: LabelType = "uint32"
    """Type of the numbers of instances; uint16 is refused where there are more than 65535."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthOptions(Checked):
    """Parts of the ground truth that count."""

    truth_is: TruthKind | None = None
    """partial: predicted cells that match no annotated one do not count. Default: by the markers of a CTC folder."""
    border: Annotated[int, Limits(0, 100_000)] | None = None
    """Cells wholly within so many pixels of the edge do not count. Default: the CTC's number for its own data sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions(TruthOptions):
    """Comparison of a prediction with the ground truth."""

    threshold: ThresholdOption | None = None
    """Given, whole numbers are probabilities, 0 to 255. Default: 0.5."""
    minimum_size: MinimumSizeOption | None = None
    """Default: none."""
    volume: bool = False
    """Take the planes of a file as one volume, and not one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOptions(Checked):
    """Groups of images that belong together."""

    group: str | None = None
    """Regular expression: images in whose names it finds the same stay together; its first group, if it has one."""
    table: Path | None = None
    """CSV table with a row for each image, found by the name of the file."""
    column: str | None = None
    """The table's column that tells which images stay together."""

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        if bool(self.column) != (self.table is not None) or (self.group and self.table):
            raise InputError("--group, or --table with --column", "Give one of the two ways to tell groups.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions(Checked):
    """Split of annotated images into a training and a validation set."""

    fraction: Annotated[float, Limits(0.001, 0.9)] = 0.2
    """Part of the images (of a stack: of its planes) that is held out for validation."""
    seed: SeedOption = 0
    gap: Annotated[int, Limits(0, 1_000_000)] = 0
    """Planes left out on each side of the block of a stack that is held out, for neighbours look alike."""
    cut: bool = False
    """Cut every stack, and do not keep each as a whole; a single stack always is."""
    detect: bool = True
    """Look for images of one field: tiles that continue each other's pixels, and near-duplicates."""
