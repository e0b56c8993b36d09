"""A prediction that is kept: probabilities of an image in a folder, and results made of them without the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.inference.journal import left_behind
from cellseg.inference.journal_key import journal_key
from cellseg.inference.opened import prediction_on_disk
from cellseg.inference.prediction import Prediction
from cellseg.inference.result import Stored
from cellseg.inference.scope import CUT, PLAN, changed, refuse_of_classes
from cellseg.inference.seen import seen_by
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions

NAME = "probabilities"
TILE = 512
"""Side of a tile in pixels: small enough that the first ones are soon there."""


def keep_prediction(
    model: Any, image: ImageSource | NDArray[np.generic], folder: str | Path, **options: Any
) -> Prediction:
    """Open or begin a prediction that is kept in a folder.

    What lies there is used if it was made of the same image by the same model with the same options, else it is thrown
    away; options of the tiles' size, the cut and the file do not count. The probabilities take 4 bytes a pixel (of more
    than two classes, for each class).

    Args:
        model: from `load`, or its path or name; or a network from `build`.
        image: as in `predict`.
        folder: made where it is missing.
        options: fields of PredictOptions. What is there keeps its tile; those of the cut and of the file hold where
            `label`, `instances` and `write` are not told otherwise.

    Raises InputError for an option out of range or an image with the wrong number of channels.
    """
    settings = PredictOptions(**options)
    if not changed(settings, PLAN):
        settings = replace(settings, tile=TILE)
    refuse_of_classes(settings, len(as_model(model).card.class_names))
    seen, output = seen_by(model, image, settings), Path(folder) / NAME
    key = journal_key(seen, without=PLAN | CUT)
    stored = Stored(replace(settings, result="probabilities", probability_type="float32"))
    try:
        return prediction_on_disk(seen, output, stored, key, left_behind(output, key))
    except InputError:  # what lies there is of something else, or damaged
        return prediction_on_disk(seen, output, stored, key, None)
