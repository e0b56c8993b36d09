"""OME-Zarr folders and what their metadata say; nothing here needs the zarr library."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING, Any

from cellseg.errors import InputError, reason_of

if TYPE_CHECKING:
    from cellseg.images.omezarr.remote import ZarrPlace

SUFFIX = ".zarr"
MARKS = ("zarr.json", ".zgroup", ".zattrs", ".zarray")
IMAGES_SHOWN = 3
LONGEST_NAME, LONGEST_PATH = 255, 2000
"""Bytes of a name and of a path that file systems take; with the folder before it 4,096."""


def is_zarr(path: ZarrPlace) -> bool:
    """A folder that is a zarr group or array, or is called one."""
    return path.is_dir() and (path.name.lower().endswith(SUFFIX) or any((path / mark).is_file() for mark in MARKS))


def read_ome(folder: ZarrPlace) -> dict[str, Any]:
    """The OME metadata of a group: what stands under `ome` (zarr v3, OME-Zarr 0.5) or in .zattrs (v2, up to 0.4).

    Raises:
        InputError: they are damaged, or the folder is a single array.
    """
    is_array, attributes = _read_v3(folder) if (folder / "zarr.json").is_file() else _read_v2(folder)
    if is_array:
        found = "is a single zarr array, whose axes nobody names"
        raise InputError(found, f"Open the OME-Zarr image that holds it: {folder.parent}", path=str(folder))
    return _as_dict(attributes)


def main_image(folder: ZarrPlace) -> dict[str, Any]:
    """The metadata (an entry of `multiscales`) of the image that a folder is.

    Raises:
        InputError: it is none; where it is a collection of images (a plate, a well, labels, several series),
            the message names some.
    """
    ome = read_ome(folder)
    first = _as_dict(next(iter(_as_list(ome.get("multiscales"))), None))
    if first.get("datasets"):
        return first
    inside = list(images_inside(folder))
    if not inside:
        found = "is a zarr folder without OME-Zarr metadata of an image"
        raise InputError(
            found, "It may be incomplete, or another kind of zarr; write it again as OME-Zarr.", path=str(folder)
        )
    raise _collection_error(folder, _kind(ome), inside)


def images_inside(folder: ZarrPlace) -> Iterator[str]:
    """Paths, relative to a collection, of its images."""
    ome = read_ome(folder)
    key = next((key for key in COLLECTIONS if key in ome), "")
    if key:
        return COLLECTIONS[key].inside(folder, ome[key])
    series = read_ome(folder / "OME").get("series") if (folder / "OME").is_dir() else None
    return _within(folder, _names(series)) if series else _numbered(folder)


def _in_plate(folder: ZarrPlace, plate: Any) -> Iterator[str]:
    for well in _paths(plate, "wells"):
        place = part_of(folder, well)
        if place.is_dir():
            yield from (f"{well}/{field}" for field in _in_well(place, read_ome(place).get("well")))


def _in_well(folder: ZarrPlace, well: Any) -> Iterator[str]:
    return _within(folder, _paths(well, "images"))


def _in_labels(folder: ZarrPlace, labels: Any) -> Iterator[str]:
    return _within(folder, _names(labels))


def _numbered(folder: ZarrPlace) -> Iterator[str]:
    """Images called 0, 1, ..., as bioformats2raw names those of a collection."""
    return takewhile(lambda name: is_zarr(folder / name) and _is_image(folder / name), map(str, count()))


@dataclass(frozen=True, slots=True)
class _Collection:
    """Images under one key of the metadata."""

    kind: str
    """Words before their number."""
    inside: Callable[[ZarrPlace, Any], Iterator[str]]
    """Paths of the images, from the folder and what stands under the key."""


COLLECTIONS = {
    "plate": _Collection("is a plate of", _in_plate),
    "well": _Collection("is a well of", _in_well),
    "labels": _Collection("is a group of labels with", _in_labels),
}


def labels_of(folder: ZarrPlace) -> list[str]:
    """Paths, relative to an image, of its label images."""
    inside = folder / "labels"
    return [f"labels/{name}" for name in _in_labels(inside, read_ome(inside).get("labels"))] if is_zarr(inside) else []


def part_of(folder: ZarrPlace, name: str) -> ZarrPlace:
    """Place of a part of a folder that the metadata name.

    Links of the file system are followed: they are made by whoever keeps the data, not by who wrote the metadata.

    Raises:
        InputError: the name leads out of the folder, or is longer than names of files may be.
    """
    parts = PureWindowsPath(name)  # knows the separators and drives of all systems
    if parts.anchor or ".." in parts.parts or "\0" in name:
        found = f"its OME-Zarr metadata name a part outside of the folder: {name[:200]!r}"
        raise InputError(found, "Do not trust it; if the other folder is meant, open that.", path=str(folder))
    lengths = [len(part.encode("utf-8", "surrogatepass")) for part in parts.parts]
    whole = len(name.encode("utf-8", "surrogatepass"))
    if max(lengths, default=0) > LONGEST_NAME or whole > LONGEST_PATH:
        found = f"its OME-Zarr metadata name a part with a name of {whole:,} bytes: {name[:50]!r}..."
        raise InputError(found, "They are damaged; write it again as OME-Zarr.", path=str(folder))
    return folder / name


def _within(folder: ZarrPlace, names: Iterable[str]) -> Iterator[str]:
    """Names of parts. Raises InputError as `part_of`."""
    for name in names:
        part_of(folder, name)
        yield name


def _is_image(folder: ZarrPlace) -> bool:
    try:
        return "multiscales" in read_ome(folder)
    except InputError:  # an array
        return False


def _read_v3(folder: ZarrPlace) -> tuple[bool, Any]:
    """An array or not, and its metadata, from zarr.json."""
    node = _read_json(folder / "zarr.json")
    attributes = _as_dict(node.get("attributes"))
    return node.get("node_type") == "array", attributes.get("ome", attributes)


def _read_v2(folder: ZarrPlace) -> tuple[bool, Any]:
    """An array or not, and its metadata, from .zarray and .zattrs."""
    file = folder / ".zattrs"
    return (folder / ".zarray").is_file(), _read_json(file) if file.is_file() else {}


def _kind(ome: dict[str, Any]) -> str:
    return next((one.kind for key, one in COLLECTIONS.items() if key in ome), "is a collection of")


def _collection_error(folder: ZarrPlace, kind: str, inside: list[str]) -> InputError:
    shown = ", ".join(str(folder / name) for name in inside[:IMAGES_SHOWN])
    more = f" and {len(inside) - IMAGES_SHOWN} more" if len(inside) > IMAGES_SHOWN else ""
    number = "1 image" if len(inside) == 1 else f"{len(inside)} images"
    return InputError(f"{kind} {number}", f"Open one of them: {shown}{more}", path=str(folder))


def _paths(parent: Any, key: str) -> Iterator[str]:
    """The paths of the entries under a key."""
    entries = map(_as_dict, _as_list(_as_dict(parent).get(key)))
    return (str(entry["path"]) for entry in entries if "path" in entry)


def _names(listed: Any) -> Iterator[str]:
    return map(str, _as_list(listed))


def _as_dict(tree: Any) -> dict[str, Any]:
    """A part of the metadata, which may be anything."""
    return tree if isinstance(tree, dict) else {}


def _as_list(tree: Any) -> list[Any]:
    return tree if isinstance(tree, list) else []


def _read_json(file: ZarrPlace) -> dict[str, Any]:
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"cannot be read ({reason_of(error)})", "The OME-Zarr folder is damaged; write it again.", path=str(file)
        ) from error
    if not isinstance(tree, dict):
        raise InputError("holds no metadata", "The OME-Zarr folder is damaged; write it again.", path=str(file))
    return tree
