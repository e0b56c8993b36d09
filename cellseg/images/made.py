"""Was a file or folder made by cellseg, so that it may be replaced?"""

from __future__ import annotations

import json
from pathlib import Path

from cellseg.images.omezarr.folder import is_zarr

SOFTWARE = "cellseg"
CREATOR = {"name": SOFTWARE}


def made_by_cellseg(path: Path) -> bool:
    """Whether a TIFF or OME-Zarr folder says so; False for anything else, and for what cannot be read."""
    if is_zarr(path):
        try:
            attributes = json.loads((path / "zarr.json").read_text(encoding="utf-8"))["attributes"]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return bool(isinstance(attributes, dict) and attributes.get("_creator") == CREATOR)
    from tifffile import TiffFile

    try:
        with TiffFile(path) as tiff:
            return bool(tiff.pages) and str(tiff.pages.first.software).startswith(SOFTWARE)
    except Exception:  # a damaged file makes tifffile fail in many ways
        return False
