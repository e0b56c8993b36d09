"""The values that are stored of each tile, and the layout of the file that is made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.images.layout import ResultLayout, layout_like
from cellseg.images.source import ImageSource
from cellseg.inference.cut import cuts_of, levels_in
from cellseg.inference.instances import levels_of
from cellseg.inference.predicted import Predicted
from cellseg.inference.seen import SeenImage
from cellseg.inference.store import Layer
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

RESULT, UNCERTAINTY = "result", "uncertainty"
BLOCK = 256  # side of the tiles in the written TIFF


@dataclass(frozen=True, slots=True)
class Stored:
    """The values that are stored of each tile.

    Attributes:
        options: the type of result that is stored, and the uncertainty; of instances their mask and cores.
        every_class: the background's probabilities too, where there are two classes.
    """

    options: PredictOptions
    every_class: bool = False

    @property
    def holds_probabilities(self) -> bool:
        """Any result can be made of what is stored."""
        return self.options.result == "probabilities" and self.options.probability_type == "float32"

    def layers(self, seen: SeenImage) -> tuple[Layer, ...]:
        """The arrays that a prediction of an image fills."""
        planes, plane = seen.source.planes, seen.plane
        unsure = [Layer(UNCERTAINTY, (planes, 1, *plane), np.dtype(np.float32))]
        channels, dtype = _kept(seen.model, self.options)
        channels = seen.network.options.classes if self.every_class else channels
        return (*unsure[: self.options.uncertainty != "none"], Layer(RESULT, (planes, channels, *plane), dtype))

    def values(self, found: Predicted, seen: SeenImage) -> dict[str, NDArray[Any]]:
        """The values of a tile, (channels, h, w) for each layer."""
        whole = found.probabilities
        values = {RESULT: whole if self.every_class else result_of(whole, seen.model, self.options)}
        if self.options.uncertainty == "entropy":
            values[UNCERTAINTY] = entropy(whole)[None]
        elif self.options.uncertainty == "disagreement":
            assert found.disagreement is not None
            values[UNCERTAINTY] = found.disagreement[None]
        return values


def result_layout(model: TrainedModel, source: ImageSource, options: PredictOptions) -> ResultLayout:
    """Shape, type and axes of the result."""
    channels, dtype = _kept(model, options)
    names = model.card.class_names if channels > 1 else (model.card.class_names[-1],)
    layout = layout_like(
        source,
        options.label_type if options.result == "instances" else dtype,
        channels=channels,
        channel_names=names if options.result == "probabilities" else (),
        tile=(BLOCK, BLOCK),
    )
    return replace(layout, labels=options.result != "probabilities")


def uncertainty_layout(source: ImageSource, options: PredictOptions) -> ResultLayout:
    """The same of the uncertainty."""
    return layout_like(source, np.float32, channel_names=(options.uncertainty,), tile=(BLOCK, BLOCK))


def classes_of(
    model: TrainedModel, probabilities: NDArray[np.float32], options: PredictOptions = PredictOptions()
) -> NDArray[np.uint8]:
    """Class numbers uint8 (h, w) of probabilities (classes, h, w).

    With two classes a pixel is a cell from the threshold on; with more it belongs to the most probable class.
    """
    if len(probabilities) == 2:
        foreground: NDArray[np.uint8] = (probabilities[1] >= cuts_of(model.card, options)[0]).astype(np.uint8)
        return foreground
    best: NDArray[np.uint8] = probabilities.argmax(axis=0).astype(np.uint8)
    return best


def entropy(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    """Entropy in bits, float32 (h, w), of probabilities (classes, h, w): 0 = sure, 1 = undecided between two classes.

    Source: Shannon 1948, A mathematical theory of communication.
    """
    p = np.clip(probabilities, np.finfo(np.float32).tiny, 1)
    bits: NDArray[np.float32] = -(p * np.log2(p)).sum(axis=0)
    return np.maximum(bits, 0)


def _kept(model: TrainedModel, options: PredictOptions) -> tuple[int, np.dtype[Any]]:
    """Channels and type of what is kept of each tile: the cell's probability of two classes, else all."""
    if options.result != "probabilities":
        return 1, np.dtype(np.uint8)
    classes = model.network.options.classes
    return (1 if classes == 2 else classes), np.dtype(options.probability_type)


def result_of(probabilities: NDArray[np.float32], model: TrainedModel, options: PredictOptions) -> NDArray[Any]:
    """The part (channels, h, w) of probabilities (classes, h, w) that a result needs; for instances their mask."""
    if options.result != "probabilities":
        classes = classes_of(model, probabilities, options)
        if options.result == "classes" or len(probabilities) > 2:
            return classes[None]
        return levels_of(classes, *levels_in(probabilities[1], model.card, options))[None]
    return written(probabilities[1:] if len(probabilities) == 2 else probabilities, RESULT, options)


def written(values: NDArray[np.float32], name: str, options: PredictOptions) -> NDArray[Any]:
    """Probabilities or uncertainties in the type in which they are written."""
    in_bytes = name == RESULT and options.probability_type == "uint8"
    return np.rint(values * 255).astype(np.uint8) if in_bytes else values
