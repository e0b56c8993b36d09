"""Proof that seams leave no trace: windows across seams, predicted by tiles and in one piece."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from cellseg.images.source import ImageSource
from cellseg.inference.notes import MemoryNotes, Notes
from cellseg.inference.opened import prediction_in_memory
from cellseg.inference.predicted import predict_tiles
from cellseg.inference.prediction import Prediction
from cellseg.inference.seen import seen_by
from cellseg.inference.tiling import SEEN_AT_LEAST, Box, Tile
from cellseg.models.geometry import Geometry
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

WINDOW = 256  # pixels a side, about


def verify_seams(
    model: TrainedModel, source: ImageSource, windows: int, options: PredictOptions, seed: int = 0
) -> Iterator[float]:
    """Compare tiled prediction with prediction in one piece; yields the largest difference of each window.

    Each window lies at random on a corner between tiles, or on an edge where the plane is one tile wide. Its pixels
    are predicted once from the tiles that own them and once as a tile of its own.
    """
    return differences(prediction_in_memory(seen_by(model, source, options), side=None), windows, seed)


def differences(prediction: Prediction, windows: int, seed: int = 0) -> Iterator[float]:
    """`verify_seams` of a prediction, with its own tiles; its journal may be gone, for the file is written."""
    tiles, rng, notes = prediction.planned, np.random.default_rng(seed), MemoryNotes()
    for _ in range(windows):
        window = _window(rng, prediction)
        across = [tile for tile in tiles if tile.plane == window.plane and tile.write.overlap(window.write)]
        whole = _predicted(prediction, notes, [window], window.write)
        yield float(np.abs(_predicted(prediction, notes, across, window.write) - whole).max())


def _window(rng: np.random.Generator, prediction: Prediction) -> Tile:
    plane, geometry = prediction.seen.plane, prediction.seen.geometry
    sides = zip(plane, prediction.decisions.tile, strict=True)
    top, left = (_start(rng, length, side, geometry) for length, side in sides)
    height, width = min(WINDOW, plane[0] - top), min(WINDOW, plane[1] - left)
    size = geometry.input_size((max(height, SEEN_AT_LEAST), max(width, SEEN_AT_LEAST)))
    read = Box(top - geometry.margin, left - geometry.margin, *size)
    return Tile(int(rng.integers(prediction.source.planes)), read, Box(top, left, height, width))


def _start(rng: np.random.Generator, length: int, side: int, geometry: Geometry) -> int:
    """Start of a window along an axis: before a random seam, at a multiple of the stride."""
    seams = range(side, length, side)
    if not seams:
        return 0
    start = max(int(rng.choice(seams)) - int(rng.integers(1, min(WINDOW, side))), 0)
    return start - start % geometry.stride


def _predicted(prediction: Prediction, notes: Notes, tiles: list[Tile], window: Box) -> NDArray[np.float32]:
    """Probabilities (classes, h, w) of a window, from tiles that cover it."""
    out = np.full((prediction.seen.network.options.classes, window.height, window.width), np.nan, np.float32)
    for found in predict_tiles(prediction.seen, prediction.runner, tiles, notes):
        part = found.tile.write.overlap(window)
        assert part is not None
        out[:, *part.within(window)] = found.probabilities[:, *part.within(found.tile.write)]
    assert not np.isnan(out).any()
    return out
