"""cellseg info: what an image, a run folder or a model file is."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cellseg.cli.flags import JsonFlag, SceneFlag
from cellseg.cli.progress import console
from cellseg.errors import InputError
from cellseg.images.fileformat import MICROSCOPES, format_of_file, is_model
from cellseg.images.omezarr.folder import images_inside, is_zarr, labels_of, read_ome
from cellseg.images.omezarr.remote import address_of


def info(path: Path, *, scene: SceneFlag = None, as_json: JsonFlag = False) -> int:
    """Say what an image file, an OME-Zarr folder, a run folder or a model is.

    Parameters
    ----------
    path
        The file or folder, or the name of a model that comes with cellseg.
    """
    found = _describe(path, scene)
    if as_json:
        sys.stdout.write(json.dumps(found, default=str, allow_nan=False) + "\n")
        return 0
    from rich.table import Table

    table = Table(show_header=False)
    for name, value in found.items():
        table.add_row(name, json.dumps(value, default=str) if isinstance(value, dict | list) else str(value))
    console(error=False).print(table)
    return 0


def _describe(path: Path, scene: str | None) -> dict[str, Any]:
    from cellseg.models.card import shipped_files
    from cellseg.models.exported.about import about_exported

    if address_of(path):
        return _image(path)
    if not path.exists() and not path.is_symlink():
        if str(path) in shipped_files():
            return _model(path)
        raise InputError("there is no such file or folder", "Check the path.", path=path)
    if is_zarr(path):
        return _zarr(path)
    if path.is_dir() or (path.is_file() and is_model(path)):
        return _model(path)
    exported = about_exported(path)
    if exported is not None:
        return exported
    return _microscope(path, scene) if format_of_file(path) in MICROSCOPES else _image(path, scene)


def _zarr(path: Path) -> dict[str, Any]:
    """An image with its labels, or a collection of images."""
    inside = [] if "multiscales" in read_ome(path) else list(images_inside(path))
    return {"kind": "collection", "images": inside} if inside else {**_image(path), "labels": labels_of(path)}


def _microscope(path: Path, scene: str | None) -> dict[str, Any]:
    """An image with the names of all scenes; of several, of which none is named, the names alone."""
    from cellseg.images.microscopes.image import scenes_of

    scenes = [one.name for one in scenes_of(path)]
    told = {"kind": "collection", "format": _format(path), "scenes": scenes}
    return told if scene is None and len(scenes) > 1 else {**_image(path, scene), "scenes": scenes}


def _format(path: Path) -> str:
    return "OME-Zarr" if path.is_dir() or address_of(path) else re.sub(r"^an? ", "", format_of_file(path))


def _image(path: Path, scene: str | None = None) -> dict[str, Any]:
    from cellseg.images.open import open_image

    source = open_image(path, scene=scene)
    return {
        "kind": "image",
        "format": _format(path),
        "planes": source.planes,
        "plane_axes": source.plane_axes,
        "plane_shape": list(source.plane_shape),
        "channels": source.channels,
        "channel_names": list(source.channel_names),
        "height": source.height,
        "width": source.width,
        "dtype": str(source.dtype),
        "pixel_size_um": source.pixel_size_um,
        "spacing_um": source.spacing_um,
        "stored_in_blocks_of": list(source.block),
    }


def _model(path: Path) -> dict[str, Any]:
    from cellseg.models.card import model_file, read_card

    file = model_file(path)
    return {"kind": "run" if file.parent == path else "model", "file": str(file), **asdict(read_card(file))}
