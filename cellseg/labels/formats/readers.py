"""Label files of all formats, as entries to open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cellseg.images.listing import stem
from cellseg.images.source import ImageSource
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.formats.coco import coco_entries
from cellseg.labels.formats.coloured import without_colours
from cellseg.labels.formats.geojson import is_geojson, open_geojson
from cellseg.labels.formats.hdf5 import SUFFIXES as HDF5
from cellseg.labels.formats.hdf5 import open_hdf5, parts_of
from cellseg.labels.formats.json_files import has_keys, is_kind, read_json
from cellseg.labels.formats.labelme import open_labelme
from cellseg.labels.formats.npz import open_npz
from cellseg.labels.formats.plain import is_label_image, open_plain
from cellseg.labels.formats.refused import OpensAs, refuse_empty, refuse_unread, start_of, suffixed
from cellseg.labels.formats.rois import open_rois


@dataclass(frozen=True, slots=True)
class LabelFormat:
    """A format of label files that is read.

    Attributes:
        name: words for it.
        is_it: whether a file of these first bytes is one.
        entries: the labels in it, of one image or several.
    """

    name: str
    is_it: OpensAs
    entries: Callable[[Path], list[UnopenedImage]]


SUFFIXES_OF_LABELS = (".npz", ".zip", ".roi", ".geojson", ".json", *HDF5)
Opens = Callable[[Path, ImageSource | None], ImageSource]


def bare(path: Path) -> Path:
    """A path without the suffixes of images and of labels."""
    name = stem(path)
    for suffix in SUFFIXES_OF_LABELS:
        name = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    return path.with_name(name)


def _one(open_file: Callable[[Path], ImageSource]) -> Callable[[Path], list[UnopenedImage]]:
    """Entries of a file that holds one label image."""
    return lambda path: [UnopenedImage(bare(path), lambda _: open_file(path), file=path.name)]


def _is_numpy(path: Path, start: bytes) -> bool:
    """True of arrays; those of Cellpose are pickles."""
    return suffixed(".npz", ".npy")(path, start) and not suffixed("_seg.npy")(path, start)


def _holds_rois(path: Path, start: bytes) -> bool:
    """True of a region of ImageJ and of an archive with some, and of any other zip archive: they name it as damaged."""
    return suffixed(".roi")(path, start) or (suffixed(".zip")(path, start) and not _is_numpy(path, start))


def _drawn(open_file: Opens, sized: bool = False) -> Callable[[Path], list[UnopenedImage]]:
    """Entries of a file with the outlines of one image, whose size it may have to be told."""
    return lambda path: [UnopenedImage(bare(path), partial(open_file, path), sized=sized, file=path.name)]


JSON_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Path], list[UnopenedImage]]], ...] = (
    (is_geojson, _drawn(open_geojson)),
    (has_keys("images", "annotations"), coco_entries),
    (has_keys("shapes"), _drawn(open_labelme)),
)
"""Annotations in JSON files: of QuPath, COCO and LabelMe."""


def _is_known_tree(tree: Any) -> bool:
    return any(is_one(tree) for is_one, _ in JSON_KINDS)


def _of_json(path: Path) -> list[UnopenedImage]:
    tree = read_json(path)
    return next(entries for is_one, entries in JSON_KINDS if is_one(tree))(path)


FORMATS: tuple[LabelFormat, ...] = (
    LabelFormat("a NumPy array", _is_numpy, _one(open_npz)),
    LabelFormat("regions of Fiji", _holds_rois, _drawn(open_rois)),
    LabelFormat("HDF5", suffixed(*HDF5), _drawn(open_hdf5, sized=True)),
    LabelFormat("JSON", is_kind(_is_known_tree), _of_json),
)


def format_of_labels(path: Path) -> LabelFormat | None:
    """The format of a label file that is no image; None where it is none of those that are read."""
    if not path.is_file() or is_label_image(path):
        return None
    start = start_of(path)
    return next((known for known in FORMATS if known.is_it(path, start)), None)


def entries_of(path: Path, axes: str | None = None) -> list[UnopenedImage]:
    """The labels in a file: of one image, or of each image that it tells of.

    Args:
        path: a file of any format that holds labels, or an OME-Zarr folder.
        axes: axes of label images, where they do not say.

    Raises:
        InputError: a format that is not read.
    """
    if path.is_file():
        refuse_empty(path)
    if parts_of(path) is not None:
        return _drawn(open_hdf5, sized=True)(path)
    if path.is_file() and not is_label_image(path):
        known = format_of_labels(path)
        if known is not None:
            return known.entries(path)
        refuse_unread(path)
    return [UnopenedImage(bare(path), partial(_open, path, axes), file=path.name)]


def _open(path: Path, axes: str | None, _: ImageSource | None) -> ImageSource:
    return without_colours(open_plain(path, axes))


def refuse_all_unread(files: list[Path]) -> None:
    """InputError where a folder holds labels of a format that is known but not read."""
    for file in files:
        if file.is_file():
            refuse_unread(file)
