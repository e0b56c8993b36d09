"""Grey values by the standard steps of bioimage.io: what their descriptions are, and what they make of an image.

`mean` is their zero_mean_unit_variance. Levels of `contrast` are measured in small areas, for which there is no step:
they are written down as numbers where an image was given, else two percentiles stand for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cellseg.arrays import Float32, Float64
from cellseg.images.grey_values import SPAN
from cellseg.models.exported.note import ExportNote

LOW, HIGH = 1.0, 99.8
"""Percentiles that stand for the dark and the bright level; measured in docs/export.md."""
EPS = 1e-6
PLACE = ["y", "x"]


def steps(note: ExportNote) -> list[dict[str, Any]]:
    """Descriptions of the steps from pixels to the network's input."""
    first = {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}
    if note.gain:
        numbers = {"axis": "channel", "gain": list(note.gain), "offset": list(note.offset)}
        return [first, {"id": "scale_linear", "kwargs": numbers}]
    if not note.compresses:
        return [first, {"id": "zero_mean_unit_variance", "kwargs": {"axes": PLACE, "eps": EPS}}]
    percentiles = {"axes": PLACE, "min_percentile": LOW, "max_percentile": HIGH, "eps": EPS}
    spread = {"gain": SPAN, "offset": -SPAN / 2}
    return [first, {"id": "scale_range", "kwargs": percentiles}, {"id": "scale_linear", "kwargs": spread}]


def stepped(pixels: Float32, note: ExportNote) -> Float32:
    """Grey values that these steps make of an image (C, H, W)."""
    wide = pixels.astype(np.float64)
    if note.gain:
        gain, offset = (np.array(values)[:, None, None] for values in (note.gain, note.offset))
        linear: Float64 = wide * gain + offset
    elif not note.compresses:
        mean, std = (of(wide, axis=(1, 2), keepdims=True) for of in (np.mean, np.std))
        linear = (wide - mean) / (std + EPS)
    else:
        low, high = np.percentile(wide, (LOW, HIGH), axis=(1, 2), keepdims=True)
        linear = SPAN * (wide - low) / (high - low + EPS) - SPAN / 2
    return linear.astype(np.float32)
