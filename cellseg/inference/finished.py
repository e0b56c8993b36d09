"""Finished tiles, read in the image's own pixels: as probabilities, as uncertainty, or as a result is written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.inference.result import RESULT, UNCERTAINTY, Stored, entropy, result_of, written
from cellseg.inference.seen import SeenImage
from cellseg.inference.store import Store
from cellseg.options import PredictOptions


@dataclass(frozen=True, slots=True, eq=False)
class FinishedTiles:
    """Finished tiles of an image; where no tile is finished there is background."""

    seen: SeenImage
    store: Store
    stored: Stored

    def probabilities(self, plane: int, rows: slice, columns: slice) -> Float32:
        """Probabilities float32 (classes, h, w) of a region of a plane."""
        assert self.stored.holds_probabilities
        classes = self.seen.network.options.classes
        found = self._layer(RESULT, plane, self._channels, rows, columns)
        return found if len(found) == classes else np.concatenate([1 - found, found])

    def uncertainty(self, plane: int, rows: slice, columns: slice, kind: str = "entropy") -> Float32:
        """Uncertainty float32 (h, w) of a region: entropy in bits, or the disagreement where it is stored."""
        if UNCERTAINTY in self.store.layers and kind == self.stored.options.uncertainty:
            found: Float32 = self._layer(UNCERTAINTY, plane, 1, rows, columns)[0]
            return found
        if kind == "disagreement":
            missing = "the disagreement of the averaged versions is not stored with this prediction"
            raise InputError(missing, "Open it with uncertainty='disagreement', or take the entropy.")
        return entropy(self.probabilities(plane, rows, columns))

    def written(self, options: PredictOptions, plane: int, channel: int, rows: slice, columns: slice) -> NDArray[Any]:
        """A channel (h, w) of a region of the result, as it is written; of instances their mask and cores."""
        if not self.stored.holds_probabilities:
            return self._part(RESULT, plane, channel, rows, columns)
        if options.result == "probabilities":
            skipped = int(self.stored.every_class and self._channels == 2)
            return written(self._part(RESULT, plane, channel + skipped, rows, columns), RESULT, options)
        found: NDArray[Any] = result_of(self.probabilities(plane, rows, columns), self.seen.model, options)[0]
        return found

    def mask(self, options: PredictOptions, plane: int, rows: slice, columns: slice) -> NDArray[Any]:
        """Mask and cores (h, w) of the instances in a region."""
        return self.written(replace(options, result="instances"), plane, 0, rows, columns)

    @property
    def _channels(self) -> int:
        return self.stored.layers(self.seen)[-1].shape[1]

    def _layer(self, name: str, plane: int, channels: int, rows: slice, columns: slice) -> NDArray[Any]:
        """All channels of a layer, (channels, h, w)."""
        if self.seen.back.same:
            return self.store.read(name, plane, slice(0, channels), rows, columns)
        return np.stack([self._part(name, plane, channel, rows, columns) for channel in range(channels)])

    def _part(self, name: str, plane: int, channel: int, rows: slice, columns: slice) -> NDArray[Any]:
        found: NDArray[Any] = self.seen.back.pixels(_Channels(self.store, name, plane)).read(channel, rows, columns)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Channels:
    """One plane of a layer; its channels are the sheets."""

    store: Store
    name: str
    plane: int

    @property
    def block(self) -> tuple[int, int]:
        return 1, 1

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        found: NDArray[Any] = self.store.read(self.name, self.plane, slice(sheet, sheet + 1), rows, columns)[0]
        return found
