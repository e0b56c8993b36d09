"""Objects of another size than those that a network has learnt: it sees the image rescaled so that they have that size.

Tiles are planned, predicted and kept on the rescaled image, so tiling is as exact as ever. What was found is brought
back to the image's own pixels as probabilities; only there is it cut into classes and instances.
"""

from __future__ import annotations

from dataclasses import replace

from cellseg.errors import InputError
from cellseg.models.card import ModelCard
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

LARGEST = 16.0
"""An image is not enlarged or made smaller by more than this."""


def magnification(card: ModelCard, options: PredictOptions) -> float:
    """Magnification at which the network sees the image; without `--diameter` that of the training.

    Raises InputError where the model does not say what objects it has learnt from, or theirs are of quite another size.
    """
    if options.diameter is None:
        return card.scale
    if not card.diameter:
        raise InputError(
            "--diameter is given, but the model does not say how large the objects were that it has learnt from",
            "Leave --diameter out, or train again with this version.",
        )
    found = card.diameter / options.diameter
    if not 1 / LARGEST <= found <= LARGEST:
        raise InputError(
            f"--diameter is {options.diameter:g}, and the model has learnt from objects of {card.diameter:.3g} pixels",
            f"It must be {card.diameter / LARGEST:.2g} to {card.diameter * LARGEST:.3g}; or train on such images.",
        )
    return found


def unscaled(model: TrainedModel) -> TrainedModel:
    """The model for images that are as large already as its network sees them."""
    return replace(model, card=replace(model.card, scale=1.0))


def at_own_size(model: TrainedModel, options: PredictOptions) -> TrainedModel:
    """The model whose cut is in the image's own pixels and not in those of the training."""
    times, card = magnification(model.card, options), model.card
    if times == 1:
        return model
    own = replace(
        card,
        grow=round(card.grow / times),
        minimum_size=round(card.minimum_size / times**2),
        fill_holes=round(card.fill_holes / times**2),
        split=card.split / times,
    )
    return replace(model, card=own)
