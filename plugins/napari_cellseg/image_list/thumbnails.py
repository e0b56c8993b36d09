"""Thumbnails of images: small pictures by which people find them again."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

import cellseg
from cellseg.arrays import UInt8

SIDE = 48
"""Longest side of a thumbnail in pixels."""
_READ = 1536
"""Longest side of what is read of a plane: the middle of a larger one."""
_DARK, _BRIGHT = 1.0, 99.7
"""Percentiles of the grey values that become black and white."""
_COLOURS = 3
_LARGEST_BLOCK = 2**26
"""Pixels of what is decoded at once; nobody waits for a thumbnail of a file with larger blocks."""


def thumbnail(path: Path, axes: str = "") -> UInt8:
    """Small picture (h, w, 3) of the middle plane of an image; of a large plane its middle.

    Args:
        path: of the image.
        axes: to read it by; empty = as the file says.

    Raises:
        InputError: it cannot be read, or not soon.
    """
    source = cellseg.open_image(path, axes=axes or None)
    if math.prod(source.block) > _LARGEST_BLOCK:
        raise cellseg.InputError("is one block that is too large for a thumbnail", "Open it.", path=path)
    shown = source.select(range(min(source.channels, _COLOURS)))
    rows, columns = _middle(source.height), _middle(source.width)
    step = max(-(-(rows.stop - rows.start) // SIDE), -(-(columns.stop - columns.start) // SIDE), 1)
    return coloured(shown.read(source.planes // 2, rows, columns)[:, step // 2 :: step, step // 2 :: step])


def coloured(channels: Any) -> UInt8:
    """Picture (h, w, 3) of channels (C, h, w), each stretched by itself; one is grey, two are red and green."""
    stretched = [_stretched(np.asarray(channel, np.float32)) for channel in channels]
    if len(stretched) == 1:
        return np.repeat(stretched[0][..., None], _COLOURS, axis=-1)
    empty = [np.zeros_like(stretched[0])] * (_COLOURS - len(stretched))
    return np.stack([*stretched, *empty], axis=-1)


def _stretched(values: Any) -> UInt8:
    low, high = np.nanpercentile(values, (_DARK, _BRIGHT))
    part = (np.nan_to_num(values, nan=low) - low) / (high - low if high > low else 1)
    return (255 * np.clip(part, 0, 1)).astype(np.uint8)


def _middle(length: int) -> slice:
    start = max((length - _READ) // 2, 0)
    return slice(start, min(start + _READ, length))
