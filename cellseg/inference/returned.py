"""What was found on a rescaled image, brought back to the pixels of the image itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.images.rescale import Axis, Rescaled
from cellseg.images.source import ImageSource
from cellseg.inference.journal import Journal
from cellseg.inference.result import RESULT, UNCERTAINTY, result_of, written
from cellseg.inference.tiling import Box, Place, Tile
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions


@dataclass(frozen=True, slots=True, eq=False)
class OwnPixels:
    """A journal of what the network saw of an image, in the pixels of the image itself."""

    journal: Journal
    source: ImageSource
    seen: ImageSource

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """From what was seen back to the image."""
        return Axis(self.seen.height, self.source.height), Axis(self.seen.width, self.source.width)

    def read(self, name: str, plane: int, channel: int, rows: slice, columns: slice) -> NDArray[Any]:
        """A part of one channel of one plane, (h, w); float32 where the network saw another size."""
        if self.seen is self.source:
            return self.journal.read(name, plane, channel, rows, columns)
        found: NDArray[Any] = Rescaled(_Channel(self.journal, name, plane), *self.axes).read(channel, rows, columns)
        return found

    def tile(self, tile: Tile) -> Tile:
        """A tile of what was seen, as one of the image: with all pixels on which it has an influence."""
        if self.seen is self.source:
            return tile
        spans = [
            _influenced(axis, part) for axis, part in zip(self.axes, (tile.write.rows, tile.write.columns), strict=True)
        ]
        (top, height), (left, width) = ((span.start, span.stop - span.start) for span in spans)
        return Tile(tile.plane, Box(top, left, height, width), Box(top, left, height, width))

    def place_seen(self, place: Place) -> Place:
        """A point of the image, where the network saw it."""
        plane, *point = place
        row, column = (int(x * axis.step) for x, axis in zip(point, self.axes, strict=True))
        return plane, row, column


@dataclass(frozen=True, slots=True, eq=False)
class Returned:
    """A journal of the rescaled image, read as if it were one of the image itself."""

    own: OwnPixels
    model: TrainedModel
    options: PredictOptions

    @property
    def folder(self) -> Path:
        """That of the journal."""
        return self.own.journal.folder

    def read(self, name: str, plane: int, channel: int, rows: slice, columns: slice) -> NDArray[Any]:
        """A part of one channel of one plane, (h, w), as it is written."""
        if name == UNCERTAINTY or self.options.result == "probabilities":
            return written(self.own.read(name, plane, channel, rows, columns), name, self.options)
        return self._classes(plane, rows, columns)

    def _classes(self, plane: int, rows: slice, columns: slice) -> NDArray[Any]:
        count = self.model.network.options.classes
        kept = [self.own.read(RESULT, plane, k, rows, columns) for k in range(count if count > 2 else 1)]
        probabilities = np.stack(kept if count > 2 else [1 - kept[0], kept[0]])
        classes: NDArray[Any] = result_of(probabilities, self.model, self.options)[0]
        return classes


def _influenced(axis: Axis, part: slice) -> slice:
    """The new pixels of which any is made of old pixels of a part."""
    reach = max(axis.step, 1.0)
    low = (part.start - reach + 0.5) / axis.step - 0.5
    high = (part.stop - 1 + reach + 0.5) / axis.step - 0.5
    return slice(max(int(np.floor(low)), 0), min(int(np.ceil(high)) + 1, axis.wanted))


@dataclass(frozen=True, slots=True, eq=False)
class _Channel:
    """One plane of a journal; its channels are the sheets."""

    journal: Journal
    name: str
    plane: int

    @property
    def block(self) -> tuple[int, int]:
        return 1, 1

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        return self.journal.read(self.name, self.plane, sheet, rows, columns)
