"""Files and folders made by cellseg, which may be replaced."""

from __future__ import annotations

import json
from pathlib import Path

from cellseg.images.omezarr.folder import is_zarr

SOFTWARE = "cellseg"
CREATOR = {"name": SOFTWARE}


def made_by_cellseg(path: Path) -> bool:
    """Mark of cellseg in a TIFF or OME-Zarr folder; False for anything else, and for what cannot be read."""
    return _made_zarr(path) if is_zarr(path) else _made_tiff(path)


def _made_zarr(folder: Path) -> bool:
    try:
        attributes = json.loads((folder / "zarr.json").read_text(encoding="utf-8"))["attributes"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(isinstance(attributes, dict) and attributes.get("_creator") == CREATOR)


def _made_tiff(path: Path) -> bool:
    from tifffile import TiffFile

    try:
        with TiffFile(path) as tiff:
            return bool(tiff.pages) and str(tiff.pages.first.software).startswith(SOFTWARE)
    except Exception:  # a damaged file makes tifffile fail in many ways
        return False
