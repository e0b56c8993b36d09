"""How probabilities become cells: what the options say, and where they do not, the model's card."""

from __future__ import annotations

from cellseg.inference.instances import InstanceOptions
from cellseg.models.card import ModelCard
from cellseg.options import PredictOptions


def cuts_of(card: ModelCard, options: PredictOptions) -> tuple[float, float]:
    """The threshold, and that of the cores; 0 where there are none."""
    threshold, core = options.threshold or card.threshold, options.core or card.core
    return threshold, core if core > threshold and len(card.class_names) == 2 else 0.0


def instance_options(card: ModelCard, options: PredictOptions = PredictOptions()) -> InstanceOptions:
    """How a mask becomes instances: as the options say, and where they do not, the card."""
    split, diameter = options.split, options.object_diameter
    if split == "auto":
        split = "watershed" if card.split else "none"
    return InstanceOptions(
        cores=bool(cuts_of(card, options)[1]),
        fill_holes=options.fill_holes or card.fill_holes,
        minimum_size=options.minimum_size or card.minimum_size,
        grow=card.grow,
        split=split,
        object_diameter=card.split or "auto" if diameter == "auto" else diameter,
    )
