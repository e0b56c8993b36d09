"""Label files of all formats, as entries to open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.listing import stem
from cellseg.images.source import ImageSource
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.formats.coloured import without_colours
from cellseg.labels.formats.npz import open_npz
from cellseg.labels.formats.plain import PICTURES, is_label_image, open_plain
from cellseg.labels.formats.refused import OpensAs, refuse_unread, start_of, suffixed


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


def bare(path: Path) -> Path:
    """A path without the suffixes of images and of labels."""
    name = stem(path)
    for suffix in (*PICTURES, ".jpg", ".jpeg", ".npz", ".npy"):
        name = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    return path.with_name(name)


def _one(open_file: Callable[[Path], ImageSource]) -> Callable[[Path], list[UnopenedImage]]:
    """Entries of a file that holds one label image."""
    return lambda path: [UnopenedImage(bare(path), lambda _: open_file(path), file=path.name)]


def _is_numpy(path: Path, start: bytes) -> bool:
    """True of arrays; those of Cellpose are pickles."""
    return suffixed(".npz", ".npy")(path, start) and not suffixed("_seg.npy")(path, start)


FORMATS: tuple[LabelFormat, ...] = (LabelFormat("a NumPy array", _is_numpy, _one(open_npz)),)


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


def the_entry(entries: list[UnopenedImage], path: Path) -> UnopenedImage:
    """The labels of a file that must be those of one image."""
    if len(entries) != 1:
        raise InputError(f"holds the labels of {len(entries)} images, where one is wanted", path=path)
    return entries[0]
