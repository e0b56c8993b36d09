"""NumPy's files as image sources: mapped, so that any region can be read alone; pickles are never opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Shape
from cellseg.errors import InputError, reason_of
from cellseg.images.axes import leading_axes, parse_axes
from cellseg.images.palette import PaletteRule
from cellseg.images.samples import RGB_NAMES, channels_among, without_alpha
from cellseg.images.source import ImageSource, make_source

FEWEST_COLUMNS = 5
"""Narrower arrays of three axes may be volumes whose width is 3 or 4."""


@dataclass(frozen=True, slots=True, eq=False)
class NpyPixels:
    """Sheets of an array in a file, which is mapped anew for each region."""

    path: Path
    order: tuple[int, ...]
    """Axes of the array, Y and X last."""
    width: int

    @property
    def block(self) -> Shape:
        """Single rows: nothing has to be decoded."""
        return 1, self.width

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        array = _mapped(self.path).transpose(self.order)
        at = tuple(int(k) for k in np.unravel_index(sheet, array.shape[:-2]))
        return np.array(array[at][rows, columns], dtype=_given_out(array.dtype), subok=False)


def open_npy(
    path: str | Path, *, axes: str | None = None, channel: int | str | None = None, palette: PaletteRule = "lookup"
) -> ImageSource:
    """Open an array of two to four axes: (H, W), (Z, H, W), colours (H, W, 3) or (H, W, 4), or what `axes` names.

    Args:
        path: a .npy file.
        axes: its axes in its own order; needed for more than three, unless colours are the last.
        channel: take only this channel, by number from 0 or by name.
        palette: without a meaning here.

    Raises:
        InputError: pickled objects, values that are no numbers, a file cut off, unknown axes, or no such channel.
    """
    path = Path(path)
    array = _mapped(path)
    if array.dtype.kind not in "biuf" or array.size == 0:
        found = f"holds {array.dtype} of shape {array.shape}"
        raise InputError(found, "Images are arrays of integers or floats.", path=path)
    names = _axes_of(array.shape, axes, path)
    ordered = f"{leading_axes(names)}YX"
    order = tuple(names.index(axis) for axis in ordered)
    shape = tuple(array.shape[k] for k in order)
    source = make_source(
        NpyPixels(path, order, shape[-1]), ordered, shape, _given_out(array.dtype), name=path.name, path=path
    )
    samples = channels_among(shape[ordered.index("S")], 3, RGB_NAMES, ()) if _is_coloured(ordered, shape) else None
    return (without_alpha(source, samples, ordered, shape) if samples else source).only(channel)


def _is_coloured(axes: str, shape: tuple[int, ...]) -> bool:
    return "S" in axes and shape[axes.index("S")] in (3, 4)


def _given_out(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The type in native byte order; bool as 0 and 1 of uint8."""
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")


def _mapped(path: Path) -> Array:
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged header makes numpy fail in many ways
        if "pickle" in str(error).lower() or "Python object" in str(error):
            raise _pickled(path) from error
        raise InputError(
            f"cannot be read ({reason_of(error)})", "It is cut off or damaged; save it again.", path=path
        ) from error
    return array


def _pickled(path: Path) -> InputError:
    found = "holds Python objects (a pickle), and opening those would run code"
    remedy = "Save the array of numbers alone: numpy.save('image.npy', array)."
    return InputError(found, remedy, path=path)


def _axes_of(shape: tuple[int, ...], axes: str | None, path: Path) -> str:
    names = parse_axes(axes) if axes else _usual_axes(shape)
    if len(names) != len(shape) or not 2 <= len(shape) <= 4:
        found = f"holds an array of shape {shape}, which does not fit the axes {axes}" if axes else _unknown(shape)
        raise InputError(found, "Name one axis each: --axes ZCYX, for instance, of two to four axes.", path=path)
    return names


def _unknown(shape: tuple[int, ...]) -> str:
    return f"holds an array of shape {shape}, which does not say what its axes are"


def _usual_axes(shape: tuple[int, ...]) -> str:
    """Axes of an array that says nothing of them; empty where several are as likely."""
    colours = len(shape) > 2 and shape[-1] in (3, 4) and min(shape[-3:-1]) >= FEWEST_COLUMNS
    one_channel = len(shape) > 2 and shape[-1] == 1 < min(shape[:-1])  # as networks take images
    if colours or one_channel:
        return {3: "YXS", 4: "ZYXS"}.get(len(shape), "")
    return {2: "YX", 3: "ZYX"}.get(len(shape), "")
