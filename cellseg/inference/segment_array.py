"""The cells of an image in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.predict import filled
from cellseg.inference.prediction import NOT_OF_A_REGION
from cellseg.inference.scope import refuse, refuse_of_classes
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions


@overload
def segment_array(model: Any, image: NDArray[np.generic], **options: Any) -> NDArray[np.uint32]:
    """Cells of one image."""


@overload
def segment_array(model: Any, image: Sequence[NDArray[np.generic]], **options: Any) -> list[NDArray[np.uint32]]:
    """Cells of each image of a list."""


def segment_array(model: Any, image: Any, **options: Any) -> Any:
    """Cells of an image in memory, numbered from 1 in scan order: what `cellseg predict` writes of it.

    The probabilities are cut as suited the images best that the model was chosen on: with its own threshold, cores,
    growth, smallest size, holes and splitting, unless the options say otherwise.

    Args:
        model: from `load`, or its path or name; or a network from `build`.
        image: (H, W) or (C, H, W); or a list of these.
        options: fields of PredictOptions: average, diameter, invert, threshold, core, minimum_size,
            minimum_probability, fill_holes, split, object_diameter, tile, memory, precision, prune, label_type.

    Returns:
        uint32 (H, W) (or uint16 where `label_type` says so), 0 = background. With several classes all but the first are
        cells. Of a list of images a list.

    Raises:
        TypeError: what is no array of numbers.
        InputError: as `predict_array`, and for an option without effect here, such as another `result`.
    """
    refuse(options, NOT_OF_A_REGION, "segment_array", "Use predict_array for probabilities, cellseg predict for files.")
    if isinstance(image, (list, tuple)):
        loaded = as_model(model)
        return [segment_array(loaded, one, **options) for one in image]
    loaded, asked = as_model(model), PredictOptions(**options)
    refuse_of_classes(asked, len(loaded.card.class_names))
    prediction = filled(loaded, image, asked)
    probabilities = prediction.read(0, slice(0, prediction.source.height), slice(0, prediction.source.width))
    return prediction.label(probabilities)
