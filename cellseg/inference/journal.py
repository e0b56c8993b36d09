"""Finished tiles of a prediction on disk: one chunk of a Zarr store a tile.

The store lies beside the output under a hidden name and goes when the output is complete. A chunk appears
under its name only when it is whole, so after a crash the chunks that exist are the tiles that are done.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import zarr
from numpy.typing import NDArray

from cellseg.arrays import Shape
from cellseg.errors import InputError, reading
from cellseg.files import write_json
from cellseg.inference.scope import DEFAULTS
from cellseg.inference.store import Layer
from cellseg.inference.tiling import Tile, TilePlace

NOTE = "key.json"
DAMAGED, ANEW = "holds tiles of an interrupted prediction that are damaged", "Start again without --resume."
FORMAT = 2
"""Of the note: its options are those that differ from their defaults."""


class Journal:
    """Finished tiles of one prediction; the last layer tells which they are."""

    def __init__(self, folder: Path, layers: tuple[Layer, ...], tile: Shape) -> None:
        self.folder = folder
        self.layers = frozenset(layer.name for layer in layers)
        self._tile = tile
        self._last = folder / layers[-1].name
        with reading(folder, DAMAGED, ANEW):
            self._arrays = {layer.name: _open(folder / layer.name, layer, tile) for layer in layers}

    def done(self) -> frozenset[TilePlace]:
        """Tiles (plane, top, left) that are finished."""
        found = set()
        for chunk in (self._last / "c").glob("*/0/*/*"):
            if all(part.isdecimal() for part in chunk.parts[-4:]):
                plane, _, row, column = (int(part) for part in chunk.parts[-4:])
                found.add((plane, row * self._tile[0], column * self._tile[1]))
        return frozenset(found)

    def add(self, tile: Tile, values: dict[str, NDArray[Any]]) -> None:
        """Store what was computed for a tile, (channels, h, w) for each layer in the order of the layers."""
        for name, array in self._arrays.items():
            array[tile.plane, :, tile.write.rows, tile.write.columns] = values[name]

    def read(self, name: str, plane: int, channels: slice, rows: slice, columns: slice) -> NDArray[Any]:
        """A part of some channels of one plane of a layer, (channels, h, w)."""
        with reading(self.folder, DAMAGED, ANEW):
            part: NDArray[Any] = self._arrays[name][plane, channels, rows, columns]
        return part


def journal_folder(output: Path) -> Path:
    """Folder of an output's journal."""
    return output.with_name(f".{output.name}.tiles")


def left_behind(output: Path, key: dict[str, Any]) -> dict[str, Any] | None:
    """The decisions that an interrupted prediction of the file `output` wrote down; None if there was none.

    `key` says what the result depends on. Raises InputError where the one that was left belongs to
    another image, model or options.
    """
    try:
        left = dict(json.loads((journal_folder(output) / NOTE).read_text(encoding="utf-8")))
        left["options"] = _not_as_by_default(left)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    changed = sorted(k for k in key if left.get(k) != json.loads(json.dumps(key[k], default=str)))
    if changed:
        found = f"the interrupted prediction was made with another {', '.join(changed)}"
        raise InputError(found, "Start again without --resume.", path=output)
    decisions: dict[str, Any] = left.get("decisions", {})
    return decisions


def _not_as_by_default(left: dict[str, Any]) -> dict[str, Any]:
    """The options in a note; the first format wrote all of them, 0 and auto for those that were not given."""
    if left.get("format") == FORMAT:
        options: dict[str, Any] = left["options"]
        return options
    plain = json.loads(json.dumps(DEFAULTS, default=str))
    return {name: value for name, value in left.get("options", {}).items() if value not in (0, "auto", plain.get(name))}


def start_journal(output: Path, key: dict[str, Any], decisions: dict[str, Any]) -> None:
    """Begin an empty journal; one that was left is thrown away."""
    folder = journal_folder(output)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(folder / NOTE, {"format": FORMAT, **key, "decisions": decisions})


def close_journal(output: Path) -> None:
    """Remove the journal of an output that is complete."""
    shutil.rmtree(journal_folder(output), ignore_errors=True)


def _open(folder: Path, layer: Layer, tile: Shape) -> Any:
    settings: Any = {"write_empty_chunks": True}  # a tile without a cell is done, too
    chunks = (1, layer.shape[1], min(tile[0], layer.shape[2]), min(tile[1], layer.shape[3]))
    if (folder / "zarr.json").exists():
        array = zarr.open_array(str(folder), mode="r+", config=settings)
        if (array.shape, array.chunks, array.dtype) != (layer.shape, chunks, layer.dtype):
            raise ValueError(f"{layer.name} has the shape {array.shape}")
        return array
    packing: Any = {"compressors": None} if layer.dtype.kind == "f" else {}  # probabilities do not shrink
    return zarr.create_array(
        str(folder), shape=layer.shape, chunks=chunks, dtype=layer.dtype, config=settings, **packing
    )
