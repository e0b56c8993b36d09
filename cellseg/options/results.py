"""Options of predictions, of their evaluation, and of splits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cellseg.checked import Checked, Limits
from cellseg.errors import InputError
from cellseg.options.shared import (
    DiameterOption,
    GreyValuesOption,
    MinimumSizeOption,
    PrecisionOption,
    SeedOption,
    ThresholdOption,
    TileOption,
)

Result = Literal["instances", "classes", "probabilities"]
Averaging = Literal["none", "rotations7", "dihedral8"]
AVERAGING_COST: dict[Averaging, int] = {"none": 1, "rotations7": 10, "dihedral8": 8}
"""Pixels that the network sees with each way of averaging, against one pass over the tiles. A turned tile needs a
larger square around it: 7 rotations see 8 to 11 times as many pixels (by the margin; square tiles), so about 10."""
MOST_SHARES = 1_000_000
Uncertainty = Literal["none", "entropy", "disagreement"]
Split = Literal["none", "watershed"]
Link = Literal["none", "overlap"]
LabelType = Literal["uint32", "uint16"]
ProbabilityType = Literal["float32", "uint8"]
TruthKind = Literal["complete", "partial"]
LabelFileType = Literal["zip", "geojson", "json", "png", "tif", "zarr"]
ExportFormat = Literal["bioimageio", "onnx", "torchscript", "ij-macro", "qupath-script"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictOptions(Checked):
    """Options of a prediction."""

    result: Result = "instances"
    """What is written: numbered cells (uint32), class numbers (uint8) or probabilities (float32)."""
    tile: TileOption | None = None
    """Rounded down to the network's stride. Default: what suits the image and --memory."""
    diameter: DiameterOption | None = None
    """The image is rescaled so that the network sees them as wide as those it was trained on; auto: a first quick look
    measures them. Default: as the model was trained, which may be auto."""
    invert: bool = False
    """Invert the grey values: for dark objects and a model trained on bright ones, or the other way round."""
    grey_values: GreyValuesOption | None = None
    """Default: as the model has learnt; two numbers replace the measured levels."""
    average: Averaging = "none"
    """Average over versions of the image: 7 rotations, as in the paper, or the 8 symmetries of the square; about 10 and
    8 times the work."""
    precision: PrecisionOption | None = None
    """Default: bfloat16 where it is fast and keeps the classes of the image at any threshold, else float32."""
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
    minimum_probability: Annotated[float, Limits(0, 1)] | None = None
    """Cells of which less than half the pixels have this probability are removed. A lower --threshold adds unsure
    pixels to each cell: lower both. Default: the model's own."""
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


DEVICES = re.compile(r"all|cpu:[1-9][0-9]{0,3}")
"""The words of `--devices`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessOptions(Checked):
    """Processes that compute a prediction together, on one machine or many that see one folder."""

    share: str | None = None
    """K/N: compute the K-th of N parts of the tiles, for job arrays (--share 1/8 to 8/8, in any order, at once or not).
    Who finds all tiles done writes the result; else the same command with --resume instead of --share does."""

    cluster: str | None = None
    """Workers that compute the tiles: local:N for N processes of this machine, or a Dask scheduler by its address
    (tcp://HOST:8786) or file. Image, model and output lie in a folder that all see."""

    devices: str | None = None
    """all: one process for each GPU of this machine, by the extra cluster; cpu:N: N processes that share its
    processor."""

    def __post_init__(self) -> None:
        Checked.__post_init__(self)
        ways = [f"--{name}" for name in ("share", "cluster", "devices") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise InputError(f"{' and '.join(ways)} are {len(ways)} ways to hand out tiles", "Give one of them.")
        if self.devices is not None and not DEVICES.fullmatch(self.devices):
            raise InputError(f"--devices is {self.devices!r}", "Give all for each GPU, or cpu:N, such as cpu:4.")
        if self.share is not None and self.part is None:
            raise InputError(f"--share is {self.share!r}", "Give K/N with K from 1 to N, such as 2/8.")

    @property
    def part(self) -> tuple[int, int] | None:
        """Number of the share, from 1, and how many there are; None where no share is wanted or that is none."""
        number, _, count = (self.share or "").partition("/")
        if not (_is_number(number) and _is_number(count) and 1 <= int(number) <= int(count) <= MOST_SHARES):
            return None
        return int(number), int(count)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertOptions(Checked):
    """Conversion of labels."""

    to: LabelFileType | None = None
    """Format of the files in a folder --out: ROI sets of Fiji, GeoJSON, COCO, PNG, TIFF or OME-Zarr; folders stay.
    Default: one file, of the format that its name says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions(Checked):
    """A model in a file for other programs."""

    format: ExportFormat = "bioimageio"
    """bioimageio: a package for Fiji, ilastik, napari and others, with three kinds of weights; onnx: for onnxruntime;
    torchscript: for torch and libtorch; ij-macro, qupath-script: they run cellseg on the image open in Fiji, QuPath."""
    name: str | None = None
    """Name in the package. Default: that of the run or file."""
    authors: str | None = None
    """Authors in the package: "A. Person (Institute); B. Person". Default: nobody is named."""
    licence: str | None = None
    """Licence in the package by its name at SPDX, such as CC-BY-4.0. Default: that of the model's card."""
