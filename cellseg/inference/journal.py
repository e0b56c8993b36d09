"""What is finished of a prediction, on disk: one chunk of a zarr store a tile.

The store lies beside the output under a hidden name and goes when the output is complete. A chunk appears
under its name only when it is whole, so after a crash the chunks that exist are the tiles that are done.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.files import write_json
from cellseg.inference.tiling import Box, Tile


class Journal:
    """Finished tiles of one prediction: an array (planes, channels, H, W) in pieces of one tile."""

    def __init__(self, folder: Path, shape: Sequence[int], dtype: np.dtype[Any], side: tuple[int, int]) -> None:
        self.folder = folder
        self.channels = shape[1]
        self._side = side
        store = str(folder / "tiles")
        settings: Any = {"write_empty_chunks": True}  # a tile without a cell is done, too
        self._array: Any
        if (folder / "tiles" / "zarr.json").exists():
            self._array = zarr.open_array(store, mode="r+", config=settings)
        else:
            chunks = (1, shape[1], *side)
            self._array = zarr.create_array(store, shape=tuple(shape), chunks=chunks, dtype=dtype, config=settings)

    def done(self) -> frozenset[tuple[int, int, int]]:
        """Tiles (plane, top, left) that are finished."""
        found = set()
        for chunk in (self.folder / "tiles" / "c").glob("*/0/*/*"):
            if chunk.name.isdigit():
                plane, _, row, column = (int(part) for part in chunk.parts[-4:])
                found.add((plane, row * self._side[0], column * self._side[1]))
        return frozenset(found)

    def add(self, tile: Tile, values: NDArray[Any]) -> None:
        """Store what was computed for a tile, (channels, h, w)."""
        self._array[tile.plane, :, tile.write.rows, tile.write.columns] = values

    def read(self, plane: int, channel: int, box: Box) -> NDArray[Any]:
        """A part of one channel of one plane, (h, w)."""
        part: NDArray[Any] = self._array[plane, channel, box.rows, box.columns]
        return part


def open_journal(
    output: Path,
    key: dict[str, Any],
    shape: Sequence[int],
    dtype: np.dtype[Any],
    side: tuple[int, int],
    *,
    resume: bool,
) -> Journal:
    """The journal of the file `output`: a new one, or with `resume` the one that an interrupted run left.

    `key` says what the result depends on. Raises InputError where the journal that was left belongs to
    another image, model or options.
    """
    folder = output.with_name(f".{output.name}.tiles")
    note = folder / "key.json"
    if resume and note.is_file():
        left = json.loads(note.read_text(encoding="utf-8"))
        changed = sorted(k for k in key if left.get(k) != json.loads(json.dumps(key[k], default=str)))
        if changed:
            raise InputError(
                f"the interrupted prediction was made with another {', '.join(changed)}",
                "Start again without --resume.",
                path=output,
            )
    else:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    journal = Journal(folder, shape, dtype, side)
    write_json(note, key)
    return journal


def close_journal(journal: Journal) -> None:
    """Remove a journal whose output is complete."""
    shutil.rmtree(journal.folder, ignore_errors=True)
