"""Overlap-tile prediction of whole images and stacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.background import ahead
from cellseg.errors import InputError
from cellseg.images.rescale import rescaled
from cellseg.images.source import ImageSource, array_source
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.prepare import Decisions, decide
from cellseg.inference.runner import Runner
from cellseg.inference.scale import magnification, seen_by, unscaled
from cellseg.inference.tiling import Box, Place, Tile, nearest_first, plan
from cellseg.inference.versions import VERSIONS, Version, needed
from cellseg.models.geometry import Geometry
from cellseg.models.trained import TrainedModel, as_model, pruned
from cellseg.options import PredictOptions

Pixels = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What is known of a tile."""

    tile: Tile
    probabilities: Pixels
    """(classes, h, w), adding up to 1; the mean of all versions of the image."""
    disagreement: Pixels | None
    """(h, w) standard deviation of the versions' probabilities, of the class where it is largest; None for one."""


def predict(
    model: Any,
    image: ImageSource | NDArray[np.generic],
    *,
    skip: frozenset[Place] = frozenset(),
    near: Place | None = None,
    **options: Any,
) -> Iterator[tuple[Tile, Pixels]]:
    """Predict an image tile by tile; every output pixel is owned by exactly one tile.

    Args:
        model: from `load`, or its path or name; or a network from `build`.
        image: (H, W), a stack (Z, H, W), channels first where the model wants several, or an open image.
        skip: tiles (plane, top, left) that are not wanted, because they are there already.
        near: point (plane, y, x) whose surroundings are wanted first; by default tiles come in scan order.
        options: fields of PredictOptions: tile, average, precision, prune, invert.

    Yields:
        The tile and its probabilities, float32 (classes, h, w), adding up to 1. The same to rounding for
        every tile size: normalisation and statistics are taken once a plane, and only what lies outside
        the image is mirrored.

    Raises InputError for an option out of range or an image with the wrong number of channels.
    """
    settings = PredictOptions(**options)
    trained = pruned(as_model(model), settings.prune)
    if magnification(trained.card, settings) != 1:
        remedy = "Use predict_array, keep_prediction, or cellseg predict."
        raise InputError("the network sees this image rescaled, and tiles of that are none of the image itself", remedy)
    source = source_of(image, trained)
    check_channels(trained, source)
    normalised = NormalisedImage(source, settings.invert)
    decisions = decide(trained, normalised, settings)
    tiles = tiles_of(trained, source, decisions, skip)
    tiles = nearest_first(tiles, near) if near else tiles
    found = predict_tiles(trained, normalised, tiles, settings, decisions)
    return ((each.tile, each.probabilities) for each in found)


def predict_array(model: Any, image: NDArray[np.generic], **options: Any) -> Pixels:
    """Probabilities float32 (classes, H, W) of an image (H, W) or (C, H, W); options as in `predict`."""
    if image.size == 0 or image.ndim not in (2, 3):
        raise InputError(f"an image of shape {image.shape} was given", "Give one (H, W) or (C, H, W).")
    trained, source = as_model(model), array_source(image, axes="CYX"[-image.ndim :])
    if source.channels > 1 == trained.network.options.channels:
        raise InputError(
            f"an image of shape {image.shape} was given to a model of one channel",
            "Give one (H, W): of a stack plane by plane, of several channels one of them.",
        )
    seen = seen_by(trained.card, source, PredictOptions(**options))
    out = np.empty((trained.network.options.classes, seen.height, seen.width), np.float32)
    for tile, probabilities in predict(unscaled(trained), seen, **{**options, "diameter": None}):
        out[:, tile.write.rows, tile.write.columns] = probabilities
    if seen is not source:
        out = rescaled(array_source(out, axes="CYX"), source.height, source.width).read(0)
    return out


def source_of(image: ImageSource | NDArray[np.generic], model: TrainedModel) -> ImageSource:
    """An image (H, W), a stack (Z, H, W), channels first where the model wants several; an open image as it is."""
    if isinstance(image, ImageSource):
        return image
    stack = "CYX" if model.network.options.channels > 1 else "ZYX"
    return array_source(image, axes={2: "YX", 3: stack, 4: "ZCYX"}.get(image.ndim, ""))


def place(tile: Tile) -> Place:
    """What names a tile within one prediction: plane, top and left of what it writes."""
    return tile.plane, tile.write.top, tile.write.left


def tiles_of(
    model: TrainedModel, source: ImageSource, decisions: Decisions, skip: frozenset[Place] = frozenset()
) -> list[Tile]:
    """The tiles of a prediction in scan order, without those to skip."""
    tiles = plan(source.planes, source.height, source.width, model.network.geometry, decisions.tile)
    return [tile for tile in tiles if place(tile) not in skip]


def check_channels(model: TrainedModel, source: ImageSource) -> None:
    """Raise InputError unless the image has the channels the network was made for."""
    wanted = model.network.options.channels
    if source.channels != wanted:
        raise InputError(
            f"the image has {source.channels} channels, the model wants {wanted}",
            "Choose one with --channel, or convert the image to grey.",
            path=source.name,
        )


def predict_tiles(
    model: TrainedModel, image: NormalisedImage, tiles: Sequence[Tile], options: PredictOptions, decisions: Decisions
) -> Iterator[Predicted]:
    """Predict some tiles, in order of their planes; pixels are read ahead while the network computes."""
    versions, geometry = VERSIONS[options.average], model.network.geometry
    runner = Runner(model.network, decisions.precision)
    for given in ahead(_read(image, tiles, versions, geometry, runner.adaptive)):
        if given.sample is not None:
            runner.see(given.sample)
        yield _combined(given, runner, versions, geometry)


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """A tile with the pixels that are needed for it, and a sample of its plane where that is a new one."""

    tile: Tile
    box: Box
    pixels: Pixels
    sample: Pixels | None


def _read(
    image: NormalisedImage, tiles: Sequence[Tile], versions: tuple[Version, ...], geometry: Geometry, adaptive: bool
) -> Iterator[_Given]:
    plane = -1
    for tile in tiles:
        sample = image.sample(tile.plane, geometry) if adaptive and tile.plane != plane else None
        plane, box = tile.plane, needed(versions, tile, geometry)
        yield _Given(tile, box, image.read(plane, box), sample)


def _combined(given: _Given, runner: Runner, versions: tuple[Version, ...], geometry: Geometry) -> Predicted:
    """Mean and spread over all versions, by sums of differences from the first and of their squares."""

    def look(version: Version) -> Pixels:
        pixels = given.pixels[:, *version.reads(given.tile, geometry).within(given.box)]
        return version.back(runner(version.turn(pixels, given.tile, geometry)), given.tile, geometry)

    first = np.ascontiguousarray(look(versions[0]))
    if len(versions) == 1:
        return Predicted(given.tile, first, None)
    total, squares = np.zeros_like(first), np.zeros_like(first)
    for version in versions[1:]:
        difference = look(version) - first
        total += difference
        squares += difference * difference
    mean = total / np.float32(len(versions))
    variance = squares / np.float32(len(versions)) - mean * mean
    spread: Pixels = np.sqrt(np.maximum(variance, 0).max(axis=0))
    return Predicted(given.tile, first + mean, spread)
