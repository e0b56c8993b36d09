"""Every option once: name, type, default, limits and help.

The command line, the configuration in a run folder and the plugin's forms are all made from these
frozen dataclasses. The text below a field is its help; `Limits` are checked whenever one is made.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from cellseg.errors import InputError

Recipe = Literal["fast", "quick", "paper", "finetune"]
Balance = Literal["none", "image", "dataset"]
Where = Literal["background", "everywhere"]
Result = Literal["instances", "classes", "probabilities"]
Averaging = Literal["none", "rotations7", "dihedral8"]
Precision = Literal["auto", "float32", "bfloat16"]
Uncertainty = Literal["none", "entropy", "disagreement"]
Split = Literal["auto", "none", "watershed"]
Link = Literal["none", "overlap"]
LabelType = Literal["uint32", "uint16"]
ProbabilityType = Literal["float32", "uint8"]
LabelKind = Literal["auto", "instances", "classes"]
Foreground = Literal["nonzero", "zero"]
Norm = Literal["none", "batch"]
Padding = Literal["valid", "same"]
Upsampling = Literal["transposed", "bilinear"]
Variant = Literal["b0", "b1", "b2", "b3", "b4"]
Loss = Literal["cross-entropy", "dice", "hybrid", "focal", "tversky", "iou", "ms-ssim", "focal-ms-ssim-iou"]
Optimiser = Literal["adamw", "sgd"]
Schedule = Literal["cosine", "constant"]
BestBy = Literal["auto", "last", "v_both", "v_rand", "v_info", "ap50", "iou", "pixel_error"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The smallest and largest value that an option may take, both included."""

    low: float = float("-inf")
    high: float = float("inf")

    def __str__(self) -> str:
        if self.high == float("inf"):
            return f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}" if self.low > float("-inf") else f"at most {self.high:g}"


class _Checked:
    """Checks limits and choices of a dataclass's fields, in the user's words."""

    __slots__ = ()

    def __post_init__(self) -> None:
        hints = _hints(type(self))  # type: ignore[arg-type]
        for field in fields(self):  # type: ignore[arg-type]
            _check(field.name, getattr(self, field.name), hints[field.name])


@cache
def _hints(owner: type) -> dict[str, Any]:
    return get_type_hints(owner, include_extras=True)


