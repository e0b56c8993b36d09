"""Finished tiles of a prediction on disk: one chunk of a Zarr store a tile.

The store lies beside the output under a hidden name and goes when the output is complete. A chunk appears
under its name only when it is whole, so after a crash the chunks that exist are the tiles that are done.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import zarr
from numpy.typing import NDArray

from cellseg.arrays import Shape
from cellseg.errors import InputError, reading
from cellseg.inference.notes import FolderNotes, Notes
from cellseg.inference.scope import DEFAULTS
from cellseg.inference.store import Layer
from cellseg.inference.tiling import Tile, TilePlace, place
from cellseg.life import name_of_process

NOTE = "key.json"
DAMAGED, ANEW = "holds tiles of an interrupted prediction that are damaged", "Start again without --resume."
FORMAT = 2
"""Of the note: its options are those that differ from their defaults."""


class JournalClosed(RuntimeError):
    """The journal was closed by another process, which has made the result."""


class Journal:
    """Finished tiles of one prediction, to which any number of processes may add; the last layer tells which they are.

    A folder is a journal when its note is there, see `note_of`.
    """

    def __init__(self, folder: Path, layers: tuple[Layer, ...], tile: Shape) -> None:
        self.folder = folder
        self.notes: Notes = FolderNotes(folder)
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

    def holds(self, tile: Tile) -> bool:
        """True where a tile is finished."""
        row, column = (at // side for at, side in zip(place(tile)[1:], self._tile, strict=True))
        return (self._last / "c" / str(tile.plane) / "0" / str(row) / str(column)).exists()

    def add(self, tile: Tile, values: dict[str, NDArray[Any]]) -> None:
        """Store what was computed for a tile, (channels, h, w) for each layer in the order of the layers.

        Raises JournalClosed where another process has made the result meanwhile.
        """
        for name, array in self._arrays.items():
            array[tile.plane, :, tile.write.rows, tile.write.columns] = values[name]
        self.refuse_closed()

    def refuse_closed(self) -> None:
        """Raise JournalClosed where another process has made the result; what was written since goes."""
        if not (self.folder / NOTE).exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            raise JournalClosed(f"the result is complete, its tiles in {self.folder.name} are gone")

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
    except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None
    changed = sorted(k for k in key if left.get(k) != json.loads(json.dumps(key[k], default=str)))
    if changed:
        found = f"the interrupted prediction was made with another {', '.join(changed)}"
        raise InputError(found, "Start again without --resume or --share, or choose another --out.", path=output)
    decisions: dict[str, Any] = left.get("decisions", {})
    return decisions


def _not_as_by_default(left: dict[str, Any]) -> dict[str, Any]:
    """The options in a note; the first format wrote all of them, 0 and auto for those that were not given."""
    if left.get("format") == FORMAT:
        options: dict[str, Any] = left["options"]
        return options
    plain = json.loads(json.dumps(DEFAULTS, default=str))
    return {name: value for name, value in left.get("options", {}).items() if value not in (0, "auto", plain.get(name))}


def start_journal(output: Path) -> Path:
    """Begin an empty journal, in which nothing is noted yet; one that was left is thrown away. Returns its folder."""
    folder = journal_folder(output)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def note_of(key: dict[str, Any], decisions: dict[str, Any]) -> bytes:
    """The note that makes a folder a journal: all that its tiles depend on, and what was decided for them."""
    tree = {"format": FORMAT, **key, "decisions": decisions}
    return (json.dumps(tree, indent=2, ensure_ascii=False, default=str) + "\n").encode()


def close_journal(output: Path) -> None:
    """Remove the journal of an output that is complete; at once for those who would add to it."""
    folder = journal_folder(output)
    gone = folder.with_name(f"{folder.name}.{name_of_process()}")
    with suppress(OSError):
        folder.rename(gone)
    for each in (gone, folder):
        shutil.rmtree(each, ignore_errors=True)


def _open(folder: Path, layer: Layer, tile: Shape) -> Any:
    chunks = (1, layer.shape[1], min(tile[0], layer.shape[2]), min(tile[1], layer.shape[3]))
    with zarr.config.set({"array.write_empty_chunks": True}):  # a tile without a cell is done, too
        if (folder / "zarr.json").exists():
            array = zarr.open_array(str(folder), mode="r+")  # which has no ear for `config`
            if (array.shape, array.chunks, array.dtype) != (layer.shape, chunks, layer.dtype):
                raise ValueError(f"{layer.name} has the shape {array.shape}")
            return array
        packing: Any = {"compressors": None} if layer.dtype.kind == "f" else {}  # probabilities do not shrink
        return zarr.create_array(str(folder), shape=layer.shape, chunks=chunks, dtype=layer.dtype, **packing)
