"""What is decided before the first tile: its size, the arithmetic; and what the prediction will cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cellseg.inference.cost import estimate, even_tile, largest_tile
from cellseg.inference.memory import parse_memory
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.precision import Arithmetic, choose_precision
from cellseg.inference.runner import Runner
from cellseg.inference.statistics import normalisation_layers
from cellseg.inference.tiling import Shape, whole_strides
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

ARRAY_TILE = 512  # longest side of automatic tiles where no memory is planned


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the options left open; kept for --resume."""

    tile: Shape
    """Height and width of an output tile in pixels."""
    precision: Arithmetic
    why: str
    """Why this precision."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, tree: dict[str, Any]) -> Decisions:
        return cls((tree["tile"][0], tree["tile"][1]), tree["precision"], tree["why"])


def decide(model: TrainedModel, image: NormalisedImage, options: PredictOptions) -> Decisions:
    """Decide for an image in memory: tiles of a moderate size."""
    plane, geometry = (image.source.height, image.source.width), model.network.geometry
    precision, why = choose_precision(model, image, options)
    if options.tile is None:
        return Decisions(even_tile(plane, ARRAY_TILE, geometry), precision, why)
    return Decisions(_asked(options.tile, plane, model), precision, why)


def decide_within_memory(model: TrainedModel, image: NormalisedImage, options: PredictOptions) -> Decisions:
    """Decide for a file: an automatic tile is as large as `--memory` allows and pays.

    Raises InputError where the memory does not suffice.
    """
    if options.tile is not None:
        return decide(model, image, options)
    plane, sample = (image.source.height, image.source.width), _sample_shape(model, image)
    tile = largest_tile(model.network, plane, sample, options.average, parse_memory(options.memory))
    return Decisions(tile, *choose_precision(model, image, options))


def expect(
    model: TrainedModel, image: NormalisedImage, options: PredictOptions, decisions: Decisions
) -> tuple[int, float]:
    """Bytes that the process will take, and seconds that the network needs for all planes, about."""
    plane, runner = (image.source.height, image.source.width), Runner(model.network, decisions.precision)
    sample = _sample_shape(model, image)
    memory, seconds = estimate(model.network, runner, plane, decisions.tile, sample, options.average)
    return memory, seconds * image.source.planes


def _sample_shape(model: TrainedModel, image: NormalisedImage) -> tuple[int, ...]:
    return image.sample_shape(model.network.geometry) if normalisation_layers(model.network) else ()


def _asked(side: int, plane: Shape, model: TrainedModel) -> Shape:
    """Squares of the asked side, no longer than the plane needs."""
    side, most = whole_strides(side, model.network.geometry), even_tile(plane, max(plane), model.network.geometry)
    return min(side, most[0]), min(side, most[1])
