"""An image as the rest of the program sees it: planes of channels, read region by region."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.axes import parse_axes, plane_axes, sheet_numbers, sizes_of


class Pixels(Protocol):
    """Two-dimensional sheets of one size and type, numbered from 0."""

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of the pieces in which sheets are stored; whole ones are read at the least cost."""
        ...

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        """A region (h, w) of one sheet, in native byte order; both slices have a start and a stop."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ImageSource:
    """Planes (C, height, width) of an image, of which any region can be read alone.

    It holds no file open, may be read from several threads, and needs no closing.
    """

    name: str
    """What messages call it."""
    path: Path | None
    """The file it comes from."""
    plane_axes: str
    """Axes that count planes, slowest first, such as TZ; empty for a single plane."""
    plane_shape: tuple[int, ...]
    """Their lengths."""
    channel_names: tuple[str, ...]
    height: int
    width: int
    dtype: np.dtype[Any]
    pixel_size_um: tuple[float, float] | None
    """Height and width of a pixel in micrometres."""
    spacing_um: float | None
    """Distance of neighbouring Z planes in micrometres."""
    pixels: Pixels
    sheets: NDArray[np.intp]
    """(planes, channels) number of the sheet in `pixels`."""

    @property
    def planes(self) -> int:
        """Number of planes."""
        return len(self.sheets)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.sheets.shape[1])

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of the pieces in which it is stored, at most those of the image."""
        high, wide = self.pixels.block
        return min(high, self.height), min(wide, self.width)

    def read(self, plane: int, rows: slice | None = None, columns: slice | None = None) -> NDArray[Any]:
        """Read a region of a plane.

        Args:
            plane: number of the plane, in C order over `plane_axes`.
            rows: rows to read; all by default.
            columns: columns to read; all by default.

        Returns:
            (C, h, w) of the image's own type, in native byte order.

        Raises:
            InputError: the file is damaged there.
        """
        region = _whole(rows, self.height), _whole(columns, self.width)
        return np.stack([self.pixels.read(int(sheet), *region) for sheet in self.sheets[plane]])

    def select(self, channels: Sequence[int]) -> ImageSource:
        """The same image with these channels only, in this order."""
        names = tuple(self.channel_names[channel] for channel in channels)
        return replace(self, sheets=self.sheets[:, list(channels)], channel_names=names)

    def channel_number(self, channel: int | str) -> int:
        """Number of the channel with this name, else with this number.

        Raises:
            InputError: no such channel; the message lists those there are.
        """
        lowered = [name.casefold() for name in self.channel_names]
        text = str(channel)
        if text.casefold() in lowered:
            return lowered.index(text.casefold())
        if text.isdecimal() and int(text) < self.channels:
            return int(text)
        known = ", ".join(f"{number} ({name})" for number, name in enumerate(self.channel_names))
        raise InputError(f"there is no channel {channel!r}", f"It has: {known}.", path=self.path or self.name)


@dataclass(frozen=True, slots=True, eq=False)
class _ArrayPixels:
    """Sheets of an array whose last two axes are Y and X."""

    array: NDArray[Any]

    @property
    def block(self) -> tuple[int, int]:
        return 1, self.array.shape[-1]

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        at = tuple(int(k) for k in np.unravel_index(sheet, self.array.shape[:-2]))
        region = self.array[at][rows, columns]
        return np.array(region, dtype=region.dtype.newbyteorder("="))


@dataclass(frozen=True, slots=True)
class Physical:
    """Pixel sizes of a file in micrometres."""

    pixel_size_um: tuple[float, float] | None = None
    """Height and width of a pixel."""
    spacing_um: float | None = None
    """Distance of planes."""
    channel_names: tuple[str, ...] = ()


def make_source(
    pixels: Pixels,
    axes: str,
    shape: Sequence[int],
    dtype: np.dtype[Any],
    *,
    name: str,
    path: Path | None = None,
    physical: Physical = Physical(),
) -> ImageSource:
    """An image from sheets in C order over all axes but Y and X; plane axes of length 1 are dropped."""
    sheets = sheet_numbers(axes, shape)
    counted = plane_axes(axes)
    lengths = sizes_of(counted, axes, shape)
    height, width = (shape[axes.index(axis)] for axis in "YX")
    numbered = tuple(map(str, range(sheets.shape[1])))
    size, spacing, names = physical.pixel_size_um, physical.spacing_um, physical.channel_names
    return ImageSource(
        name=name,
        path=path,
        plane_axes="".join(axis for axis, size in zip(counted, lengths, strict=True) if size > 1),
        plane_shape=tuple(size for size in lengths if size > 1),
        channel_names=names if len(names) == len(numbered) else numbered,
        height=height,
        width=width,
        dtype=dtype,
        pixel_size_um=size if size and all(map(_is_length, size)) else None,
        spacing_um=spacing if spacing and _is_length(spacing) else None,
        pixels=pixels,
        sheets=sheets,
    )


def _is_length(value: float) -> bool:
    return math.isfinite(value) and value > 0


def array_source(array: NDArray[Any], *, axes: str | None = None, name: str = "array") -> ImageSource:
    """Wrap an array in memory as an image; it is not copied.

    Args:
        array: (H, W), (Z, H, W), or any shape that `axes` names; numbers or bool.
        axes: its axes in any order, such as TCYX or YXS.
        name: what messages call it.

    Raises:
        InputError: an empty array, axes that do not fit, or an array of unknown axes.
    """
    array = np.asarray(array).view(np.uint8) if array.dtype == bool else np.asarray(array)
    if axes is None:
        array = array[..., 0] if array.ndim == 3 and array.shape[2] == 1 < min(array.shape[:2]) else array
        axes = {2: "YX", 3: "ZYX"}.get(array.ndim, "")
        if not axes or (array.ndim == 3 and array.shape[2] in (3, 4) and array.shape[1] > 4):
            raise InputError(
                f"{name} has shape {array.shape}", "Say what its axes are: axes='YXS' for RGB, for instance."
            )
    axes = parse_axes(axes)
    if len(axes) != array.ndim or array.size == 0:
        raise InputError(f"{name} has shape {array.shape}, which does not fit the axes {axes}", "Name one axis each.")
    order = sorted(range(array.ndim), key=lambda k, axes=axes: (axes[k] in "YX", axes[k] == "X"))  # type: ignore[misc]
    array = array.transpose(order)
    return make_source(
        _ArrayPixels(array), "".join(axes[k] for k in order), array.shape, array.dtype.newbyteorder("="), name=name
    )


def _whole(part: slice | None, length: int) -> slice:
    start, stop, step = (part or slice(None)).indices(length)
    assert step == 1
    assert start < stop, f"empty region {part} of {length}"
    return slice(start, stop)