def _check(name: str, value: object, hint: object) -> None:
    flag = f"--{name.replace('_', '-')}"
    parts = get_args(hint)
    if get_origin(hint) in (Union, UnionType):  # a word or a number: the part of the value's own kind decides
        words = [part for part in parts if get_origin(part) is Literal]
        numbers = [part for part in parts if get_origin(part) is Annotated]
        for part in words if isinstance(value, str) else numbers:
            _check(name, value, part)
        return
    if get_origin(hint) is Annotated:
        for limits in parts[1:]:
            numeric = isinstance(value, (int, float))
            if isinstance(limits, Limits) and numeric and not limits.low <= value <= limits.high:  # type: ignore[operator]
                raise InputError(f"{flag} is {value}", f"It must be {limits}.")
    elif get_origin(hint) is Literal and value not in parts:
        raise InputError(f"{flag} is {value!r}", f"It must be one of: {', '.join(map(str, parts))}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOptions(_Checked):
    """How label files are read."""

    labels_are: LabelKind = "auto"
    """What label values mean: numbers of cells or numbers of classes; detected and reported by default."""
    foreground: Foreground = "nonzero"
    """Which value of a binary mask is the cell."""
    ignore_label: int | None = None
    """Label value of pixels that nobody annotated; they do not count in training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions(_Checked):
    """Where the annotated images of a training are."""

    images: str = ""
    """A multi-page TIFF, a folder of TIFFs or a glob; or a sequence of the Cell Tracking Challenge (.../01)."""
    labels: str = ""
    """The same for the labels, matched by page or by name; or .../01_GT, where what is not labelled is background
    only where markers, silver truth and grey values say so, else ignored."""
    annotated: str = ""
    """Masks, matched like labels: nonzero where somebody annotated; the rest does not count."""
    axes: str = ""
    """What the axes of the images mean, such as CYX where pages are channels, if the files do not say."""
    validation_images: str = ""
    """Images to validate on, instead of a part of --images."""
    validation_labels: str = ""
    """The labels of these."""
    replay_images: str = ""
    """Images of an earlier training, mixed in so that --from does not forget them."""
    replay_labels: str = ""
    """The labels of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightOptions(_Checked):
    """The border weight map, w_c + w0 * exp(-(d1 + d2)^2 / (2 sigma^2))."""

    w0: Annotated[float, Limits(0, 1000)] = 10.0
    """Weight of the borders between cells that nearly touch."""
    sigma: Annotated[float, Limits(0.1, 100)] = 5.0
    """Width of these borders in pixels."""
    balance: Balance = "dataset"
    """Over what the class frequencies are balanced."""
    where: Where = "background"
    """Where borders weigh more: on the background between cells, as in the paper's figure, or on the cells too."""
    spacing: Annotated[float, Limits(0.01, 100)] = 1.0
    """How many times higher than wide a pixel is; sigma is in pixel widths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsAlone(WeightOptions):
    """The same for label files that are no data set."""

    balance: Balance = "image"
    """Over what the class frequencies are balanced; dataset = all planes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentOptions(_Checked):
    """Random changes that each training sample goes through."""

    elastic: Annotated[float, Limits(0, 100)] = 10.0
    """Standard deviation of the elastic deformation's vectors in pixels; 0 = off."""
    grid: Annotated[int, Limits(2, 20)] = 3
    """Vectors along a side of the elastic deformation's grid."""
    rotate: bool = True
    """Rotate by any angle."""
    flip: bool = True
    """Mirror at random."""
    scale: Annotated[float, Limits(0, 1)] = 0.1
    """Standard deviation of the logarithm of the magnification; 0 = off."""
    grey: Annotated[float, Limits(0, 1)] = 0.15
    """Strength of grey-value changes (gain, offset, gamma); 0 = off."""
    invert: Annotated[float, Limits(0, 1)] = 0.0
    """How often a sample's grey values are turned over, for objects that may be bright or dark; 0 = never."""
    blur: Annotated[float, Limits(0, 10)] = 1.0
    """Largest standard deviation of the blur in pixels; 0 = off."""
    noise: Annotated[float, Limits(0, 1)] = 0.2
    """Largest standard deviation of added noise, as a part of the image's own; 0 = off."""
    mosaic: Annotated[float, Limits(0, 1)] = 0.0
    """How often a sample is composed of four images; 0 = never, 1 = always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions(_Checked):
    """What every network takes."""

    channels: Annotated[int, Limits(1, 4096)] = 1
    """Channels of the image."""
    classes: Annotated[int, Limits(2, 255)] = 2
    """Classes, background included."""
    base: Annotated[int, Limits(1, 1024)] = 64
    """Channels of the first level; each level below has twice as many."""
    depth: Annotated[int, Limits(1, 6)] = 4
    """How often the image is halved."""
    norm: Norm = "none"
    """Normalisation behind each convolution; its statistics are taken from the image that is predicted."""
    dropout: Annotated[float, Limits(0, 0.95)] = 0.0
    """Drop-out at the end of the contracting path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetOptions(ModelOptions):
    """The U-Net of 2015; the defaults are the paper's."""

    dropout: Annotated[float, Limits(0, 0.95)] = 0.5
    """Drop-out at the end of the contracting path."""
    padding: Padding = "valid"
    """valid: convolutions take pixels away; same: zeros are put around, and the margin is taken away at the end."""
    up: Upsampling = "transposed"
    """How maps are enlarged: by a learnt 2x2 up-convolution, or a 1x1 convolution and bilinear interpolation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UNetPlusPlusOptions(UNetOptions):
    """U-Net++; the defaults are those of 9.04 million parameters."""

    base: Annotated[int, Limits(1, 1024)] = 32
    """Channels of the first level; each level below has twice as many."""
    dropout: Annotated[float, Limits(0, 0.95)] = 0.0
    """Drop-out at the end of the contracting path."""
    padding: Padding = "same"
    """same: zeros are put around, and the margin is taken away at the end; valid: convolutions take pixels away."""
    deep_supervision: bool = True
    """Every depth has a head that learns; the prediction is their average, or that of one depth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UNet3PlusOptions(ModelOptions):
    """U-Net 3+; the defaults are the paper's."""

    norm: Norm = "batch"
    """Normalisation behind each convolution; its statistics are taken from the image that is predicted."""
    deep_supervision: bool = True
    """Every level of the decoder has a head that learns; the prediction is that of the finest."""
    guidance: bool = False
    """A classification of the whole tile says which classes are there, and gates the heads; tiling is not exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResUNetOptions(UNetOptions):
    """The residual U-Net; the defaults are the paper's."""

    depth: Annotated[int, Limits(1, 6)] = 3
    """How often the image is halved."""
    norm: Norm = "batch"
    """Normalisation before each activation; its statistics are taken from the image that is predicted."""
    dropout: Annotated[float, Limits(0, 0.95)] = 0.0
    """Drop-out at the end of the contracting path."""
    padding: Padding = "same"
    """same: zeros are put around, and the margin is taken away at the end; valid: convolutions take pixels away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileUNetOptions(ModelOptions):
    """A U-Net with the encoder MobileNetV2."""

    base: Annotated[int, Limits(1, 1024)] = 16
    """Channels of the decoder's last level; each level below has twice as many."""
    depth: Annotated[int, Limits(1, 5)] = 5
    """How often the image is halved; the encoder ends there."""
    norm: Norm = "batch"
    """Normalisation in the decoder; the encoder has always its own."""
    up: Upsampling = "transposed"
    """How maps are enlarged: by a learnt 2x2 up-convolution, or a 1x1 convolution and bilinear interpolation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffUNetOptions(MobileUNetOptions):
    """A U-Net with an EfficientNet as encoder."""

    variant: Variant = "b0"
    """Size of the encoder, by the compound rule of width and depth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions(_Checked):
    """Which network is trained; channels and classes follow from the data."""

    model: str = "unet"
    """Name of the network; `cellseg models` lists them."""
    base: Annotated[int, Limits(1, 1024)] = 16
    """Channels of the first level; each level below has twice as many."""
    depth: Annotated[int, Limits(1, 6)] = 3
    """How often the image is halved."""
    norm: Norm = "batch"
    """Normalisation behind each convolution; its statistics are taken from the image that is predicted."""
    dropout: Annotated[float, Limits(0, 0.95)] = 0.0
    """Drop-out at the end of the contracting path."""
    padding: Literal["auto", "valid", "same"] = "auto"
    """Whether convolutions take pixels away (valid) or zeros are put around (same); auto: as the network's paper."""
    up: Upsampling = "transposed"
    """How maps are enlarged: by a learnt 2x2 up-convolution, or a 1x1 convolution and bilinear interpolation."""
    deep_supervision: bool = True
    """Every depth of unetpp, every level of unet3p has a head that learns."""
    guidance: bool = False
    """A classification of the whole tile gates the heads of unet3p."""
    variant: Variant = "b0"
    """Size of effunet's encoder."""
    encoder_weights: str = ""
    """File with published weights for the encoder of mobileunet or effunet: torchvision's .pth, or safetensors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions(_Checked):
    """The training itself; the defaults are the recipe `fast`."""

    recipe: Recipe = "fast"
    """fast: best result a CPU minute; quick: a first look after a few strokes; paper: as published in 2015; finetune: a
    tenth of fast's rate and fewer steps, the default with --from. Other options go before the recipe's."""
    steps: Annotated[int, Limits(1, 10_000_000)] = 4000
    """Training steps."""
    seed: Annotated[int, Limits(0, 2**32 - 1)] = 0
    """All that is random follows from it."""
    tile: Annotated[int, Limits(1, 16384)] = 204
    """Side of the labelled part of a training sample in pixels; the network sees its true surroundings too."""
    diameter: Literal["auto"] | Annotated[float, Limits(0, 10_000)] = "auto"
    """Diameter of the median object in pixels as the network sees it: images are rescaled for that, here and whenever
    they are predicted; 0 = as they are; auto = smaller where objects are wider than what the network sees."""
    batch: Annotated[int, Limits(1, 1024)] = 1
    """Samples a step. One suits nuclei best in the same time, four suit strokes and may suit EM (docs/training.md)."""
    rare: Annotated[float, Limits(0, 1)] = 0.33
    """Share of the samples that are drawn around a pixel of a rare class (less than 5 % of the annotated pixels)."""
    replay_share: Annotated[float, Limits(0, 0.95)] = 0.5
    """Share of the samples that come from --replay-images."""
    optimiser: Optimiser = "adamw"
    """How gradients become steps."""
    loss: Loss = "cross-entropy"
    """What is minimised; hybrid is cross-entropy + soft Dice. All weigh pixels, and ignore those nobody annotated."""
    rate: Annotated[float, Limits(1e-9, 10)] = 2e-3
    """Learning rate, the highest of the schedule."""
    schedule: Schedule = "cosine"
    """cosine: warm up over a tenth of the steps, then fall to zero; constant: stay."""
    momentum: Annotated[float, Limits(0, 0.9999)] = 0.9
    """Momentum of SGD, beta1 of AdamW."""
    decay: Annotated[float, Limits(0, 1)] = 1e-2
    """Weight decay."""
    ema: Annotated[float, Limits(0, 0.99999)] = 0.99
    """Decay of the running average of the weights that is validated and saved; 0 = the last weights."""
    validation: Annotated[float, Limits(0, 1_000_000)] = 0.1
    """Images held out, the last of the set: a part of them (below 1) or their number; none with --validation-images."""
    validate_every: Annotated[int, Limits(1, 10_000_000)] = 1000
    """Steps between two validations."""
    best_by: BestBy = "auto"
    """Score by which the best of the validated models is kept; auto: v_both, the geometric mean of v_rand and v_info,
    where cells fill the image, else ap50, or iou of several classes and of strokes in cells; last: the last one."""
    patience: Annotated[int, Limits(0, 1_000_000)] = 0
    """Validations in a row without a better score after which the training ends; 0 = it never does."""
    save_every: Annotated[float, Limits(0, 86400)] = 20.0
    """Seconds between two checkpoints, for --resume."""
    precision: Precision = "auto"
    """Arithmetic of the network; auto is bfloat16 where the processor or GPU computes with it, else float32."""
    threads: Annotated[int, Limits(0, 1024)] = 0
    """Processor threads; 0 = all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """All options of a training, by stage."""

    labels: LabelOptions = LabelOptions()
    weights: WeightOptions = WeightOptions()
    augment: AugmentOptions = AugmentOptions()
    network: NetworkOptions = NetworkOptions()
    train: TrainOptions = TrainOptions()


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions(_Checked):
    """What a contact sheet of samples shows."""

    seed: Annotated[int, Limits(0, 2**32 - 1)] = 0
    """All that is random follows from it."""
    tile: Annotated[int, Limits(8, 2048)] = 204
    """Side of a sample in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictOptions(_Checked):
    """How images are predicted."""

    result: Result = "instances"
    """What is written: numbered cells (uint32), class numbers (uint8) or probabilities (float32)."""
    tile: Literal["auto"] | Annotated[int, Limits(1, 65536)] = "auto"
    """Side of an output tile in pixels, rounded down to the network's stride; auto = chosen for you."""
    diameter: Literal["auto"] | Annotated[float, Limits(0.5, 100_000)] = "auto"
    """Usual diameter of an object in the image, in pixels: the network sees the image rescaled, so that objects are as
    large as those it has learnt from; auto = they are already."""
    invert: bool = False
    """Flip the grey values: objects are dark and the model has learnt from bright ones, or the other way round."""
    average: Averaging = "none"
    """Average over versions of the image: 7 rotations, as in the paper, or the 8 symmetries of the square."""
    precision: Precision = "auto"
    """Arithmetic of the network; auto is bfloat16 where it is fast and keeps the classes of the image, else float32."""
    prune: Annotated[int, Limits(0, 6)] = 0
    """Depth at which a network that was trained with a head at every depth (unetpp) is cut off; 0 = not."""
    memory: str = "auto"
    """Memory that may be taken, such as 2GB; auto = half of what is free. The tile follows from it."""
    uncertainty: Uncertainty = "none"
    """Write how unsure the network is beside the result: the entropy of its probabilities in bits, or by how much the
    averaged versions disagree (standard deviation)."""
    threshold: Annotated[float, Limits(0, 1)] = 0.0
    """Probability from which on a pixel belongs to a cell; 0 = the one stored with the model."""
    core: Annotated[float, Limits(0, 1)] = 0.0
    """Probability that a cell has somewhere: cores that are connected are one cell, and spread over what is above the
    threshold; 0 = the one stored with the model, the threshold itself = no cores."""
    minimum_size: Annotated[int, Limits(0, 2**31)] = 0
    """Smaller instances are removed, in pixels; 0 = the size stored with the model."""
    fill_holes: Annotated[int, Limits(0, 2**31)] = 0
    """Holes in an instance of at most that many pixels are filled, not those at the edge of the image; 0 = the size
    stored with the model."""
    split: Split = "auto"
    """How instances that touch are cut apart: watershed = at the necks of their shape; auto = as suits the model."""
    object_diameter: Literal["auto"] | Annotated[float, Limits(1, 10_000)] = "auto"
    """Usual diameter of a cell in pixels, for the watershed; auto = the one stored with the model, else each part's
    own."""
    link: Link = "none"
    """Whether an instance keeps its number through the planes of a stack: overlap = where it covers itself."""
    link_overlap: Annotated[float, Limits(0.01, 1)] = 0.25
    """Shared part (intersection over union) from which on two instances of successive planes are one."""
    probability_type: ProbabilityType = "float32"
    """Type of written probabilities; uint8 are 255 times the probability, a quarter of the size."""
    label_type: LabelType = "uint32"
    """Type of the numbers of instances; uint16 is refused where there are more than 65535."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthOptions(_Checked):
    """What of the truth counts."""

    truth_is: Literal["auto", "complete", "partial"] = "auto"
    """partial: predicted cells that belong to no annotated one do not count; auto: by the markers of a CTC folder."""
    border: Literal["auto"] | Annotated[int, Limits(0, 100_000)] = "auto"
    """Cells wholly within so many pixels of the edge do not count; auto: the CTC's number for its own data sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateOptions(TruthOptions):
    """What of a prediction is compared with what of the truth."""

    threshold: Annotated[float, Limits(0, 1)] = 0.0
    """Probability from which on a pixel belongs to a cell; 0 = 0.5. Makes whole numbers probabilities, 0 to 255."""
    minimum_size: Annotated[int, Limits(0, 2**31)] = 0
    """Smaller predicted cells are left out, in pixels."""
    volume: bool = False
    """Take the planes of a file as one volume, and not one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOptions(_Checked):
    """What is known of images that belong together."""

    group: str = ""
    """Regular expression: images in whose names it finds the same stay together; its first group, if it has one."""
    table: Path | None = None
    """CSV table with a row for each image, found by the name of the file."""
    column: str = ""
    """The table's column that tells which images stay together."""

    def __post_init__(self) -> None:
        _Checked.__post_init__(self)
        if bool(self.column) != (self.table is not None) or (self.group and self.table):
            raise InputError("--group, or --table with --column", "Give one of the two ways to tell groups.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOptions(_Checked):
    """How annotated images are split into those to learn from and those to validate on."""

    fraction: Annotated[float, Limits(0.001, 0.9)] = 0.2
    """Part of the images (of a stack: of its planes) that is held out for validation."""
    seed: Annotated[int, Limits(0, 2**32 - 1)] = 0
    """Which groups, or which block of a stack, are held out follows from it."""
    gap: Annotated[int, Limits(0, 1_000_000)] = 0
    """Planes left out on each side of the block of a stack that is held out, for neighbours look alike."""
    cut: bool = False
    """Cut every stack, and do not keep each as a whole; a single stack always is."""
    detect: bool = True
    """Look for images of one field: tiles that continue each other's pixels, and near-duplicates."""
