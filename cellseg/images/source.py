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
from cellseg.images.axes import kept_axes, leading_axes, parse_axes, plane_axes, sheet_numbers
from cellseg.memory import refuse_beyond_memory


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
            InputError: the file is damaged there, or the region does not fit into memory.
        """
        region = _whole(rows, self.height), _whole(columns, self.width)
        self._refuse_beyond_memory(*region)
        return np.stack([self.pixels.read(int(sheet), *region) for sheet in self.sheets[plane]])

    def _refuse_beyond_memory(self, rows: slice, columns: slice) -> None:
        size = rows.stop - rows.start, columns.stop - columns.start
        found = f"{size[0]} x {size[1]} pixels are to be read at once"
        refuse_beyond_memory(
            math.prod(size) * self.channels * self.dtype.itemsize, found, "Cut smaller parts out of it.", self.origin
        )

    def select(self, channels: Sequence[int]) -> ImageSource:
        """The same image with these channels only, in this order."""
        names = tuple(self.channel_names[channel] for channel in channels)
        return replace(self, sheets=self.sheets[:, list(channels)], channel_names=names)

    def in_order_of(self, other: ImageSource) -> ImageSource:
        """The same planes, counted in the order of another image with the same axes, such as ZT and TZ."""
        return self.counted_along(other.plane_axes)

    def counted_along(self, axes: str) -> ImageSource:
        """The same planes, counted along these axes where they are its own in another order."""
        if axes == self.plane_axes or sorted(axes) != sorted(self.plane_axes) or len({*axes}) < len(axes):
            return self
        numbers = np.arange(self.planes).reshape(self.plane_shape)
        turned = numbers.transpose([self.plane_axes.index(axis) for axis in axes])
        return replace(self, plane_axes=axes, plane_shape=turned.shape, sheets=self.sheets[turned.ravel()])

    def has_planes_of(self, other: ImageSource) -> bool:
        """True if both have as many planes, and along each axis where they name the same ones."""
        named = sorted(self.plane_axes) == sorted(other.plane_axes)
        mine, theirs = (sorted(zip(one.plane_axes, one.plane_shape, strict=True)) for one in (self, other))
        return self.planes == other.planes and (not named or mine == theirs)

    @property
    def planes_in_words(self) -> str:
        """The number of planes, with those along each axis where there are several: 6 (Z 3, T 2)."""
        each = ", ".join(f"{axis} {n}" for axis, n in zip(self.plane_axes, self.plane_shape, strict=True))
        return f"{self.planes}" + (f" ({each})" if len(self.plane_shape) > 1 else "")

    def only(self, channel: int | str | None) -> ImageSource:
        """The same image with the channel of this name or number; with all of them for None.

        Raises:
            InputError: no such channel.
        """
        return self if channel is None else self.select([self.channel_number(channel)])

    @property
    def origin(self) -> Path | str:
        """The file it comes from, else its name: what an error points at."""
        return self.path or self.name

    def channel_number(self, channel: int | str) -> int:
        """Number of the channel with this name, in small letters or large ones, else with this number.

        Raises:
            InputError: no such channel, or several of this name; the message lists those there are.
        """
        text = str(channel)
        named = self._numbers_of(text)
        if len(named) == 1:
            return named[0]
        if text.isdecimal() and int(text) < self.channels:
            return int(text)
        known = ", ".join(f"{number} ({name})" for number, name in enumerate(self.channel_names))
        if named:
            found, numbers = f"{len(named)} channels are called {channel!r}", " or ".join(map(str, named))
            raise InputError(found, f"Give the number, {numbers}, of: {known}.", path=self.origin)
        raise InputError(f"there is no channel {channel!r}", f"It has: {known}.", path=self.origin)

    def _numbers_of(self, name: str) -> list[int]:
        """Numbers of the channels of this name; where there is none, of those that differ from it in case alone."""
        folded = [k for k, known in enumerate(self.channel_names) if known.casefold() == name.casefold()]
        return [k for k in folded if self.channel_names[k] == name] or folded


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

    def names_of(self, channels: int) -> tuple[str, ...]:
        """Names of so many channels: their numbers, where the file names fewer or more."""
        names = self.channel_names
        return names if len(names) == channels else tuple(map(str, range(channels)))

    def plausible(self) -> Physical:
        """The sizes without those that are not finite and positive."""
        size, spacing = self.pixel_size_um, self.spacing_um
        return Physical(
            size if size and all(map(_is_length, size)) else None,
            spacing if spacing and _is_length(spacing) else None,
            self.channel_names,
        )


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
    counted, lengths = kept_axes(axes, shape, lambda axis, length: axis in plane_axes(axes) and length > 1)
    plausible = physical.plausible()
    return ImageSource(
        name=name,
        path=path,
        plane_axes=counted,
        plane_shape=lengths,
        channel_names=physical.names_of(sheets.shape[1]),
        height=shape[axes.index("Y")],
        width=shape[axes.index("X")],
        dtype=dtype,
        pixel_size_um=plausible.pixel_size_um,
        spacing_um=plausible.spacing_um,
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
        array = _without_last_of_1(array)
        axes = _usual_axes(array, name)
    axes = parse_axes(axes)
    if len(axes) != array.ndim or array.size == 0:
        raise InputError(f"{name} has shape {array.shape}, which does not fit the axes {axes}", "Name one axis each.")
    ordered = f"{leading_axes(axes)}YX"
    array = array.transpose([axes.index(axis) for axis in ordered])
    return make_source(_ArrayPixels(array), ordered, array.shape, array.dtype.newbyteorder("="), name=name)


def _without_last_of_1(array: NDArray[Any]) -> NDArray[Any]:
    """(H, W) for (H, W, 1), as other programs give a single channel."""
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 < min(array.shape[:2]) else array


def _usual_axes(array: NDArray[Any], name: str) -> str:
    """YX or ZYX; colours at the end, and more axes, have to be named."""
    axes = {2: "YX", 3: "ZYX"}.get(array.ndim, "")
    coloured = array.ndim == 3 and array.shape[2] in (3, 4) and array.shape[1] > 4
    if not axes or coloured:
        raise InputError(f"{name} has shape {array.shape}", "Say what its axes are: axes='YXS' for RGB, for instance.")
    return axes


def _whole(part: slice | None, length: int) -> slice:
    start, stop, step = (part or slice(None)).indices(length)
    assert step == 1
    assert start < stop, f"empty region {part} of {length}"
    return slice(start, stop)
