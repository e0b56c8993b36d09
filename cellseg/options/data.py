"""Options of the data of a training: files, labels, weight maps, augmentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from cellseg.checked import Checked, Help, Limits
from cellseg.errors import InputError
from cellseg.options.shared import AxesOption, SceneOption, SeedOption, TileOption

Balance = Literal["none", "image", "dataset"]
Where = Literal["background", "everywhere"]
Separate = Literal["on", "off"]
LabelKind = Literal["instances", "classes"]
SampleKind = Literal["blobs", "touching", "em"]
Foreground = Literal["nonzero", "zero"]
BalanceOption = Annotated[Balance, Help("Balance the class frequencies: of each image, of the whole data set, or not.")]


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
class ImageOptions(Checked):
    """Reading of image files."""

    channel: str | None = None
    """Name or number (from 0) of the channel to take."""
    scene: SceneOption | None = None
    """`cellseg info` lists them."""
    axes: AxesOption | None = None
    """Default: as the files say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataOptions(Checked):
    """Files of a training: images, labels and masks."""

    images: str | None = None
    """A multi-page TIFF, a folder of images or a glob; or a sequence of the Cell Tracking Challenge (.../01)."""
    labels: str | None = None
    """The same for the labels, matched by page or by name; or .../01_GT, where what is not labelled is background
    only where markers, silver truth and grey values confirm it, else ignored."""
    annotated: str | None = None
    """Masks, matched like labels: nonzero where somebody annotated; the rest has no weight."""
    axes: AxesOption | None = None
    """Default: as the files say."""
    scene: SceneOption | None = None
    """`cellseg info` lists them."""
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
    flaws: Annotated[float, Limits(0, 1)] = 0.0
    """Share of the samples with hot pixels, dust, uneven light or saturation."""
    empty: Annotated[float, Limits(0, 1)] = 0.0
    """Share of the samples without any object, once the statistics of normalisation layers are held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions(Checked):
    """A contact sheet of samples."""

    seed: SeedOption = 0
    tile: TileOption = 204

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        if not 8 <= self.tile <= 2048:
            raise InputError(f"--tile is {self.tile}", "It must be 8 to 2048 for a sheet that can be looked at.")
