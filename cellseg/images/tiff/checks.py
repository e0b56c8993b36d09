"""Is all of the image there, and can it be read part by part?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import tifffile

from cellseg.errors import InputError
from cellseg.images.segments import refuse_huge_piece
from cellseg.images.tiff.chain import CUT_REMEDY, Directories, refuse_cut
from cellseg.images.tiff.companion import missing_beside
from cellseg.images.tiff.series import Series

PLAIN_KINDS = ("generic", "uniform", "shaped", "imagej")


def refuse_part(tif: tifffile.TiffFile, path: Path) -> None:
    """A part of a multi-file OME-TIFF knows only where the whole is described."""
    pointer = next((e for e in _ome_elements(tif) if e.tag.endswith("BinaryOnly")), None)
    if pointer is not None:
        master = pointer.get("MetadataFile", "the file with the metadata")
        raise InputError("is one part of an OME-TIFF of several files", f"Open {master} instead.", path=path)


def refuse_incomplete(tif: tifffile.TiffFile, series: list[Series], path: Path, directories: Directories) -> None:
    """tifffile reads what is left of a truncated file: compare what it announces with what it holds."""
    pages = list(chain.from_iterable(one.pages for one in series))
    sizes = {page.path: page.path.stat().st_size for page in pages}
    holds = sum(page.end <= sizes[page.path] for page in pages)
    announced = max(sum(one.announced for one in series), _described(tif))
    if holds < announced:
        found = f"announces {announced} pages, of which {holds} are complete{_reason(tif, path, directories)}"
        raise InputError(found, CUT_REMEDY, path=path)
    refuse_cut(directories, path)


def _reason(tif: tifffile.TiffFile, path: Path, directories: Directories) -> str:
    """Cause of missing pages, if it is known."""
    missing = _missing_file(tif, path)
    if missing:
        return f"; {missing} is not beside it"
    return f"; {directories.cut}" if directories.cut else ""


def refuse_unequal(tif: tifffile.TiffFile, path: Path) -> None:
    """Pages of one plain file that are no stack; smaller copies that are marked as such do not count."""
    if tif.series[0].kind not in PLAIN_KINDS:
        return
    frames = _full_frames(tif)
    sizes = _distinct(f"{frame.imagelength} x {frame.imagewidth}" for frame in frames)
    if len(sizes) > 1:
        found = f"has pages of unequal size: {' and '.join(sizes[:3])}"
        raise InputError(found, "Save each size as a file of its own.", path=path)
    kinds = _distinct(f"{frame.dtype} {frame.shape}" for frame in frames)
    if len(kinds) > 1:
        found = f"has pages of unequal kinds: {' and '.join(kinds)}"
        raise InputError(found, "Save each kind as a file of its own.", path=path)


def _full_frames(tif: tifffile.TiffFile) -> list[tifffile.TiffPage]:
    """A page of each image in the file that is no smaller copy."""
    frames = (level.keyframe for one in tif.series for level in one.levels)
    return [frame for frame in frames if not frame.is_reduced and not frame.is_subifd]


def _distinct(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(words))


def refuse_huge_segments(series: Series, path: Path) -> None:
    """A strip or tile is decoded whole by any reader."""
    for page in series.pages:
        if not page.mapped:
            refuse_huge_piece(page.coding.segment, page.coding.segment_bytes, path)


def _described(tif: tifffile.TiffFile) -> int:
    """Number of pages by ImageJ's or tifffile's own description; 0 where there is none."""
    if tif.series[0].kind not in PLAIN_KINDS:
        return 0
    first = tif.pages.first
    if tif.imagej_metadata:
        return -(-int(tif.imagej_metadata.get("images", 0)) // first.shaped[0])
    parts = tif.shaped_metadata or ()
    return int(sum(math.prod(part["shape"]) for part in parts) // math.prod(first.shape))


def _missing_file(tif: tifffile.TiffFile, path: Path) -> str:
    """First file of a multi-file OME-TIFF that is not beside this one."""
    names = (element.get("FileName", "") for element in _ome_elements(tif) if element.tag.endswith("UUID"))
    return missing_beside(path, filter(None, names))


def _ome_elements(tif: tifffile.TiffFile) -> list[ElementTree.Element]:
    """All elements of the OME-XML; none where there is no legible one."""
    try:
        return list(ElementTree.fromstring(tif.ome_metadata).iter()) if tif.is_ome and tif.ome_metadata else []
    except ElementTree.ParseError:
        return []
