"""OME-Zarr 0.4 (zarr v2) and 0.5 (zarr v3) as image sources.

The full resolution of the first image of a group is read; of a plate or another collection, name the image
inside. Specification: https://ngff.openmicroscopy.org/0.5
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Float64
from cellseg.errors import InputError, reading, reason_of
from cellseg.images.axes import parse_axes
from cellseg.images.omezarr.folder import main_image, part_of, read_ome
from cellseg.images.omezarr.pixels import ZarrPixels
from cellseg.images.omezarr.remote import RemoteFolder, ZarrPlace
from cellseg.images.physical import micrometres_per, positive_number
from cellseg.images.segments import LARGEST_SEGMENT
from cellseg.images.source import ImageSource, Physical, make_source
from cellseg.wording import size_of

BEFORE_0_3 = "TCZYX"
"""The axes, where metadata of version 0.1 or 0.2 name none."""
KINDS = {"channel": "C", "time": "T"}
"""Letters of axes by their type, whatever they are called."""
FREE = "PQRUVW"
"""Letters for axes whose name is no letter."""


def open_omezarr(path: str | Path, *, axes: str | None = None, channel: int | str | None = None) -> ImageSource:
    """Open an OME-Zarr image (or a label image inside one) for reading region by region.

    Args:
        path: folder with the metadata: `image.ome.zarr`, `image.ome.zarr/labels/cells`, `plate.zarr/A/1/0`.
        axes: axes of the array in its own order, if the metadata say the wrong thing.
        channel: take only this channel, by number from 0 or by name.

    Raises:
        InputError: no such folder, not one OME-Zarr image, damaged, one huge chunk, values of an unknown type,
            axes that do not fit, or no such channel.
    """
    path = Path(path)
    if not path.is_dir():
        raise InputError("there is no such folder", "Check the spelling.", path=path)
    return source_of(path, axes).only(channel)


def source_of(path: ZarrPlace, axes: str | None) -> ImageSource:
    """All channels of the image in a folder, which may be on a server. Raises InputError as `open_omezarr`."""
    scales, found = main_image(path), "its OME-Zarr metadata are not as the specification has them"
    with reading(str(path), found, "Export it again as OME-Zarr 0.5."):
        return _as_source(path, scales, axes)


def _as_source(path: ZarrPlace, scales: dict[str, Any], axes: str | None) -> ImageSource:
    level = scales["datasets"][0]
    array = _open_array(path, str(level.get("path", "")))
    named = _named_axes(path, scales, axes)
    names = parse_axes(axes) if axes else _letters(named)
    _refuse_misfit(path, array.shape, names, axes)
    return make_source(
        ZarrPixels(array, names, str(path), remote=isinstance(path, RemoteFolder)),
        names,
        array.shape,
        np.dtype(np.uint8) if array.dtype.kind == "b" else array.dtype.newbyteorder("="),
        name=path.name,
        path=path if isinstance(path, Path) else None,
        physical=_physical(_sizes_um(scales, level, named, names), _channel_names(read_ome(path))),
    )


def _named_axes(path: ZarrPlace, scales: dict[str, Any], axes: str | None) -> list[dict[str, Any]]:
    """The axes of the metadata, else those the user names, else those of old versions; names alone as metadata."""
    said = scales.get("axes") or axes or _old(path, scales)
    return [axis if isinstance(axis, dict) else {"name": axis} for axis in said]


def _refuse_misfit(path: ZarrPlace, shape: tuple[int, ...], names: str, axes: str | None) -> None:
    if len(names) != len(shape) or not {"Y", "X"} <= set(names):
        found = f"holds an array of shape {shape}, which does not fit the axes {axes or names!r}"
        raise InputError(found, "Name one axis each, in the order of the array, with Y and X.", path=str(path))


def _physical(size: dict[str, float], channels: list[str]) -> Physical:
    plane = (size["Y"], size["X"]) if {"Y", "X"} <= size.keys() else None
    return Physical(plane, size.get("Z"), tuple(channels))


def _old(path: ZarrPlace, scales: dict[str, Any]) -> str:
    """The axes of metadata that name none."""
    version = read_ome(path).get("version") or scales.get("version", "0.1")
    if version not in ("0.1", "0.2"):
        found = f"names no axes in its OME-Zarr metadata of version {version}"
        raise InputError(found, "Name them, such as --axes TCZYX; versions 0.4 and 0.5 are read.", path=str(path))
    return BEFORE_0_3


def _open_array(path: ZarrPlace, level: str) -> Any:
    """The array of a resolution; it may be empty of chunks, which then count as the fill value."""
    try:
        array = _array_at(part_of(path, level))
    except InputError:
        raise
    except Exception as error:  # zarr fails in many ways on damaged metadata
        found = f"its array {level!r} cannot be opened ({reason_of(error)})"
        raise InputError(
            found, "The folder is incomplete or damaged; copy or write it again.", path=str(path)
        ) from error
    _refuse_values(array, path)
    _refuse_huge_chunks(array, path)
    return array


def _array_at(place: ZarrPlace) -> Any:
    if isinstance(place, RemoteFolder):
        return place.open_array()
    import zarr

    return zarr.open_array(str(place), mode="r")


def _refuse_values(array: Any, path: ZarrPlace) -> None:
    """Values that are no numbers, or none at all."""
    if array.dtype.kind not in "biuf" or 0 in array.shape:
        found = f"holds values of type {array.dtype}" if array.size else f"is empty: its shape is {array.shape}"
        raise InputError(found, "Save it as integers or floats.", path=str(path))


def _refuse_huge_chunks(array: Any, path: ZarrPlace) -> None:
    chunk_bytes = math.prod(array.chunks) * array.dtype.itemsize
    if chunk_bytes > LARGEST_SEGMENT:
        found = f"keeps {' x '.join(map(str, array.chunks))} values in one chunk, {size_of(chunk_bytes)}"
        raise InputError(found, "Write it again in smaller chunks, such as 1 x 1 x 1 x 512 x 512.", path=str(path))


def _letters(named: list[dict[str, Any]]) -> str:
    """One capital for each axis: its name where that is a letter, else a free one."""
    letters = ""
    for axis in named:
        letters += _free_letter(axis, letters)
    return letters


def _free_letter(axis: dict[str, Any], taken: str) -> str:
    letter = KINDS.get(str(axis.get("type")), str(axis.get("name", "")).upper())
    own = letter if len(letter) == 1 and letter.isalpha() else ""
    return next((one for one in f"{own}{FREE}" if one not in taken), "?")


def _scale(scales: dict[str, Any], level: dict[str, Any], axes: int) -> Float64:
    """Step (axes,) from pixel to pixel, in the units of the axes, by all scalings of the image and of the level."""
    step = np.ones(axes)
    of_level, of_image = (part.get("coordinateTransformations") or [] for part in (level, scales))
    for transform in [*of_level, *of_image]:
        if _scales(transform, axes):
            step *= [positive_number(size, "the scale of an axis") for size in transform["scale"]]
    return step


def _scales(transform: dict[str, Any], axes: int) -> bool:
    """A scaling of all of these axes."""
    return transform.get("type") == "scale" and len(transform.get("scale", ())) == axes


def _sizes_um(
    scales: dict[str, Any], level: dict[str, Any], named: list[dict[str, Any]], names: str
) -> dict[str, float]:
    """Micrometres from pixel to pixel, for the axes in space whose unit is known."""
    if len(named) != len(names):  # the user corrects metadata that do not fit
        return {}
    step = _scale(scales, level, len(names))
    units = [micrometres_per(str(axis.get("unit", ""))) for axis in named]
    found = zip(names, (step * units).tolist(), strict=True)
    return {axis: size for axis, size in found if axis in "ZYX" and size > 0}


def _channel_names(ome: dict[str, Any]) -> list[str]:
    """Names of the transitional `omero` metadata; numbers stand for those that are missing."""
    channels = (ome.get("omero") or {}).get("channels") or []
    return [str(channel.get("label") or number) for number, channel in enumerate(channels)]
