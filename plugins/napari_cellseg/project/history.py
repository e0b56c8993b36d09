"""Earlier states of an annotation, kept before something replaces a lot of it.

A state is a folder of hard links to the blocks as they were. Blocks are never changed, only replaced (`chunks.write`),
so a link costs nothing until its block is replaced, and a kept state never changes.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import cellseg
from cellseg.arrays import UInt32
from napari_cellseg.project import chunks
from napari_cellseg.project.chunks import ChunkIndex

log = logging.getLogger(__name__)

_NOTE = "state.json"
MOST_STATES = 20
MOST_BYTES = 1 << 30
"""Of blocks that only the history still needs."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A state of an annotation."""

    folder: Path
    reason: str
    when: datetime
    blocks: dict[ChunkIndex, Path] = field(repr=False)


def keep_state(labels: Path, history: Path, reason: str) -> Kept | None:
    """Keep the blocks of a label store; the oldest states beyond the limits are thrown away.

    Raises:
        InputError: it cannot be written: do not go on then.
    """
    blocks = chunks.files_in(labels) if chunks.exists(labels) else {}
    if not blocks:
        return None
    when = datetime.now(UTC)
    folder = history / f"{when:%Y%m%dT%H%M%S.%fZ}"
    unfinished = history / f".{folder.name}.part"
    try:
        _link_blocks(blocks, unfinished)
        note = {"reason": reason, "when": when.isoformat()}
        (unfinished / _NOTE).write_text(json.dumps(note), encoding="utf-8")
        os.replace(unfinished, folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise _not_kept(history, error) from error
    _remove_unfinished(history)
    _forget(history)
    return Kept(folder, reason, when, {index: chunks.file_of(folder, index) for index in blocks})


def kept_states(history: Path) -> list[Kept]:
    """States that were kept, newest first."""
    folders = sorted((note.parent for note in history.glob(f"[!.]*/{_NOTE}")), reverse=True)
    return [kept for kept in map(_read_note, folders) if kept is not None]


def read_state(state: Kept, index: ChunkIndex) -> UInt32:
    """A block as it was, filled up at the edges of the array; zeros where nothing was annotated."""
    block = chunks.read(state.folder, index)
    return np.zeros(chunks.block_shape(len(index)), np.uint32) if block is None else block


def _link_blocks(blocks: dict[ChunkIndex, Path], folder: Path) -> None:
    for index, file in blocks.items():
        target = chunks.file_of(folder, index)
        target.parent.mkdir(parents=True, exist_ok=True)
        _link(file, target)


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(file, target)


def _read_note(folder: Path) -> Kept | None:
    """A state that was kept; None of a damaged one, which the log tells: it must not stand in the way of the others."""
    try:
        note = json.loads((folder / _NOTE).read_text(encoding="utf-8"))
        found = ((file.relative_to(folder / "c").parts, file) for file in (folder / "c").rglob("*") if file.is_file())
        blocks = {tuple(map(int, parts)): file for parts, file in found if all(part.isdecimal() for part in parts)}
        return Kept(folder, str(note["reason"]), datetime.fromisoformat(note["when"]), blocks)
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        log.warning("%s: an earlier state of the annotation is damaged and left out (%s)", folder, error)
        return None


def _not_kept(history: Path, error: OSError) -> cellseg.InputError:
    found = f"the present annotation cannot be kept ({error.strerror or error}), so nothing was changed"
    return cellseg.InputError(found, "Free space, then try again.", path=history)


def _remove_unfinished(history: Path) -> None:
    """Remove states that a crash left half made."""
    for unfinished in history.glob(".*.part"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _forget(history: Path) -> None:
    """Throw away the oldest states until the rest is within the limits; the newest one stays."""
    total = 0
    for number, state in enumerate(kept_states(history)):
        total += _own_bytes(state)
        if number > 0 and (number >= MOST_STATES or total > MOST_BYTES):
            shutil.rmtree(state.folder, ignore_errors=True)


def _own_bytes(state: Kept) -> int:
    """Bytes of the blocks that only this state still holds."""
    found = (file.stat() for file in state.blocks.values())
    return sum(stat.st_size for stat in found if stat.st_nlink == 1)
