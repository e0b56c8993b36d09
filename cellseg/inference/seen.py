"""One image as one model sees it: pruned network, channels, size, polarity, grey values, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.grey_values import CONTRAST, MEAN, STEPS, GreyRule, grey_rule
from cellseg.images.source import ImageSource, array_source
from cellseg.inference.endless import refuse_endless
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.object_size import with_measured_size
from cellseg.inference.scale import at_own_size, magnification
from cellseg.inference.way_back import WayBack, way_back
from cellseg.models.card import ModelCard
from cellseg.models.geometry import Geometry
from cellseg.models.trained import TrainedModel, as_model, pruned
from cellseg.options import PredictOptions


@dataclass(frozen=True, slots=True, eq=False)
class SeenImage:
    """One image as one model sees it.

    Attributes:
        trained: the model, its network pruned; lengths in its card are in pixels as the network sees them.
        model: the same with lengths in the image's own pixels: how its cells are cut.
        own: the image itself.
        image: normalised grey values, perhaps rescaled and inverted: the network's input.
        options: those of the prediction; the diameter is the one that was measured, where it was.
        asked: the same as they were given.
    """

    trained: TrainedModel
    model: TrainedModel
    own: ImageSource
    image: NormalisedImage
    options: PredictOptions
    asked: PredictOptions

    @property
    def source(self) -> ImageSource:
        """The image at the size that the network sees."""
        return self.image.source

    @property
    def plane(self) -> tuple[int, int]:
        """Height and width of a plane in pixels, as the network sees it."""
        return self.source.height, self.source.width

    @property
    def network(self) -> Any:
        """The network, pruned."""
        return self.trained.network

    @property
    def geometry(self) -> Geometry:
        """The network's legal sizes and margin."""
        geometry: Geometry = self.network.geometry
        return geometry

    @property
    def back(self) -> WayBack:
        """The way from what the network sees to the image's own pixels."""
        return way_back(self.source, self.own)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape (N, C, h, w) of the network's sample of a plane; empty where it needs none."""
        return self.image.sample_shape(self.geometry) if self.trained.adaptive else ()


MeasureSize = Callable[[TrainedModel, ImageSource, GreyRule, PredictOptions], PredictOptions]
"""Gives the options the width of the objects, where they or the model ask for a measurement."""


def seen_by(
    model: Any,
    image: ImageSource | NDArray[np.generic],
    asked: PredictOptions,
    measure: MeasureSize = with_measured_size,
) -> SeenImage:
    """One image as a model sees it with these options; no pixel is read yet but where its objects are to be measured.

    Args:
        model: from `load`, or its path or name; or a network from `build`.
        image: (H, W), a stack (Z, H, W), channels first where the model wants several, or an open image.
        asked: options of the prediction.
        measure: measures objects, or knows how wide they are.

    Raises:
        InputError: the network cannot be cut off there, the image has other channels than it wants, its objects cannot
            be brought to the size that it has learnt, it is too large for ever, or options contradict each other.
    """
    _check_uncertainty(asked)
    trained = pruned(as_model(model), asked.prune)
    own = _source_of(image, trained)
    _check_channels(trained, own)
    refuse_endless(own, (own.height, own.width), asked.tile)
    rule = _rule(trained.card, asked)
    options = measure(trained, own, rule, asked)
    times = magnification(trained.card, options)
    size = max(1, round(own.height * times)), max(1, round(own.width * times))
    refuse_endless(own, size, options.tile)
    return SeenImage(
        trained=trained,
        model=at_own_size(trained, options),
        own=own,
        image=NormalisedImage(own, rule, size, options.invert),
        options=options,
        asked=asked,
    )


def _rule(card: ModelCard, options: PredictOptions) -> GreyRule:
    """The rule of grey values. Raises InputError for another one than the model has learnt from.

    Steps of another program's package are its own business: neither numbers nor the negative take their place.
    """
    asked, learnt = grey_rule(options.grey_values or card.grey_values), grey_rule(card.grey_values)
    numbers = asked.name not in (MEAN, CONTRAST)
    if options.invert and learnt.name == STEPS:
        raise InputError("--invert with a package of another program, which names its own steps", "Leave it out.")
    if asked != learnt and (not numbers or learnt.name in (MEAN, STEPS)):
        found = f"--grey-values is {asked.name}, and the model has learnt from {learnt.name}"
        raise InputError(found, "Leave it out, or train a model with it.")
    return asked


def _source_of(image: ImageSource | NDArray[np.generic], model: TrainedModel) -> ImageSource:
    if isinstance(image, ImageSource):
        return image
    stack = "CYX" if model.network.options.channels > 1 else "ZYX"
    return array_source(image, axes={2: "YX", 3: stack, 4: "ZCYX"}.get(image.ndim, ""))


def _check_channels(model: TrainedModel, source: ImageSource) -> None:
    wanted = model.network.options.channels
    if source.channels != wanted:
        raise InputError(
            f"the image has {source.channels} channels, the model wants {wanted}",
            "Choose one with --channel, or convert the image to grey.",
            path=source.name,
        )


def _check_uncertainty(options: PredictOptions) -> None:
    if options.uncertainty == "disagreement" and options.average == "none":
        raise InputError(
            "--uncertainty disagreement compares averaged versions, and there is one",
            "Add --average dihedral8 or rotations7, or take --uncertainty entropy.",
        )
