"""The folder layout of the Cell Tracking Challenge: which files belong to a frame of a sequence.

    DATASET/01/t013.tif                    the images
    DATASET/01_GT/SEG/man_seg013.tif       gold truth: drawn by people, in some frames, and of some cells only
    DATASET/01_GT/SEG/man_seg_013_004.tif  the same for plane 4 alone of a 3-D frame
    DATASET/01_GT/TRA/man_track013.tif     markers: a small mark on every cell
    DATASET/01_ST/SEG/man_seg013.tif       silver truth: computed from the results of several programs
    DATASET/01_RES/mask013.tif             the result of a program

Source: celltrackingchallenge.net, "Naming and Content Conventions". Numbers have three digits or more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cellseg.errors import InputError

PARTS = {
    "image": ("", r"t(\d{3,})"),
    "gold": ("_GT/SEG", r"man_seg(\d{3,})"),
    "silver": ("_ST/SEG", r"man_seg(\d{3,})"),
    "markers": ("_GT/TRA", r"man_track(\d{3,})"),
    "result": ("_RES", r"mask(\d{3,})"),
}
SLICES = ("_GT/SEG", r"man_seg_(\d{3,})_(\d{3,})")
NAME = re.compile(r"(\d{2,})(_GT|_ST|_RES)?")

Found = dict[tuple[int, ...], Path]


@dataclass(frozen=True, slots=True)
class CtcFrame:
    """The files of one frame, or of one plane of it; None where there is none."""

    time: int
    """Its number in the file names."""
    image: Path | None
    gold: Path | None
    silver: Path | None
    markers: Path | None
    result: Path | None
    plane: int | None
    """Where `gold` shows one plane of a 3-D frame alone: which, from 0; the other files hold all planes."""


def is_sequence(folder: str | Path) -> bool:
    """True if a folder is a sequence: `.../01` beside `01_GT`, `01_ST` or `01_RES`, or one of these three."""
    folder = Path(folder)
    if not NAME.fullmatch(folder.name):
        return False
    return any(_files(_base(folder), *PARTS[part]) for part in ("gold", "silver", "markers", "result")) or bool(
        _files(_base(folder), *SLICES)
    )


def sequences(folder: str | Path) -> list[Path]:
    """The sequences of a data set's folder, `.../01` and so on, in order; empty where it holds none."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    return sorted({_base(inside) for inside in folder.iterdir() if inside.is_dir() and is_sequence(inside)})


def frames(folder: str | Path) -> list[CtcFrame]:
    """The frames of a sequence, in order of time, then of the plane.

    Args:
        folder: `.../01`, `.../01_GT`, `.../01_ST` or `.../01_RES`; the others are looked for beside it.

    Returns:
        A frame for each time in any of the files; where gold truth shows single planes, one for each of them.

    Raises:
        InputError: no such layout, or two files for one frame.
    """
    folder = Path(folder)
    if not is_sequence(folder):
        wanted = "Wanted is a folder like 01 beside 01_GT, 01_ST or 01_RES, with files like 01_GT/SEG/man_seg013.tif."
        raise InputError("is no sequence of the Cell Tracking Challenge", wanted, path=folder)
    return list(_frames(_base(folder)))


def _frames(base: Path) -> Iterator[CtcFrame]:
    found = {part: _files(base, *where) for part, where in PARTS.items()}
    slices = _files(base, *SLICES)
    times = sorted({key[0] for files in (*found.values(), slices) for key in files})
    for time in times:
        files = {part: by_time.get((time,)) for part, by_time in found.items()}
        whole = CtcFrame(time=time, plane=None, **files)
        planes = sorted(key[1] for key in slices if key[0] == time)
        if whole.gold or not planes:
            yield whole
        for plane in planes:
            yield replace(whole, gold=slices[time, plane], plane=plane)


def _base(folder: Path) -> Path:
    """`.../01` for `.../01_GT` and its like."""
    name = NAME.fullmatch(folder.name)
    assert name is not None
    return folder.with_name(name[1])


def _files(base: Path, where: str, pattern: str) -> Found:
    """Files of a part of the sequence by the numbers in their names."""
    folder = base.with_name(f"{base.name}{where.split('/')[0]}").joinpath(*where.split("/")[1:])
    files: Found = {}
    if not folder.is_dir():
        return files
    for file in sorted(folder.iterdir()):
        name = re.fullmatch(rf"{pattern}\.tiff?", file.name)
        key = tuple(int(digits) for digits in name.groups()) if name else ()
        if key in files:
            raise InputError(
                f"has two files of one frame: {files[key].name} and {file.name}", "Remove one.", path=folder
            )
        if key:
            files[key] = file
    return files
