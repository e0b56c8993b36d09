"""Going on from a trained model, with new annotations."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from cellseg.errors import InputError
from cellseg.models.card import ModelCard
from cellseg.options import NetworkOptions, TrainSettings
from cellseg.training.data import TrainingSet


def network_of(card: ModelCard) -> NetworkOptions:
    """The network's options that a model's card says; those that it does not know stay as they are by default."""
    known: dict[str, Any] = {"model": card.name, **card.options}
    names = [field.name for field in fields(NetworkOptions)]
    return NetworkOptions(**{name: known[name] for name in names if name in known})


def with_network(settings: TrainSettings, card: ModelCard) -> TrainSettings:
    """The settings with the model's network."""
    return replace(settings, network=network_of(card))


def fitted(data: TrainingSet, card: ModelCard) -> TrainingSet:
    """The data with the model's classes, of which the new images may lack the last ones.

    Raises InputError where the images have other channels or more classes than the model.
    """
    channels, wanted = len(data.training[0].image), card.options["channels"]
    if channels != wanted:
        found = f"the images have {channels} channels, the model of --from was trained with {wanted}"
        raise InputError(found, "Give images with the same channels, or train without --from.")
    if data.classes > len(card.class_names):
        found = f"the labels have {data.classes} classes, the model of --from has {len(card.class_names)}"
        raise InputError(found, "Give labels with its classes, or train without --from.")
    return replace(data, classes=len(card.class_names))
