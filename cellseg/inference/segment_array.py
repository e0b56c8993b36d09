"""The cells of an image in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.inference.cut import instances_in
from cellseg.inference.predict import predict_array
from cellseg.inference.scale import at_own_size
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions


def segment_array(model: Any, image: NDArray[np.generic], **options: Any) -> NDArray[np.uint32]:
    """Cells of an image in memory, numbered from 1 in scan order: what `cellseg predict` writes of it.

    The probabilities are cut as suited the images best that the model was chosen on: with its own threshold, cores,
    growth, smallest size, holes and splitting, unless the options say otherwise.

    Args:
        model: from `load`, or its path or name; or a network from `build`.
        image: (H, W) or (C, H, W).
        options: fields of PredictOptions: average, diameter, invert, threshold, core, minimum_size, fill_holes, split,
            object_diameter, tile, precision, prune.

    Returns:
        uint32 (H, W), 0 = background. With several classes all but the first are cells.

    Raises InputError as `predict_array`, and for another `result` than instances.
    """
    settings, trained = PredictOptions(**options), as_model(model)
    if settings.result != "instances":
        raise InputError(f"segment_array gives instances, not {settings.result}", "Use predict_array.")
    probabilities, own = predict_array(trained, image, **options), at_own_size(trained, settings)
    return instances_in(probabilities, own.card, settings)
