"""Formats of labels that are not read, by name and content, and what converts them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cellseg.errors import InputError
from cellseg.labels.formats.json_files import read_json

START = 4096
"""Bytes of a file that are looked at."""
OpensAs = Callable[[Path, bytes], bool]


@dataclass(frozen=True, slots=True)
class RefusedFormat:
    """A format of other programs.

    Attributes:
        name: words for it.
        remedy: way to labels that are read.
        is_it: whether a file of these first bytes is one.
    """

    name: str
    remedy: str
    is_it: OpensAs


def text_like(pattern: bytes) -> OpensAs:
    """Test of a file's first bytes by a pattern."""
    return lambda path, start: re.search(pattern, start) is not None


def suffixed(*suffixes: str) -> OpensAs:
    """Test of a file's name by how it ends."""
    return lambda path, start: path.name.lower().endswith(suffixes)


REFUSED: tuple[RefusedFormat, ...] = (
    RefusedFormat(
        "masks of Cellpose as a pickle, which would run code when it is opened",
        "If you trust it, convert it in Python: "
        "masks = numpy.load('{name}', allow_pickle=True).item()['masks']; "
        "tifffile.imwrite('{stem}_masks.tif', masks). Or in Cellpose: File > Save masks as TIF.",
        suffixed("_seg.npy"),
    ),
    RefusedFormat("a project of ilastik", "Export the labels from ilastik, as HDF5 or TIFF.", suffixed(".ilp")),
    RefusedFormat("a MATLAB file", "In MATLAB: imwrite(uint16(labels), 'labels.tif').", suffixed(".mat")),
    RefusedFormat(
        "run lengths, as Kaggle has them",
        "The masks as files, or a label image of each row drawn as one number, are read.",
        text_like(rb"^ImageId,\s*EncodedPixels"),
    ),
    RefusedFormat(
        "a JPEG, whose compression changes the numbers at the edge of every cell",
        "Export the labels as PNG or TIFF.",
        lambda path, start: start.startswith(b"\xff\xd8\xff"),
    ),
    RefusedFormat(
        "JSON of another kind",
        "Read are annotations of COCO, GeoJSON of QuPath, and files of LabelMe.",
        lambda path, start: path.suffix.lower() in (".json", ".geojson"),
    ),
    RefusedFormat("NIfTI", "Convert it to TIFF, or export the data set as TIFF or PNG.", suffixed(".nii", ".nii.gz")),
)


def start_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with open(path, "rb") as file:
        return file.read(START)


def refuse_empty(path: Path) -> None:
    """InputError for a file with nothing in it."""
    if path.stat().st_size == 0:
        raise InputError("is empty", "Export the labels again.", path=path)


def refuse_unread(path: Path) -> None:
    """InputError for a label file of a format that is known but not read."""
    start = start_of(path)
    if suffixed(".json", ".geojson")(path, start):
        read_json(path)  # a damaged one is told as such
    found = next((known for known in REFUSED if known.is_it(path, start)), None)
    if found is not None:
        remedy = found.remedy.format(name=path.name, stem=re.sub(r"_seg\.npy$", "", path.name))
        raise InputError(f"holds {found.name}", remedy, path=path)
