"""Files of layers: one that shows the same as a layer, or a new one for a layer that none shows.

The pixels decide, not the size: a layer that was filtered keeps its file's name and size. Contrast, colours and names
of layers do not count.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotation import notes_on
from napari_cellseg.pixels.chunked import is_untouched
from napari_cellseg.pixels.lazy import LazyPixels

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource

WHOLE = 256 << 20
"""Bytes up to which an array that is not in memory is compared as a whole; samples of a larger one."""
_BAND = 1024
"""Rows that are compared at once."""
SAMPLE, _PLACES, SHEETS = 256, 3, 5
"""Side of a sample, samples along each side of a sheet, and sheets that are sampled."""

_AXES = {2: "YX", 3: "ZYX", 4: "TZYX"}
"""Axes of layers without colours, by their number."""

Region = tuple[int, slice, slice]
"""Number of a sheet (H, W), rows and columns."""


def whole_of(layer: Any) -> Any:
    """The pixels of a layer in full resolution."""
    return layer.data[0] if layer.multiscale else layer.data


def pixel_sizes_um(layer: Any) -> tuple[tuple[float, float] | None, float | None]:
    """Height and width of a pixel and the distance of planes in micrometres, where the layer's units say so."""
    *lead, height, width = map(_in_um, layer.scale, layer.units)
    across = (height, width) if height and width else None
    return across, lead[-1] or None if lead else None


def _in_um(size: float, unit: Any) -> float:
    """A length in micrometres, 0 where the unit is none of length."""
    try:
        return float((size * unit).to("micrometer").magnitude)
    except Exception:  # pint's errors for units that are no lengths, such as pixels
        return 0.0


def axes_of_layer(layer: Any) -> str:
    """Axes of a layer without colours, such as TYX, where its notes or the names of its axes say; else empty."""
    ndim = int(layer.ndim)
    noted, named = notes_on(layer).get("axes"), "".join(layer.axis_labels).upper()
    known = ("" if noted is None else f"{noted}YX", named if set(named) <= set("TCZYX") else "")
    return next((axes for axes in known if len(axes) == ndim == len(set(axes)) and axes.endswith("YX")), "")


def named_file(layer: Any) -> str | None:
    """The file that a layer was read from, as far as it says."""
    return layer.source.path or notes_on(layer).get("file")


def file_that_shows(
    path: str | Path | None, data: Any, *, rgb: bool = False, axes: str = "", channel: bool = False
) -> Path | None:
    """The file of a layer if its pixels are those of the layer, else None.

    Args:
        path: what the layer says; may be of a kind that the library does not read.
        data: (..., H, W), or (..., H, W, C) with `rgb`.
        rgb: the last axis of the layer holds colours.
        axes: as for `cellseg.open_image`; empty = as the file says.
        channel: a layer of one channel counts as well; else it has all those of the file.
    """
    if not path or not Path(path).exists():
        return None
    with suppress(cellseg.InputError, OSError):  # what cannot be read shows nothing
        source = cellseg.open_image(path, axes=axes or None)
        if shows(source, data, rgb=rgb, channel=channel):
            return Path(path)
    return None


def shows(source: ImageSource, data: Any, *, rgb: bool = False, channel: bool = False) -> bool:
    """True if an image on disk has the pixels of a layer; see `file_that_shows`.

    Raises:
        InputError: the file is damaged.
    """
    layer = _Sheets(data, rgb)
    if (source.height, source.width, source.dtype) != (*layer.size, np.dtype(data.dtype).newbyteorder("=")):
        return False
    orders = list(_orders(source, layer.lead, channel or source.channels == 1))
    return any(_is_known(source, data) or _same(source, layer, order) for order in orders)


class _Sheets:
    """A layer as sheets (H, W) in C order over all its other axes."""

    def __init__(self, data: Any, rgb: bool) -> None:
        self._data, self._rgb = data, rgb
        shape = tuple(int(length) for length in data.shape)
        self.size = shape[-3:-1] if rgb else shape[-2:]
        self.lead = (*shape[:-3], shape[-1]) if rgb else shape[:-2]
        self.in_memory = isinstance(data, np.ndarray) and not isinstance(data, np.memmap)
        self.nbytes = math.prod(shape) * np.dtype(data.dtype).itemsize

    def read(self, region: Region) -> NDArray[Any]:
        number, rows, columns = region
        at = tuple(int(k) for k in np.unravel_index(number, self.lead)) if self.lead else ()
        index = (*at[:-1], rows, columns, at[-1]) if self._rgb else (*at, rows, columns)
        return np.asarray(self._data[index])

    def regions(self) -> Iterator[Region]:
        """All of a layer in bands, or samples where that would read too much."""
        count, (height, width) = math.prod(self.lead), self.size
        if self.in_memory or self.nbytes <= WHOLE:
            yield from product(range(count), _bands(height), [slice(0, width)])
            return
        numbers = sorted({*np.linspace(0, count - 1, SHEETS).astype(int).tolist()})
        yield from product(numbers, _spread(height), _spread(width))


