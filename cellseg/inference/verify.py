"""Proof that seams leave no trace: windows across seams, predicted by tiles and in one piece."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cellseg.images.source import ImageSource
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.predict import check_channels, predict_tiles, tiles_of
from cellseg.inference.prepare import Decisions, decide_within_memory
from cellseg.inference.scale import seen_by
from cellseg.inference.tiling import SEEN_AT_LEAST, Box, Tile
from cellseg.models.geometry import Geometry
from cellseg.models.trained import TrainedModel, pruned
from cellseg.options import PredictOptions

WINDOW = 256  # pixels a side, about


def verify_seams(
    model: TrainedModel, source: ImageSource, windows: int, options: PredictOptions, seed: int = 0
) -> Iterator[float]:
    """Compare tiled prediction with prediction in one piece; yields the largest difference of each window.

    Each window lies at random on a corner between tiles, or on an edge where the plane is one tile wide. Its pixels
    are predicted once from the tiles that own them and once as a tile of its own.
    """
    model = pruned(model, options.prune)
    check_channels(model, source)
    source = seen_by(model.card, source, options)
    image = NormalisedImage(source, options.invert)
    decisions = decide_within_memory(model, image, options)
    tiles, rng = tiles_of(model, source, decisions), np.random.default_rng(seed)
    for _ in range(windows):
        window = _window(rng, source, decisions, model.network.geometry)
        across = [tile for tile in tiles if tile.plane == window.plane and tile.write.overlap(window.write)]
        whole = _predicted(model, image, [window], window.write, options, decisions)
        yield float(np.abs(_predicted(model, image, across, window.write, options, decisions) - whole).max())


def _window(rng: np.random.Generator, source: ImageSource, decisions: Decisions, geometry: Geometry) -> Tile:
    tops, lefts = (
        _start(rng, length, side, geometry)
        for length, side in zip((source.height, source.width), decisions.tile, strict=True)
    )
    height, width = min(WINDOW, source.height - tops), min(WINDOW, source.width - lefts)
    size = geometry.input_size((max(height, SEEN_AT_LEAST), max(width, SEEN_AT_LEAST)))
    read = Box(tops - geometry.margin, lefts - geometry.margin, *size)
    return Tile(int(rng.integers(source.planes)), read, Box(tops, lefts, height, width))


def _start(rng: np.random.Generator, length: int, side: int, geometry: Geometry) -> int:
    """Where a window begins along an axis: before a random seam, at a multiple of the stride."""
    seams = range(side, length, side)
    if not seams:
        return 0
    start = max(int(rng.choice(seams)) - int(rng.integers(1, min(WINDOW, side))), 0)
    return start - start % geometry.stride


def _predicted(
    model: TrainedModel,
    image: NormalisedImage,
    tiles: list[Tile],
    window: Box,
    options: PredictOptions,
    decisions: Decisions,
) -> NDArray[np.float32]:
    """Probabilities (classes, h, w) of a window, from tiles that cover it."""
    out = np.full((model.network.options.classes, window.height, window.width), np.nan, np.float32)
    for found in predict_tiles(model, image, tiles, options, decisions):
        part = found.tile.write.overlap(window)
        assert part is not None
        out[:, *part.within(window)] = found.probabilities[:, *part.within(found.tile.write)]
    assert not np.isnan(out).any()
    return out
