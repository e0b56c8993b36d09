"""Rules that turn probabilities into cells: the given options, else those of the model's card."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.instances import InstanceOptions, label_as
from cellseg.models.card import ModelCard
from cellseg.options import PredictOptions

T = TypeVar("T")


def cuts_of(card: ModelCard, options: PredictOptions) -> tuple[float, float]:
    """The threshold, and that of the cores; 0 where there are none."""
    threshold, core = _first(options.threshold, card.threshold), _first(options.core, card.core)
    return threshold, core if core > threshold and len(card.class_names) == 2 else 0.0


def surely_of(card: ModelCard, options: PredictOptions) -> float:
    """The probability that half of the pixels of a cell have; 0 where none is asked for."""
    return _first(options.minimum_probability, card.minimum_probability) if len(card.class_names) == 2 else 0.0


def instance_options(card: ModelCard, options: PredictOptions = PredictOptions()) -> InstanceOptions:
    """Rules that turn a mask into instances: the given options, else those of the card."""
    return InstanceOptions(
        cores=bool(cuts_of(card, options)[1]),
        fill_holes=_first(options.fill_holes, card.fill_holes),
        minimum_size=_first(options.minimum_size, card.minimum_size),
        sure=bool(surely_of(card, options)),
        grow=card.grow,
        split=options.split or ("watershed" if card.split else "none"),
        object_diameter=_first(options.object_diameter, card.split),
    )


def levels_in(
    cell: NDArray[np.float32], card: ModelCard, options: PredictOptions
) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """Masks (h, w) of cores and of sure pixels in the probabilities of cells; None for what is not asked for."""
    core, sure = cuts_of(card, options)[1], surely_of(card, options)
    return cell >= core if core else None, cell >= sure if sure else None


def instances_in(
    probabilities: NDArray[np.float32], card: ModelCard, options: PredictOptions = PredictOptions()
) -> NDArray[np.uint32]:
    """Instances uint32 (h, w) in probabilities (classes, h, w), cut as the options say, else as the card does.

    With more than two classes all but the first are cells.
    """
    threshold = cuts_of(card, options)[0]
    cell = probabilities[1]
    mask = cell >= threshold if len(probabilities) == 2 else probabilities.argmax(axis=0)
    return label_as(mask, instance_options(card, options), *levels_in(cell, card, options))


def _first(asked: T | None, stored: T) -> T:
    """The given value, else the model's."""
    return stored if asked is None else asked
