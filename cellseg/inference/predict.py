"""Probabilities of images in memory and of open images."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Float32
from cellseg.errors import InputError
from cellseg.images.source import ImageSource, array_source
from cellseg.inference.opened import prediction_in_memory
from cellseg.inference.predicted import Predicted
from cellseg.inference.prediction import Prediction
from cellseg.inference.scope import CUT, refuse
from cellseg.inference.seen import SeenImage, seen_by
from cellseg.inference.tiling import Tile, TilePlace, nearest_first, place
from cellseg.labels.arrays_or_paths import is_array
from cellseg.memory import refuse_beyond_memory
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions

logger = logging.getLogger(__name__)

IN_PARTS = "Use predict, which gives them tile after tile, or cellseg predict, which writes them."


def predict(
    model: Any,
    image: ImageSource | NDArray[np.generic],
    *,
    skip: frozenset[TilePlace] = frozenset(),
    near: TilePlace | None = None,
    **options: Any,
) -> Iterator[tuple[Tile, Float32]]:
    """Predict an image tile by tile; every output pixel is owned by exactly one tile.

    Args:
        model: from `load`, or its path or name; or a network from `build`.
        image: (H, W), a stack (Z, H, W), channels first where the model wants several, or an open image.
        skip: tiles (plane, top, left) that are not wanted, because they are there already.
        near: point (plane, y, x) whose surroundings are wanted first; by default tiles come in scan order.
        options: fields of PredictOptions: tile, memory, average, precision, prune, invert.

    Yields:
        The tile and its probabilities, float32 (classes, h, w), adding up to 1. The same to rounding for
        every tile size: normalisation and statistics are taken once a plane, and only what lies outside
        the image is mirrored.

    Raises InputError for an option out of range or without effect here, or an image with the wrong number of channels.
    """
    _refuse_cut(options, "predict")
    seen = seen_by(model, image, PredictOptions(**options))
    _refuse_rescaled(seen)
    prediction = prediction_in_memory(seen)
    tiles = [tile for tile in prediction.planned if place(tile) not in skip]
    found = prediction.compute(nearest_first(tiles, near) if near else tiles)
    return _told(found, prediction)


def predict_array(model: Any, image: NDArray[np.generic], **options: Any) -> Float32:
    """Probabilities float32 (classes, H, W) of an image (H, W) or (C, H, W); options as in `predict`, and diameter."""
    _refuse_cut(options, "predict_array")
    prediction = filled(model, image, PredictOptions(**options))
    return prediction.read(0, slice(0, prediction.source.height), slice(0, prediction.source.width))


def filled(model: Any, image: Any, options: PredictOptions) -> Prediction:
    """The finished prediction of an image (H, W) or (C, H, W) in memory. Raises InputError for another shape."""
    prediction = unfilled(model, image, options)
    for _ in prediction.fill():
        pass
    _tell(prediction)
    return prediction


def _told(found: Iterator[Predicted], prediction: Prediction) -> Iterator[tuple[Tile, Float32]]:
    """Tiles with their probabilities; after the last one what is to be known of the image is logged."""
    for each in found:
        yield each.tile, each.probabilities
    _tell(prediction)


def _tell(prediction: Prediction) -> None:
    """Log the notes on the image, as the command says them."""
    for note in prediction.notes:
        logger.warning("%s: %s", prediction.source.name, note)


def _as_array(image: Any) -> Array:
    if not is_array(image):
        given = type(image).__name__
        raise TypeError(f"image must be an array (H, W) or (C, H, W), not {given}; open_image reads files")
    array: Array = np.asarray(image)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"image must hold numbers, not {array.dtype}")
    return array


def _refuse_rescaled(seen: SeenImage) -> None:
    """InputError where the network sees another size than the image's own."""
    if seen.source is not seen.own:
        why = f"diameter={seen.options.diameter:g}" if seen.options.diameter else "the model's scale"
        found = f"predict gives tiles of the image itself, and by {why} the network sees it rescaled"
        raise InputError(found, "Use predict_array, keep_prediction, or cellseg predict.")


def unfilled(model: Any, image: Any, options: PredictOptions = PredictOptions()) -> Prediction:
    """The same with nothing predicted yet. Raises TypeError for what is no array of numbers."""
    image = _as_array(image)
    if image.size == 0 or image.ndim not in (2, 3):
        raise InputError(f"an image of shape {image.shape} was given", "Give one (H, W) or (C, H, W).")
    trained, source = as_model(model), array_source(image, axes="CYX"[-image.ndim :])
    if source.channels > 1 == trained.network.options.channels:
        raise InputError(
            f"an image of shape {image.shape} was given to a model of one channel",
            "Give one (H, W): of a stack plane by plane, of several channels one of them.",
        )
    shape = (trained.network.options.classes, source.height, source.width)
    refuse_beyond_memory(4 * math.prod(shape), f"the probabilities have the shape {shape}", IN_PARTS)
    return prediction_in_memory(seen_by(trained, source, options))


def _refuse_cut(options: Mapping[str, Any], door: str) -> None:
    """InputError for an option of what is made of probabilities."""
    given = {name: value for name, value in options.items() if value != "probabilities"}
    refuse(
        given, CUT | {"uncertainty"}, door, "It gives probabilities: use segment_array, or cellseg predict for files."
    )
