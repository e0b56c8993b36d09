"""Probabilities of tiles: pixels are read ahead, every version of them is predicted, and the versions are averaged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from cellseg.arrays import Float32
from cellseg.background import ahead
from cellseg.inference.notes import MemoryNotes, Notes
from cellseg.inference.plane_notes import PlaneNotes
from cellseg.inference.runner import Runner
from cellseg.inference.seen import SeenImage
from cellseg.inference.tiling import Box, Tile
from cellseg.inference.versions import VERSIONS, Version, needed
from cellseg.models.geometry import Geometry


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """The network's answer for a tile."""

    tile: Tile
    probabilities: Float32
    """(classes, h, w), adding up to 1; the mean of all versions of the image."""
    disagreement: Float32 | None
    """(h, w) standard deviation of the versions' probabilities, of the class where it is largest; None for one."""


def predict_tiles(
    seen: SeenImage, runner: Runner, tiles: Iterable[Tile], notes: Notes | None = None
) -> Iterator[Predicted]:
    """Predict tiles of what the network sees, in the order given; pixels are read ahead while the network computes.

    What is taken from whole planes is read from `notes`, or noted there.
    """
    versions, geometry = VERSIONS[seen.options.average], seen.geometry
    planes = PlaneNotes(seen, runner, notes or MemoryNotes())
    for given in ahead(_read(planes, tiles, versions)):
        plane = given.tile.plane
        if seen.image.holds_nothing(plane, adaptive=runner.adaptive):
            yield _nothing(given.tile, seen.network.options.classes, len(versions) > 1)
            continue
        if runner.adaptive:
            planes.wait_for_statistics(plane)
        yield _combined(given, runner, versions, geometry)


def _nothing(tile: Tile, classes: int, several: bool) -> Predicted:
    """Background all over."""
    shape = tile.write.height, tile.write.width
    probabilities = np.zeros((classes, *shape), np.float32)
    probabilities[0] = 1
    return Predicted(tile, probabilities, np.zeros(shape, np.float32) if several else None)


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """A tile with the pixels that are needed for it."""

    tile: Tile
    box: Box
    pixels: Float32


def _read(planes: PlaneNotes, tiles: Iterable[Tile], versions: tuple[Version, ...]) -> Iterator[_Given]:
    """Tiles with their pixels."""
    for tile in tiles:
        planes.wait_for_greys(tile.plane)
        box = needed(versions, tile, planes.seen.geometry)
        yield _Given(tile, box, planes.seen.image.read(tile.plane, box))


def _combined(given: _Given, runner: Runner, versions: tuple[Version, ...], geometry: Geometry) -> Predicted:
    """Mean and spread over all versions, by sums of differences from the first and of their squares."""

    def look(version: Version) -> Float32:
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
    spread: Float32 = np.sqrt(np.maximum(variance, 0).max(axis=0))
    return Predicted(given.tile, first + mean, spread)
