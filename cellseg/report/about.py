"""Origin of results in words for people: the model, the options, the versions."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from cellseg import __version__
from cellseg.inference.scope import changed
from cellseg.models.card import ModelCard
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions, flag_of

LIBRARIES = ("torch", "numpy", "scikit-image")


def about_prediction(
    name: str, model: TrainedModel, options: PredictOptions, more: Mapping[str, str]
) -> dict[str, str]:
    """Words by heading.

    Args:
        name: what the model was called.
        model: the model.
        options: of the prediction; those that differ from their defaults are told.
        more: words that the caller adds, such as the folder of the images.
    """
    told = {"Model": f"{name} ({model.card.name})", "Made on": f"{datetime.now():%Y-%m-%d %H:%M}", **more}
    return {
        **told,
        **_of_card(model.card),
        "Weights": f"SHA-256 {model.digest[:16]}",
        "Options": _options(changed(options)),
        "Versions": _versions(),
    }


def _of_card(card: ModelCard) -> dict[str, str]:
    """Words of a model's card, as far as there are any."""
    several = len(card.class_names) > 2
    cut = ["each pixel has its most probable class" if several else f"threshold {card.threshold:g}"]
    cut += [f"core {card.core:g}"] if card.core else []
    cut += [f"minimum size {card.minimum_size} px"] if card.minimum_size else []
    cut += [f"half of a cell at least {card.minimum_probability:g}"] if card.minimum_probability else []
    words = {
        "Learnt from": card.data,
        "Cut": ", ".join([*cut, "unless options say otherwise"]),
        "Limits": card.limits,
        "Licence": card.licence,
    }
    return {heading: text for heading, text in words.items() if text}


def _options(given: Mapping[str, Any]) -> str:
    return " ".join(f"{flag_of(name)} {value}" for name, value in given.items()) or "all as by default"


def _versions() -> str:
    parts = [f"cellseg {__version__}", *(f"{name} {_version(name)}" for name in LIBRARIES)]
    return ", ".join([*parts, f"Python {platform.python_version()}", platform.platform(terse=True)])


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "of unknown version"
