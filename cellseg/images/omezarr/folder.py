"""OME-Zarr folders and what their metadata say; nothing here needs the zarr library."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from cellseg.errors import InputError

SUFFIX = ".zarr"
MARKS = ("zarr.json", ".zgroup", ".zattrs", ".zarray")
IMAGES_SHOWN = 3


def is_zarr(path: Path) -> bool:
    """A folder that is a zarr group or array, or is called one."""
    return path.is_dir() and (path.suffix.lower() == SUFFIX or any((path / mark).is_file() for mark in MARKS))


def read_ome(folder: Path) -> dict[str, Any]:
    """The OME metadata of a group: what stands under `ome` (zarr v3, OME-Zarr 0.5) or in .zattrs (v2, up to 0.4).

    Raises:
        InputError: they are damaged, or the folder is a single array.
    """
    if (folder / "zarr.json").is_file():
        node = _read_json(folder / "zarr.json")
        is_array, attributes = node.get("node_type") == "array", node.get("attributes")
        attributes = attributes.get("ome", attributes) if isinstance(attributes, dict) else {}
    else:
        is_array = (folder / ".zarray").is_file()
        attributes = _read_json(folder / ".zattrs") if (folder / ".zattrs").is_file() else {}
    if is_array:
        found = "is a single zarr array, whose axes nobody names"
        raise InputError(found, f"Open the OME-Zarr image that holds it: {folder.parent}", path=folder)
    return attributes if isinstance(attributes, dict) else {}


def main_image(folder: Path) -> dict[str, Any]:
    """The metadata (an entry of `multiscales`) of the image that a folder is.

    Raises:
        InputError: it is none; where it is a collection of images (a plate, a well, labels, several series),
            the message names some.
    """
    ome = read_ome(folder)
    scales = ome.get("multiscales")
    if isinstance(scales, list) and scales and isinstance(scales[0], dict) and scales[0].get("datasets"):
        return dict(scales[0])
    inside = list(images_inside(folder))
    if not inside:
        found = "is a zarr folder without OME-Zarr metadata of an image"
        raise InputError(
            found, "It may be incomplete, or another kind of zarr; write it again as OME-Zarr.", path=folder
        )
    shown = ", ".join(str(folder / name) for name in inside[:IMAGES_SHOWN])
    more = f" and {len(inside) - IMAGES_SHOWN} more" if len(inside) > IMAGES_SHOWN else ""
    number = "1 image" if len(inside) == 1 else f"{len(inside)} images"
    raise InputError(f"{_kind(ome)} {number}", f"Open one of them: {shown}{more}", path=folder)


def images_inside(folder: Path) -> Iterator[str]:
    """Paths, relative to a collection, of its images."""
    ome = read_ome(folder)
    if "plate" in ome:
        for well in _paths(ome["plate"], "wells"):
            if (folder / well).is_dir():
                yield from (f"{well}/{field}" for field in _paths(read_ome(folder / well).get("well"), "images"))
    elif "well" in ome:
        yield from _paths(ome["well"], "images")
    elif "labels" in ome:
        yield from _names(ome["labels"])
    elif (folder / "OME").is_dir() and (series := read_ome(folder / "OME").get("series")):
        yield from _names(series)
    else:
        for number in count():
            if not is_zarr(folder / str(number)) or not _is_image(folder / str(number)):
                return
            yield str(number)


def labels_of(folder: Path) -> list[str]:
    """Paths, relative to an image, of its label images."""
    inside = folder / "labels"
    return [f"labels/{name}" for name in _names(read_ome(inside).get("labels"))] if is_zarr(inside) else []


def _is_image(folder: Path) -> bool:
    try:
        return "multiscales" in read_ome(folder)
    except InputError:  # an array
        return False


def _kind(ome: dict[str, Any]) -> str:
    kinds = {"plate": "is a plate of", "well": "is a well of", "labels": "is a group of labels with"}
    return next((text for key, text in kinds.items() if key in ome), "is a collection of")


def _paths(parent: Any, key: str) -> list[str]:
    entries = parent.get(key) if isinstance(parent, dict) else None
    listed = entries if isinstance(entries, list) else []
    return [str(entry["path"]) for entry in listed if isinstance(entry, dict) and "path" in entry]


def _names(listed: Any) -> list[str]:
    return [str(name) for name in listed] if isinstance(listed, list) else []


def _read_json(file: Path) -> dict[str, Any]:
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read ({error})", "The OME-Zarr folder is damaged; write it again.", path=file
        ) from error
    if not isinstance(tree, dict):
        raise InputError("holds no metadata", "The OME-Zarr folder is damaged; write it again.", path=file)
    return tree