def _bands(height: int) -> list[slice]:
    return [slice(top, min(top + _BAND, height)) for top in range(0, height, _BAND)]


def _spread(length: int) -> list[slice]:
    """Samples that are spread over a side."""
    side = min(SAMPLE, length)
    starts = sorted({*np.linspace(0, length - side, _PLACES).astype(int).tolist()})
    return [slice(start, start + side) for start in starts]


def _is_known(source: ImageSource, data: Any) -> bool:
    """True if the array itself says that it is read from this file, so that nothing need be compared."""
    if isinstance(data, LazyPixels):
        return data.file is not None and source.path is not None and data.file.samefile(source.path)
    return is_untouched(data, source)


def _orders(source: ImageSource, lead: tuple[int, ...], one_channel: bool) -> Iterator[NDArray[np.intp]]:
    """Possible meanings of each sheet of a layer: plane times channels plus channel, (sheets,) for each arrangement."""
    numbers = np.arange(source.planes * source.channels).reshape(source.planes, source.channels)
    if math.prod(lead) == source.planes and one_channel:
        yield from numbers.T
    elif math.prod(lead) == numbers.size:
        for axis in np.flatnonzero(np.equal(lead, source.channels)).tolist():
            rest = (*lead[:axis], *lead[axis + 1 :])
            yield np.moveaxis(numbers.reshape(*rest, source.channels), -1, axis).ravel()


def _same(source: ImageSource, layer: _Sheets, order: NDArray[np.intp]) -> bool:
    for region in layer.regions():
        plane, channel = divmod(int(order[region[0]]), source.channels)
        on_disk = source.select([channel]).read(plane, *region[1:])[0]
        if not np.array_equal(on_disk, layer.read(region), equal_nan=on_disk.dtype.kind == "f"):
            return False
    return True


def guess_axes(ndim: int, *, rgb: bool, length: int = 0, channels: int = 1) -> str:
    """Axes of a layer that nobody named: TZYX, with S behind for colours.

    Args:
        ndim: axes of the layer's data.
        rgb: the last one holds colours.
        length: of the first axis; three axes are CYX where it is the number of channels that the model wants.
        channels: channels that the model wants.
    """
    if (ndim, rgb) == (3, False) and length == channels > 1:
        return "CYX"
    axes = _AXES.get(ndim - int(rgb))
    if axes is None:
        raise cellseg.InputError(f"the layer has {ndim} axes", "Segment an image, a stack, or a stack over time.")
    return f"{axes}S" if rgb else axes


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
    physical = _physical_sizes(pixel_size_um, spacing_um)
    with cellseg.complete_file(path) as temporary, tifffile.TiffWriter(temporary, bigtiff=True, ome=True) as tiff:
        tiff.write(
            _planes(data, _stored(data.dtype), 3 if axes.endswith("S") else 2),
            shape=data.shape,
            dtype=_stored(data.dtype),
            photometric="rgb" if axes.endswith("S") else "minisblack",
            metadata={"axes": axes, **physical},
        )
    return path


def _physical_sizes(pixel_size_um: tuple[float, float] | None, spacing_um: float | None) -> dict[str, float]:
    """Sizes that are known, by their names in OME-XML."""
    sizes = zip("ZYX", (spacing_um, *(pixel_size_um or (None, None))), strict=True)
    return {f"PhysicalSize{axis}": size for axis, size in sizes if size}


def _stored(dtype: Any) -> np.dtype[Any]:
    """A type that OME-TIFF knows and that holds the values."""
    others = {"bool": np.uint8, "float16": np.float32, "int64": np.float64, "uint64": np.float64}
    return np.dtype(others.get(np.dtype(dtype).name, dtype))


def _planes(data: Any, dtype: np.dtype[Any], kept: int) -> Iterator[Any]:
    lead = data.shape[: data.ndim - kept]
    for number in range(int(np.prod(lead))):
        index = np.unravel_index(number, lead) if lead else ()
        yield np.ascontiguousarray(np.asarray(data[tuple(int(k) for k in index)]), dtype)
