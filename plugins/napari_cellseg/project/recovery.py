"""Place of what is drawn on images that are in no project: every stroke is on disk at once, as in a project.

Each image has a folder there, named by its file. It goes when the window is closed, unless something in it was never
saved; then, as after a crash, it is offered when the image is opened again.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

from napari_cellseg.pixels.pyramid import corrections_of, is_corrected, kept_pictures
from napari_cellseg.project import chunks
from napari_cellseg.project.lock import HELD, LOCK_NAME, claim, release
from napari_cellseg.project.own_cells import OWN
from napari_cellseg.project.store import LabelStore, open_store
from napari_cellseg.state import state_folder

_ANNOTATION, _SAVED = "annotation.zarr", "saved"
_DESCRIPTION = "zarr.json"
KEPT_DAYS = 30
"""After so long nobody comes back for it."""


def recovery_place(file: str | Path) -> Path:
    """Folder of an image in a file, made and held by this process until it ends; of its own where another holds it."""
    folder = place_of(file)
    folder.mkdir(parents=True, exist_ok=True)
    if claim(folder) is not None:
        folder = folder.with_name(f"{folder.name}-{os.getpid()}")
        folder.mkdir(exist_ok=True)
        claim(folder)
    atexit.register(leave, folder)
    return folder


def place_of(file: str | Path) -> Path:
    """The same folder, which need not be there."""
    path = Path(file).absolute()
    return state_folder() / "recovery" / f"{path.stem[:40]}-{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"


def unsaved_of(file: str | Path) -> Path | None:
    """Folder with what an earlier window left unsaved of an image; None where there is nothing, or a window has it."""
    folder = place_of(file)
    if not folder.is_dir() or not is_unsaved(folder):
        return None
    with suppress(OSError):
        return None if claim(folder) is not None else folder
    return None


def is_unsaved(folder: Path) -> bool:
    """True if strokes lie in a folder that are newer than the last file that was saved."""
    saved = _time_of(folder / _SAVED)
    return any(_time_of(file) > saved for store in _drawn(folder) for file in store.rglob("*") if _holds_strokes(file))


def mark_saved(folder: Path) -> None:
    """Note that what lies in a folder is in a file as it is now."""
    with suppress(OSError):
        (folder / _SAVED).touch()
        os.utime(folder / _SAVED)


def forget(folder: Path) -> None:
    """Clear away what nobody wants back, but for what a layer may still read."""
    for path in _drawn(folder):
        shutil.rmtree(path, ignore_errors=True)


def leave(folder: Path) -> None:
    """Let go of a folder when the window closes; it is cleared away unless something in it was not saved."""
    if not is_unsaved(folder):
        shutil.rmtree(folder, ignore_errors=True)
    release(folder)


def clear_old() -> None:
    """Clear away folders that nobody came back for."""
    for folder in (state_folder() / "recovery").glob("*"):
        newest = max((_time_of(file) for file in folder.rglob("*") if file.name not in (HELD, LOCK_NAME)), default=0.0)
        if time.time() - newest > KEPT_DAYS * 86_400 and claim(folder) is None:
            release(folder)
            shutil.rmtree(folder, ignore_errors=True)


def annotation_store(folder: Path, shape: tuple[int, ...]) -> LabelStore:
    """Annotation (planes, H, W), or (H, W), in a folder; what is painted on it is on disk at once."""
    place = folder / _ANNOTATION
    if not chunks.exists(place):
        chunks.create(place, shape, {})
    return open_store(place)


def kept_annotation(folder: Path) -> LabelStore | None:
    """Annotation that an earlier window left in a folder."""
    place = folder / _ANNOTATION
    return open_store(place) if chunks.exists(place) and np.any(LabelStore(place)[...]) else None


def _drawn(folder: Path) -> list[Path]:
    """Kind of layer that strokes went into: an annotation, cells of other programs, corrections of results."""
    corrected = [kept.folder for kept in kept_pictures(folder) if is_corrected(kept.folder)]
    own = [folder / _ANNOTATION, *(folder / OWN).glob("*.zarr"), *map(corrections_of, corrected)]
    return [path for path in own if path.is_dir()]


def _holds_strokes(file: Path) -> bool:
    """True of blocks and of a journal with something in it; what describes a store is there before the first stroke."""
    return file.is_file() and file.name != _DESCRIPTION and file.stat().st_size > 0


def _time_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
