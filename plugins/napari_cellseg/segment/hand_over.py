"""Pixels that are in no file are written as a TIFF first, plane by plane, so that the child can read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

import cellseg


def guess_axes(ndim: int, *, rgb: bool, length: int = 0, channels: int = 1) -> str:
    """What the axes of a layer mean, if nobody says: TZYX, with S behind for colours.

    Args:
        ndim: axes of the layer's data.
        rgb: the last one holds colours.
        length: of the first axis; three axes are CYX where it is the number of channels that the model wants.
        channels: channels that the model wants.
    """
    planes = ndim - 2 - int(rgb)
    if not 0 <= planes <= 2:
        raise cellseg.InputError(f"the layer has {ndim} axes", "Segment an image, a stack, or a stack over time.")
    if planes == 1 and not rgb and channels > 1 and length == channels:
        return "CYX"
    return ("", "Z", "TZ")[planes] + "YX" + ("S" if rgb else "")


def file_that_shows(path: str | None, axes: str, shape: tuple[int, ...]) -> Path | None:
    """The file of a layer where the library reads the same size from it, else None.

    Args:
        path: what the layer says; may be of a kind that the library does not read.
        axes: as for `cellseg.open_image`; empty = as the file says.
        shape: (..., H, W) of the layer, colours left out.
    """
    if not path or not Path(path).exists():
        return None
    try:
        source = cellseg.open_image(path, axes=axes or None)
    except cellseg.InputError:
        return None
    same = (source.height, source.width) == tuple(shape[-2:])
    count = int(np.prod(shape[:-2]))
    return Path(path) if same and count in (source.planes, source.planes * source.channels) else None


def write_pixels(
    path: Path, data: Any, axes: str, pixel_size_um: tuple[float, float] | None, spacing_um: float | None
) -> Path:
    """Write an array, also one that is not in memory, as an OME-TIFF; complete or not at all.

    Args:
        path: ends in .ome.tif.
        data: (..., H, W), or (..., H, W, 3) where the axes end in S.
        axes: one letter an axis.
        pixel_size_um: height and width of a pixel, where known.
        spacing_um: distance of planes, where known.

    Raises:
        InputError: it cannot be written.
    """
    sizes = {**dict(zip("YX", pixel_size_um or (), strict=False)), **({"Z": spacing_um} if spacing_um else {})}
    physical = {f"PhysicalSize{axis}": size for axis, size in sizes.items()}
    with cellseg.complete_file(path) as temporary, tifffile.TiffWriter(temporary, bigtiff=True, ome=True) as tiff:
        tiff.write(
            _planes(data, _stored(data.dtype), 3 if axes.endswith("S") else 2),
            shape=data.shape,
            dtype=_stored(data.dtype),
            photometric="rgb" if axes.endswith("S") else "minisblack",
            metadata={"axes": axes, **physical},
        )
    return path


def _stored(dtype: Any) -> np.dtype[Any]:
    """A type that OME-TIFF knows and that holds the values."""
    others = {"bool": np.uint8, "float16": np.float32, "int64": np.float64, "uint64": np.float64}
    return np.dtype(others.get(np.dtype(dtype).name, dtype))


def _planes(data: Any, dtype: np.dtype[Any], kept: int) -> Iterator[Any]:
    lead = data.shape[: data.ndim - kept]
    for number in range(int(np.prod(lead))):
        index = np.unravel_index(number, lead) if lead else ()
        yield np.ascontiguousarray(np.asarray(data[tuple(int(k) for k in index)]), dtype)
