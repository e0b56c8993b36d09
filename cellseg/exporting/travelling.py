"""A model that predicts elsewhere: its statistics are frozen, its grey values and probabilities its own business."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cellseg.errors import InputError
from cellseg.images.contrast import Levels
from cellseg.images.grey_notes import is_constant
from cellseg.images.grey_values import GAIN, MEAN, SPAN, GreyRule, PlaneGreys, grey_rule
from cellseg.images.normalise import Normalisation
from cellseg.images.source import ImageSource
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.statistics import folded, gather, normalisation_layers
from cellseg.models.exported.note import ExportNote
from cellseg.models.trained import TrainedModel, refuse_exported


@dataclass(frozen=True, slots=True, eq=False)
class TravellingModel:
    """A model whose statistics do not depend on the image.

    Attributes:
        network: as it was trained, with the statistics that it predicts with.
        note: what other programs have to know.
        warning: what it costs that statistics were taken from each image before; empty where they were not.
    """

    network: Any
    note: ExportNote
    warning: str = ""

    def whole(self) -> WholeNetwork:
        """The network from linear grey values to probabilities, its normalisations a part of its convolutions."""
        return WholeNetwork(folded(self.network), bends=self.note.compresses).eval()

    def as_stored(self) -> WholeNetwork:
        """The same with the weights as they were stored, and normalisations of their own."""
        return WholeNetwork(copy.deepcopy(self.network), bends=self.note.compresses).eval()


class WholeNetwork(nn.Module):
    """Probabilities (N, classes, h, w) of linear grey values (N, channels, H, W)."""

    def __init__(self, network: nn.Module, *, bends: bool) -> None:
        super().__init__()
        self.network = network
        self.bends = bends

    def forward(self, x: Tensor) -> Tensor:
        return torch.softmax(self.network(compressed(x) if self.bends else x), dim=1)


def compressed(x: Tensor, end: float = SPAN / 2, gain: float = GAIN) -> Tensor:
    """Grey values as they are up to `end` from 0, and beyond as a logarithm that begins with slope 1."""
    beyond = torch.relu(torch.abs(x) - end)
    return torch.clamp(x, -end, end) + torch.sign(x) * gain * torch.log1p(beyond / gain)


def travelling(model: TrainedModel, images: ImageSource | Sequence[ImageSource] | None = None) -> TravellingModel:
    """A model with frozen statistics: those of its training or, where it takes them from each image, of some images.

    Args:
        model: the model.
        images: like those that will be predicted; of several planes the first counts. Of one image grey levels are
            frozen, too.

    Raises:
        InputError: an image has other channels than the model wants, or cannot be read; or the model is a file of
            another program.
    """
    refuse_exported(model, "cannot be exported again")
    several = [images] if isinstance(images, ImageSource) else list(images or ())
    rule = grey_rule(model.card.grey_values)
    network, taken, warning = copy.deepcopy(model.network).cpu().float().eval(), "fixed by the training", ""
    seen = _something_to_see(rule, network, several)
    if model.adaptive:
        taken, warning = _in_its_file(model)
        if seen:
            gather(network, (_sample(image, rule, model) for image, _ in seen))
            taken, warning = _origin(several), ""
    greys = [linear(one) for one in _by_channel(seen[0][1])] if len(several) == 1 else _numbers(rule, network)
    note = ExportNote(
        card=replace(model.card, statistics="fixed"),
        geometry=network.geometry,
        statistics=taken if normalisation_layers(network) else "none",
        gain=tuple(gain for gain, _ in greys),
        offset=tuple(offset for _, offset in greys),
    )
    return TravellingModel(network, note, warning)


RUNNING = (
    "the model takes statistics of normalisation from each image, which other programs cannot: the running average of "
    "its training is exported, with which it may find hardly anything. Give images like those that will be predicted "
    "with --like (a folder, best of the training), or train again with --statistics fixed"
)


def _in_its_file(model: TrainedModel) -> tuple[str, str]:
    """Origin of the statistics that a model brings, and what they cost."""
    if model.card.gathered:
        return f"those of {model.card.gathered}", ""
    return "running average of the training", RUNNING


def _origin(images: Sequence[ImageSource]) -> str:
    return f"those of {images[0].name}" + (f" and {len(images) - 1} more images" if len(images) > 1 else "")


def _numbers(rule: GreyRule, network: Any) -> list[tuple[float, float]]:
    """Gain and offset of each channel where the rule names them; else none."""
    if rule.name == MEAN or rule.low >= rule.high:
        return []
    return [linear(Levels(rule.low, rule.high))] * int(network.options.channels)


def _something_to_see(
    rule: GreyRule, network: Any, images: Sequence[ImageSource]
) -> list[tuple[ImageSource, PlaneGreys]]:
    """Those of the images that have more than one grey value, with their grey values."""
    for image in images:
        if image.channels != network.options.channels:
            found = f"has {image.channels} channels, the model wants {network.options.channels}"
            raise InputError(found, "Give an image like those that are predicted.", path=image.name)
    measured = [(image, rule.measure(image, 0)) for image in images]
    seen = [(image, greys) for image, greys in measured if not is_constant(greys)]
    if images and not seen:
        found = "has one grey value only"
        raise InputError(found, "Give an image like those that are predicted.", path=images[0].name)
    return seen


def _by_channel(greys: PlaneGreys) -> Sequence[Levels | tuple[float, float]]:
    if isinstance(greys, Normalisation):
        return list(zip(greys.mean, greys.std, strict=True))
    assert isinstance(greys, tuple)  # steps are those of an exported model, which is refused
    return greys


def linear(greys: Levels | tuple[float, float]) -> tuple[float, float]:
    """Gain and offset that bring levels to -2 and 2, or a mean and a deviation to 0 and 1."""
    if isinstance(greys, Levels):
        gain = SPAN / (greys.high - greys.low)
        return gain, -gain * (greys.low + greys.high) / 2
    mean, std = greys
    return 1 / std, -mean / std


def _sample(image: ImageSource, rule: GreyRule, model: TrainedModel) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Sample of an image from which the network takes its statistics, at the size at which it sees images."""
    size = max(1, round(image.height * model.card.scale)), max(1, round(image.width * model.card.scale))
    return NormalisedImage(image, rule, size).sample(0, model.network.geometry)
