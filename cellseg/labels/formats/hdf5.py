"""HDF5 of ilastik and PlantSeg: one data set of a file, read region by region.

`FILE.h5/NAME` names a data set where a file has several.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError, reading
from cellseg.extras import wanted
from cellseg.images.axes import leading_axes
from cellseg.images.source import ImageSource, Physical, make_source
from cellseg.labels.formats.hdf5_heaps import refuse_endless_heaps
from cellseg.labels.formats.npz import LIKELY

SUFFIXES = (".h5", ".hdf5")
NAMES = (*LIKELY, "segmentation", "exported_data")
"""Names of data sets with labels, the likeliest first."""
AXES = {2: "YX", 3: "ZYX", 4: "ZYXC", 5: "TZYXC"}
"""Axes of a data set that does not say; those of ilastik end in C."""


@dataclass(frozen=True, slots=True, eq=False)
class Hdf5Pixels:
    """Sheets of a data set, in C order over all its axes but Y and X."""

    path: Path
    name: str
    axes: str
    shape: tuple[int, ...]
    block: tuple[int, int]
    dtype: np.dtype[Any]

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        leading = leading_axes(self.axes)
        lengths = [self.shape[self.axes.index(axis)] for axis in leading]
        at: dict[str, Any] = dict(zip(leading, map(int, np.unravel_index(sheet, lengths)), strict=True))
        at |= {"Y": rows, "X": columns}
        with _opened(self.path) as file:
            region = file[self.name][tuple(at[axis] for axis in self.axes)]
        turned = region.T if self.axes.index("X") < self.axes.index("Y") else region
        return np.ascontiguousarray(turned, self.dtype)


def parts_of(path: Path) -> tuple[Path, str] | None:
    """File and data set of `FILE.h5/NAME`; of a file alone the name is empty; None of anything else."""
    for file in (path, *path.parents):
        if file.suffix.lower() in SUFFIXES and file.is_file():
            return file, path.relative_to(file).as_posix().removeprefix(".")
    return None


def open_hdf5(path: Path, _: ImageSource | None = None) -> ImageSource:
    """Open the labels of a file.

    Raises:
        InputError: it is damaged, or has no such data set, or several that may be meant.
    """
    found = parts_of(path)
    assert found is not None
    file_path, inner = found
    with reading(file_path, "cannot be read", "The file is damaged."):
        refuse_endless_heaps(file_path)
    with _opened(file_path) as file:
        data = file[_chosen(_data_sets(file), inner, file_path)]
        axes, shape = _axes(data, file_path), tuple(map(int, data.shape))
        dtype, name = data.dtype.newbyteorder("="), str(data.name)
        pixels = Hdf5Pixels(file_path, name, axes, shape, _block(data, axes), dtype)
        physical = _physical(data)
    ordered = f"{leading_axes(axes)}YX"
    lengths = [shape[axes.index(axis)] for axis in ordered]
    return make_source(pixels, ordered, lengths, dtype, name=file_path.name, path=file_path, physical=physical)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with wanted("labels", "HDF5 files"):
        import h5py
    with reading(path, "cannot be read", "The file is damaged."), h5py.File(path, "r") as file:
        yield file


def _data_sets(file: Any) -> list[str]:
    """Names of all data sets of numbers that may be images."""
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if _is_image(item) else None)
    return found


def _is_image(item: Any) -> bool:
    return len(getattr(item, "shape", ())) in AXES and item.dtype.kind in "biuf"


def _chosen(names: Sequence[str], wanted_name: str, path: Path) -> str:
    """The data set that is meant: the one named, the only one, or one of a usual name."""
    listed = ", ".join(names) or "none"
    if wanted_name:
        if wanted_name not in names:
            raise InputError(f"has no data set {wanted_name}", f"It has: {listed}.", path=path)
        return wanted_name
    likely = [name for usual in NAMES for name in names if name.rpartition("/")[2].lower() == usual]
    if len(names) != 1 and not likely:
        found = f"has {len(names)} data sets ({listed})" if names else "has no data set of numbers"
        raise InputError(found, f"Name one: {path.name}/NAME.", path=path)
    return likely[0] if likely else names[0]


def _axes(data: Any, path: Path) -> str:
    """Axes of a data set, as ilastik notes them, else by their number; C of length 1 is a channel."""
    tags = data.attrs.get("axistags")
    if tags is not None:
        try:
            return "".join(axis["key"].upper() for axis in json.loads(tags)["axes"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"has axes that cannot be read ({error})", "Export it again.", path=path) from error
    usual = AXES[data.ndim]
    if data.ndim == 3 and data.shape[2] == 1 < min(data.shape[:2]):
        return "YXC"
    return "CZYX" if data.ndim == 4 and data.shape[0] == 1 else usual


def _block(data: Any, axes: str) -> tuple[int, int]:
    pieces: Sequence[int] = data.chunks or data.shape
    return int(pieces[axes.index("Y")]), int(pieces[axes.index("X")])


def _physical(data: Any) -> Physical:
    """Sizes in micrometres, as PlantSeg notes them."""
    sizes = [float(size) for size in np.ravel(data.attrs.get("element_size_um", ()))]
    return Physical((sizes[1], sizes[2]), sizes[0]) if len(sizes) == 3 else Physical()
