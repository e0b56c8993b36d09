"""Makers of files and folders, as these say themselves: cellseg, and for results, of which prediction."""

from __future__ import annotations

import json
from pathlib import Path

from cellseg.images.omezarr.folder import is_zarr

SOFTWARE = "cellseg"
RESULT = "predict"
"""Goes before the mark of a result of `cellseg predict`."""


def maker(mark: str | None = None, holds: str = "") -> str:
    """The text by which a file says that cellseg made it, and with a mark, that it is the result of a prediction.

    `holds` is the type of result: instances, classes, probabilities or uncertainty.
    """
    return SOFTWARE if mark is None else f"{SOFTWARE} {RESULT} {mark} {holds}".rstrip()


def made_by_cellseg(path: Path) -> bool:
    """Mark of cellseg in a TIFF or OME-Zarr folder; False for anything else, and for what cannot be read."""
    return _maker_of(path).startswith(SOFTWARE)


def result_mark(path: Path) -> str | None:
    """The mark of a result of `cellseg predict`, "" where it has none; None for anything else.

    Labels that somebody drew or corrected are made by cellseg, too, when it wrote them, but they are no results.
    """
    return _words_of(path)[0]


def result_holds(path: Path) -> str:
    """The type of a result of `cellseg predict`, see `maker`; empty where it has none, and for anything else."""
    return _words_of(path)[1]


def image_in(mark: str | None) -> str:
    """The part of a result's mark that tells of which image it is; empty where there is no mark, see `mark_of`."""
    return (mark or "").rpartition("-")[2]


def _words_of(path: Path) -> tuple[str | None, str]:
    """Mark and type of a result of `cellseg predict`; None and "" for anything else."""
    name, what, mark, holds, *_ = [*_maker_of(path).split(" "), "", "", ""]
    return (mark, holds) if (name, what) == (SOFTWARE, RESULT) else (None, "")


def _maker_of(path: Path) -> str:
    return _creator_of(path) if is_zarr(path) else _software_of(path)


def _creator_of(folder: Path) -> str:
    """The maker of an OME-Zarr folder; empty where it says none."""
    try:
        return str(json.loads((folder / "zarr.json").read_text(encoding="utf-8"))["attributes"]["_creator"]["name"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _software_of(path: Path) -> str:
    """The maker of a TIFF; empty where it says none or is none."""
    from tifffile import TiffFile

    try:
        with TiffFile(path) as tiff:
            return str(tiff.pages.first.software) if tiff.pages else ""
    except Exception:  # a damaged file makes tifffile fail in many ways
        return ""
