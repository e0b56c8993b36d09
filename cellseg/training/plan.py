"""The plan of a training: what it learns from, how, how long that takes and how much memory; nothing is trained."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cellseg.models.cost import parameters
from cellseg.models.trained import TrainedModel
from cellseg.options import TrainSettings
from cellseg.training.best import metric_for
from cellseg.training.cut_images import WHOLE_PIXELS
from cellseg.training.data import TrainingSet, cell_areas, median_diameter
from cellseg.training.estimate import validated_pixels
from cellseg.training.expected_cost import STEPS, expected_cost, shapes_of
from cellseg.training.finetune import fitted, with_network
from cellseg.training.held_out_notes import notes_on_held_out
from cellseg.training.rare import rare_classes
from cellseg.training.step import precision_of
from cellseg.training.train import make_network, sample_size

SMALL = 0.75
"""Part of the tile below which an image is worth a word."""


@dataclass(frozen=True, slots=True)
class DataPlan:
    """Images and labels of a training."""

    images: int
    """Images to learn from, without those of an earlier training."""
    validation: int
    """Images held out."""
    replay: int
    """Images of an earlier training."""
    sizes: list[list[int]]
    """Height, width and number of the images, the most frequent first."""
    channels: int
    labels_are: str
    classes: int
    class_shares: list[float]
    """Part of the annotated pixels that each class has."""
    rare_classes: list[int]
    cells: int
    cell_diameter: float | None
    """Diameter of the median cell in pixels."""
    unannotated: float
    """Part of the pixels that nobody annotated."""


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """Network of a training."""

    name: str
    parameters: int
    margin: int


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The work of a training, and its cost."""

    data: DataPlan
    network: NetworkPlan
    tile: int
    """Side of the labelled part of a sample in pixels."""
    input: int
    """Side of its input."""
    batch: int
    steps: int
    recipe: str
    precision: str
    samples_per_image: float
    validations: int
    """Validations, the one at the end included."""
    predicted_pixels: int
    """Pixels that each of them predicts: of large images windows."""
    searched_pixels: int
    """Pixels on which each but the last searches the cut."""
    memory_bytes: int
    """Peak of main memory (of the GPU's where there is one)."""
    seconds: float
    seconds_by: str
    """Source of the time."""
    notes: list[str]
    """Sentences that are worth reading before it begins."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def training_plan(data: TrainingSet, settings: TrainSettings, start: TrainedModel | None = None) -> TrainingPlan:
    """The plan of a training; some steps of the very network are measured for it.

    Args:
        data: of the training.
        settings: of the training.
        start: model that is gone on from, if any.

    Raises:
        InputError: the training would refuse the data or the options.
    """
    if start is not None:
        data, settings = fitted(data, start.card), with_network(settings, start.card)
    metric_for(data, settings.train)
    network, options = make_network(data, settings), settings.train
    size = sample_size(data, settings, network.geometry)
    described = _data_plan(data, settings)
    made = NetworkPlan(settings.network.model, parameters(network), network.geometry.margin)
    cost = expected_cost(data, settings, network, size)
    searches = math.ceil(options.steps / options.validate_every)
    predicted, searched = validated_pixels(shapes_of(data), options)
    return TrainingPlan(
        data=described,
        network=made,
        tile=size[1],
        input=size[0],
        batch=options.batch,
        steps=options.steps,
        recipe=options.recipe,
        precision=str(precision_of(options)).removeprefix("torch."),
        samples_per_image=options.steps * options.batch / len(data.training),
        validations=searches + 1,
        predicted_pixels=round(predicted / (searches + 1)),
        searched_pixels=round(searched / searches),
        memory_bytes=cost.bytes,
        seconds=cost.seconds,
        seconds_by=f"{STEPS} steps were measured",
        notes=_notes(data, settings, described, made, size[1]),
    )


def _data_plan(data: TrainingSet, settings: TrainSettings) -> DataPlan:
    every = (*data.training, *data.held)
    shares = data.counts / max(int(data.counts.sum()), 1)
    return DataPlan(
        images=len(data.new),
        validation=len(data.validation),
        replay=data.replayed,
        sizes=[[*shape, count] for shape, count in Counter(i.truth.ignore.shape for i in every).most_common()],
        channels=len(data.training[0].image),
        labels_are=data.kind,
        classes=data.classes,
        class_shares=[round(float(share), 5) for share in shares[: data.classes]],
        rare_classes=rare_classes(data.counts) if settings.train.rare else [],
        cells=sum(len(cell_areas(image)) for image in every),
        cell_diameter=median_diameter(data) or None,
        unannotated=float(np.mean([image.truth.ignore.mean() for image in every])),
    )


def _notes(data: TrainingSet, settings: TrainSettings, told: DataPlan, network: NetworkPlan, tile: int) -> list[str]:
    """Notes for people before a training begins."""
    options, found = settings.train, []
    large = sum(image.truth.ignore.size > WHOLE_PIXELS for image in (*data.training, *data.held))
    if large:
        found.append(
            f"{large} images have more than {WHOLE_PIXELS / 1e6:.0f} megapixels: windows of them are validated"
        )
    if tile < options.tile:
        found.append(f"no image is larger, so the tile is {tile} and not {options.tile}")
    small = sum(max(image.truth.ignore.shape) < SMALL * tile for image in data.training)
    if small:
        found.append(f"{small} images are much smaller than the tile; what lies beyond their edge is mirrored")
    if told.rare_classes:
        names = ", ".join(map(str, told.rare_classes))
        found.append(f"rare classes: {names}; {options.rare:.0%} of the samples are drawn around their pixels (--rare)")
    if told.cell_diameter and told.cell_diameter > 2 * network.margin:
        margin = network.margin
        found.append(f"the network sees {margin} pixels around each one, less than half a cell; a larger --depth helps")
    if told.unannotated:
        found.append(f"{told.unannotated:.1%} of the pixels are not annotated and do not count")
    found += notes_on_held_out(data, options)
    if not data.validation:
        found.append("nothing is held out: the last model is kept, and how good it is stays unknown")
    return found
