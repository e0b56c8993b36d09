"""Formats of labels that are not read, by name and content, and what converts them into label images."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.listing import SUFFIXES

START = 4096
"""Bytes of a text file that are looked at."""


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """A format of other programs.

    Attributes:
        name: words for it.
        remedy: way to a label image.
        is_it: whether a file of these first bytes is one.
    """

    name: str
    remedy: str
    is_it: Callable[[Path, bytes], bool]


def _text(pattern: bytes) -> Callable[[Path, bytes], bool]:
    return lambda path, start: re.search(pattern, start) is not None


def _suffix(*suffixes: str) -> Callable[[Path, bytes], bool]:
    return lambda path, start: path.name.lower().endswith(suffixes)


def _holds_rois(path: Path, start: bytes) -> bool:
    with suppress(OSError, zipfile.BadZipFile):
        return start.startswith(b"PK") and any(n.endswith(".roi") for n in zipfile.ZipFile(path).namelist())
    return False


SAVE = "Then save it as TIFF."
FORMATS: tuple[KnownFormat, ...] = (
    KnownFormat("ROIs of Fiji", f"Fiji's BIOP plugins draw them: ROIs to Label Image. {SAVE}", _holds_rois),
    KnownFormat("a ROI of Fiji", f"Fiji's BIOP plugins draw it: ROIs to Label Image. {SAVE}", _suffix(".roi")),
    KnownFormat(
        "masks of Cellpose",
        "In Cellpose: File > Save masks as TIF; in Python: numpy.load(FILE, allow_pickle=True).item()['masks'].",
        _suffix("_seg.npy"),
    ),
    KnownFormat(
        "a NumPy array", "In Python: tifffile.imwrite('labels.tif', numpy.load(FILE)).", _suffix(".npy", ".npz")
    ),
    KnownFormat(
        "GeoJSON, as QuPath writes it",
        "Export a label image instead, by QuPath's LabeledImageServer.",
        _text(rb'"type"\s*:\s*"Feature'),
    ),
    KnownFormat(
        "annotations of COCO",
        "In Python: pycocotools, COCO.annToMask, one number for each annotation.",
        lambda path, start: path.suffix.lower() == ".json" and _has_keys(path, "images", "annotations"),
    ),
    KnownFormat(
        "polygons of labelme", "labelme's labelme_export_json draws them.", _text(rb'"(shapes|imagePath)"\s*:')
    ),
    KnownFormat("an export of ilastik (HDF5)", "Export as tif instead.", _suffix(".h5", ".hdf5", ".ilp")),
    KnownFormat("a MATLAB file", "In MATLAB: imwrite(uint16(labels), 'labels.tif').", _suffix(".mat")),
    KnownFormat(
        "run lengths, as Kaggle has them", "Draw each row as one number.", _text(rb"^ImageId,\s*EncodedPixels")
    ),
    KnownFormat("a PNG", "Fiji opens and saves it as TIFF; the numbers stay.", _suffix(".png")),
)


def known_format(path: Path) -> KnownFormat | None:
    """The format of a label file that is not read; None where it is none of those known."""
    if not path.is_file() or path.name.lower().endswith(SUFFIXES):
        return None
    with open(path, "rb") as file:
        start = file.read(START)
    return next((known for known in FORMATS if known.is_it(path, start)), None)


def refuse_known_formats(labels: Path) -> None:
    """InputError where a label file, or every file of a folder, is of a known format that is not read."""
    files = [labels] if labels.is_file() else _files_in(labels)
    if not files or any(file.name.lower().endswith(SUFFIXES) for file in files):
        return
    found = next((known for known in map(known_format, files) if known is not None), None)
    if found is not None:
        raise InputError(f"holds {found.name}, where labels are images", found.remedy, path=labels)


def refuse_masks_of_single_cells(images: Sequence[Path], labels: Sequence[Path]) -> None:
    """InputError where labels are one mask file for each cell, as in the Data Science Bowl of 2018."""
    places = {label.parent for label in labels}
    if len(labels) > len(images) == 1 and all(place.name.lower() in ("masks", "mask") for place in places):
        found = f"has one mask for each cell ({len(labels)} files for 1 image)"
        raise InputError(found, MERGE, path=next(iter(places)))


def refuse_folders_of_single_cells(folder: Path) -> None:
    """InputError where each subfolder holds an image and masks, as in the Data Science Bowl of 2018."""
    if not folder.is_dir():
        return
    inside = [sub for sub in folder.iterdir() if (sub / "masks").is_dir() and (sub / "images").is_dir()]
    if inside:
        found = f"has {len(inside)} subfolders with images/ and masks/, one mask for each cell"
        raise InputError(found, MERGE, path=folder)


MERGE = "Merge the masks of each image into one label image of the image's name: the k-th mask becomes number k."


def _files_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))


def _has_keys(path: Path, *keys: str) -> bool:
    with suppress(OSError, ValueError):
        tree = json.loads(path.read_text(encoding="utf-8"))
        return isinstance(tree, dict) and all(key in tree for key in keys)
    return False
