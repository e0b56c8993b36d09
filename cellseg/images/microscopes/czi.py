"""Zeiss CZI through pylibCZIrw."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from pylibCZIrw import czi

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.microscopes.scene import Scene
from cellseg.images.source import Physical

UM_PER_M = 1e6
TYPES = {"Gray8": "u1", "Gray16": "u2", "Gray32Float": "f4", "Bgr24": "u1", "Bgr48": "u2", "Bgr96Float": "f4"}
"""Types of values by the words of the format."""
OTHER_AXES = {"H": "phases", "V": "views", "B": "acquisition blocks", "I": "illuminations", "R": "rotations"}
"""Axes of which one place alone would be read, in words."""
ScenePlace = tuple[int, int, int, int]
"""Left, top, width and height of a scene in the file's coordinates."""


def czi_scenes(path: Path) -> list[Scene]:
    """The scenes of a CZI, or its one image.

    Raises:
        InputError: values of a type that is not read, channels of several types, or raw data of several phases.
    """
    with czi.open_czi(str(path)) as file:
        metadata = ElementTree.fromstring(file.raw_metadata)
        kind = _type(file.pixel_types, path)
        lengths = {axis: file.total_bounding_box.get(axis, (0, 1))[1] for axis in "TCZ"}
        _refuse_other_axes(file.total_bounding_box, path)
        places = file.scenes_bounding_rectangle or {None: file.total_bounding_rectangle}
        names = _scene_names(metadata)
        physical = _physical(metadata)
        samples = "S" if kind.startswith("Bgr") else ""
        return [
            Scene(
                name=names.get(number, f"Scene {number}") if number is not None else path.stem,
                axes=f"TCZYX{samples}",
                shape=(*lengths.values(), place.h, place.w, *((3,) if samples else ())),
                dtype=np.dtype(TYPES[kind]),
                physical=physical,
                read=partial(_read, path, number, (place.x, place.y, place.w, place.h)),
            )
            for number, place in places.items()
        ]


def _read(path: Path, scene: int | None, place: ScenePlace, at: dict[str, int]) -> Array:
    """A sheet (H, W, 1), or (H, W, 3) in red, green and blue, which the file keeps the other way round."""
    with czi.open_czi(str(path)) as file:
        sheet: Array = file.read(roi=place, plane=at, scene=scene)
    return sheet[..., ::-1]


def _type(kinds: dict[int, str], path: Path) -> str:
    found = sorted(set(kinds.values()))
    if len(found) != 1 or found[0] not in TYPES:
        words = f"holds values of the types {', '.join(found)}"
        raise InputError(words, "Export it as OME-TIFF, of one type, with ZEN or Fiji.", path=path)
    return found[0]


def _refuse_other_axes(box: dict[str, tuple[int, int]], path: Path) -> None:
    """InputError where pictures lie along an axis that is none of an image: all but the first would be lost."""
    for axis, what in OTHER_AXES.items():
        first, end = box.get(axis, (0, 1))
        if end - first > 1:
            found = f"holds {end - first} {what} (axis {axis}) of each picture, as raw data have them"
            raise InputError(found, "Process it in ZEN first (Airyscan, SIM), or export it as OME-TIFF.", path=path)


def _physical(metadata: ElementTree.Element) -> Physical:
    sizes = {
        str(part.get("Id")): UM_PER_M * float(part.findtext("Value") or 0)
        for part in metadata.iterfind(".//Scaling/Items/Distance")
    }
    plane = (sizes["Y"], sizes["X"]) if {"Y", "X"} <= sizes.keys() else None
    channels = metadata.findall(".//Information/Image/Dimensions/Channels/Channel")
    names = (channel.get("Name") or str(number) for number, channel in enumerate(channels))
    return Physical(plane, sizes.get("Z"), tuple(names))


def _scene_names(metadata: ElementTree.Element) -> dict[int | None, str]:
    scenes: Any = metadata.iterfind(".//Information/Image/Dimensions/S/Scenes/Scene")
    return {
        int(scene.get("Index", number)): scene.get("Name") or f"Scene {number}" for number, scene in enumerate(scenes)
    }
