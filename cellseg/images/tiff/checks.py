"""Is all of the image there, and can it be read part by part?"""

from __future__ import annotations

import math
from itertools import chain
from pathlib import Path
from xml.etree import ElementTree

import tifffile

from cellseg.errors import InputError
from cellseg.images.segments import LARGEST_SEGMENT
from cellseg.images.tiff.chain import CUT_REMEDY, Directories, refuse_cut
from cellseg.images.tiff.series import Series
from cellseg.wording import size_of

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
        missing = _missing_file(tif, path)
        why = f"; {missing} is not beside it" if missing else f"; {directories.cut}" if directories.cut else ""
        found = f"announces {announced} pages, of which {holds} are complete{why}"
        raise InputError(found, CUT_REMEDY, path=path)
    refuse_cut(directories, path)


def refuse_unequal(tif: tifffile.TiffFile, path: Path) -> None:
    """Pages of one plain file that are no stack; smaller copies that are marked as such do not count."""
    frames = [level.keyframe for one in tif.series for level in one.levels]
    frames = [frame for frame in frames if not frame.is_reduced and not frame.is_subifd]
    sizes = list(dict.fromkeys((frame.imagelength, frame.imagewidth) for frame in frames))
    if tif.series[0].kind not in PLAIN_KINDS:
        return
    if len(sizes) > 1:
        found = " and ".join(f"{height} x {width}" for height, width in sizes[:3])
        raise InputError(f"has pages of unequal size: {found}", "Save each size as a file of its own.", path=path)
    if len({(frame.shape, frame.dtype) for frame in frames}) > 1:
        found = " and ".join(dict.fromkeys(f"{frame.dtype} {frame.shape}" for frame in frames))
        raise InputError(f"has pages of unequal kinds: {found}", "Save each kind as a file of its own.", path=path)


def refuse_huge_segments(series: Series, path: Path) -> None:
    """A strip or tile is decoded whole by any reader."""
    for page in series.pages:
        if not page.mapped and page.coding.segment_bytes > LARGEST_SEGMENT:
            high, wide = page.coding.segment
            found = f"keeps {high} x {wide} pixels in one compressed piece, {size_of(page.coding.segment_bytes)}"
            remedy = "Save it in tiles, for instance: bfconvert -tilex 1024 -tiley 1024 IN OUT.ome.tif"
            raise InputError(found, remedy, path=path)


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
    return next((name for name in names if name and not (path.parent / name).exists()), "")


def _ome_elements(tif: tifffile.TiffFile) -> list[ElementTree.Element]:
    """All elements of the OME-XML; none where there is no legible one."""
    try:
        return list(ElementTree.fromstring(tif.ome_metadata).iter()) if tif.is_ome and tif.ome_metadata else []
    except ElementTree.ParseError:
        return []
