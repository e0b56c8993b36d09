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
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions


@dataclass(frozen=True, slots=True, eq=False)
class Returned:
    """A journal of the rescaled image, read as if it were one of the image itself."""

    journal: Journal
    model: TrainedModel
    options: PredictOptions
    source: ImageSource
    seen: ImageSource

    @property
    def folder(self) -> Path:
        """That of the journal."""
        return self.journal.folder

    def read(self, name: str, plane: int, channel: int, rows: slice, columns: slice) -> NDArray[Any]:
        """A part of one channel of one plane, (h, w), as it is written."""
        if name == UNCERTAINTY or self.options.result == "probabilities":
            return written(self._back(name, plane, channel, rows, columns), name, self.options)
        return self._classes(plane, rows, columns)

    def _classes(self, plane: int, rows: slice, columns: slice) -> NDArray[Any]:
        count = self.model.network.options.classes
        kept = [self._back(RESULT, plane, k, rows, columns) for k in range(count if count > 2 else 1)]
        probabilities = np.stack(kept if count > 2 else [1 - kept[0], kept[0]])
        classes: NDArray[Any] = result_of(probabilities, self.model, self.options)[0]
        return classes

    def _back(self, name: str, plane: int, channel: int, rows: slice, columns: slice) -> NDArray[np.float32]:
        axes = (Axis(self.seen.height, self.source.height), Axis(self.seen.width, self.source.width))
        found: NDArray[np.float32] = Rescaled(_Channel(self.journal, name, plane), *axes).read(channel, rows, columns)
        return found


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
