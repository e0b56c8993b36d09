"""All that the tiles in a journal depend on: the model, the image and the options that they were made with."""

from __future__ import annotations

import hashlib
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.images.source import ImageSource
from cellseg.inference.scope import changed
from cellseg.inference.seen import SeenImage
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions


def journal_key(seen: SeenImage, without: AbstractSet[str]) -> dict[str, Any]:
    """The key of a journal; `without` names the options on which its tiles do not depend, all others count."""
    return key_of(seen.trained, seen.own, seen.asked, without)


def key_of(trained: TrainedModel, own: ImageSource, asked: PredictOptions, without: AbstractSet[str]) -> dict[str, Any]:
    """The same before anything was measured: of the model, pruned, the image itself and the options as given."""
    options = {name: value for name, value in changed(asked).items() if name not in without}
    return {"model": trained.digest, "image": fingerprint(own), "options": options}


def fingerprint(source: ImageSource) -> dict[str, Any]:
    """Marks that tell one image from another without reading all of it: sizes, file time, three rows of pixels."""
    found = hashlib.sha256()
    for row in sorted({0, source.height // 2, source.height - 1}):
        found.update(np.ascontiguousarray(source.read(0, slice(row, row + 1))).tobytes())
    stats = [file.stat() for file in _files(source.path)]
    return {
        "shape": [source.planes, source.channels, source.height, source.width],
        "files": len(stats),
        "bytes": sum(stat.st_size for stat in stats),
        "changed": max((stat.st_mtime_ns for stat in stats), default=0),
        "rows": found.hexdigest(),
    }


def _files(path: Path | None) -> list[Path]:
    """The file of an image, or those of an OME-Zarr folder."""
    if path is None:
        return []
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
