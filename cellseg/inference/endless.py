"""Predictions that would never end, or whose result no disk holds: refused before anything is measured or planned."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from pathlib import Path

from cellseg.arrays import Shape
from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.inference.store import Layer
from cellseg.wording import duration, size_of

MOST_TILES = 2**22
"""Tiles of a prediction: they are planned in memory, and each takes a second."""
TILE = 1024
"""Side in pixels of the tiles that are counted; none is larger by itself."""
PIXELS_A_SECOND = 1e7
"""Fast as no processor is; for words on how long it would take at least."""
FILE_BYTES = 4096
"""Least that a finished tile takes on a disk, however much it is compressed."""
REMEDY = "Predict parts of it: cut them out, or name an image of a lower resolution."


def refuse_endless(source: ImageSource, size: Shape, side: int | None) -> None:
    """InputError for an image of more tiles than can be planned.

    Args:
        source: the image.
        size: height and width of a plane as the network sees it.
        side: longest side of a tile that is asked for; None: automatic.
    """
    across = [-(-length // (side or TILE)) for length in size]
    if source.planes * math.prod(across) > MOST_TILES:
        pixels = source.planes * math.prod(size)
        words = f"{source.planes} x {size[0]} x {size[1]}" if source.planes > 1 else f"{size[0]} x {size[1]}"
        least = f"take {duration(pixels / PIXELS_A_SECOND)} at least, and its result {size_of(pixels)}"
        found = f"is {words} pixels to the network, in {source.planes * math.prod(across):.2g} tiles: it would {least}"
        raise InputError(found, REMEDY, path=source.origin)


def refuse_beyond_disk(source: ImageSource, layers: Sequence[Layer], tile: Shape, folder: Path) -> None:
    """InputError where the finished tiles take more than is free on the disk of a folder, even at their smallest.

    Floats hardly shrink; of classes it is known only that each tile is a file.
    """
    free = shutil.disk_usage(_there(folder)).free
    needed = sum(_least_bytes(layer, tile) for layer in layers)
    if needed > free:
        found = f"needs at least {size_of(needed)} on the disk of {folder}, of which {size_of(free)} are free"
        raise InputError(found, "Free space, or choose another place for --out.", path=source.origin)


def _least_bytes(layer: Layer, tile: Shape) -> int:
    planes, channels, *size = layer.shape
    tiles = planes * math.prod(-(-length // side) for length, side in zip(size, tile, strict=True))
    values = planes * channels * math.prod(size) * layer.dtype.itemsize if layer.dtype.kind == "f" else 0
    return max(tiles * FILE_BYTES, values)


def _there(folder: Path) -> Path:
    """The folder, or the nearest around it that is there already."""
    return next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
