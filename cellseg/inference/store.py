"""Finished tiles: the seam between those that compute them and those that make results of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cellseg.inference.notes import MemoryNotes, Notes
from cellseg.inference.tiling import Tile, TilePlace, place


@dataclass(frozen=True, slots=True)
class Layer:
    """An array (planes, channels, H, W) that a prediction fills tile by tile."""

    name: str
    shape: tuple[int, int, int, int]
    dtype: np.dtype[Any]


class Store(Protocol):
    """Finished tiles of one prediction, in pixels as the network sees them."""

    layers: frozenset[str]
    """Their names."""
    notes: Notes
    """What is taken once for all of its tiles."""

    def done(self) -> frozenset[TilePlace]:
        """Tiles (plane, top, left) that are finished."""
        ...

    def holds(self, tile: Tile) -> bool:
        """True where a tile is finished."""
        ...

    def add(self, tile: Tile, values: dict[str, NDArray[Any]]) -> None:
        """Store what was computed for a tile, (channels, h, w) for each layer."""
        ...

    def read(self, name: str, plane: int, channels: slice, rows: slice, columns: slice) -> NDArray[Any]:
        """A part of some channels of one plane of a layer, (channels, h, w)."""
        ...


class ArrayStore:
    """Finished tiles in memory, which is taken with the first one; what is not finished holds no meaning."""

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        self.layers = frozenset(layer.name for layer in layers)
        self.notes: Notes = MemoryNotes()
        self._layers = layers
        self._done: set[TilePlace] = set()

    @cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {layer.name: np.empty(layer.shape, layer.dtype) for layer in self._layers}

    def done(self) -> frozenset[TilePlace]:
        """Tiles (plane, top, left) that are finished."""
        return frozenset(self._done)

    def holds(self, tile: Tile) -> bool:
        """True where a tile is finished."""
        return place(tile) in self._done

    def add(self, tile: Tile, values: dict[str, NDArray[Any]]) -> None:
        """Store what was computed for a tile, (channels, h, w) for each layer."""
        for name, array in self._arrays.items():
            array[tile.plane, :, tile.write.rows, tile.write.columns] = values[name]
        self._done.add(place(tile))

    def read(self, name: str, plane: int, channels: slice, rows: slice, columns: slice) -> NDArray[Any]:
        """A part of some channels of one plane of a layer, (channels, h, w); not copied."""
        return self._arrays[name][plane, channels, rows, columns]
