"""NumPy files and archives without pickles: opening one runs no code."""

from __future__ import annotations

import math
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError, reason_of
from cellseg.images.fileformat import NUMPY, format_of_file
from cellseg.images.source import ImageSource, array_source
from cellseg.memory import refuse_beyond_memory
from cellseg.unpacked import refuse_unpacked

REMEDY = "Save it as an array of numbers with numpy.savez."
SMALLER = "Save it as TIFF or OME-Zarr, which are read in parts."
LIKELY = ("labels", "label", "masks", "mask", "instances", "segmentation", "y")


def open_npz(path: Path) -> ImageSource:
    """The label array of a file or of an archive: its only one, or that of a usual name.

    Raises:
        InputError: it is damaged, holds pickles, or several arrays that may be meant.
    """
    array = _without_channel(the_array(_arrays(path), path))
    if array.dtype.kind not in "biuf" or array.ndim not in (2, 3):
        found = f"holds an array of {array.dtype} and shape {array.shape}"
        raise InputError(found, "Labels are numbers, (H, W) or (Z, H, W).", path=path)
    return replace(array_source(array, axes="ZYX"[-array.ndim :], name=path.name), path=path)


def _without_channel(array: Array) -> Array:
    """The array without a last axis of length 1: (H, W, 1) is a plane as networks take it, no H planes of W x 1."""
    return array[..., 0] if array.ndim > 2 and array.shape[-1] == 1 < min(array.shape[:-1]) else array


def the_array(arrays: Mapping[str, Array], path: Path) -> Array:
    """The array that holds labels.

    Raises:
        InputError: none, or several and none of them has a usual name.
    """
    named = [name for name in LIKELY if name in arrays]
    if not named and len(arrays) != 1:
        found = f"holds the arrays {', '.join(arrays) or 'none'}, none of which is called {' or '.join(LIKELY[:3])}"
        raise InputError(found, "Save the labels alone, or under the name labels.", path=path)
    return arrays[named[0]] if named else next(iter(arrays.values()))


def _arrays(path: Path) -> dict[str, Array]:
    try:
        return _of_npy(path) if format_of_file(path) == NUMPY else _of_npz(path)  # endings may lie
    except InputError:
        raise
    except Exception as error:  # a damaged header makes numpy fail in many ways
        pickled = any(word in str(error).lower() for word in ("pickle", "python object"))
        reason = "holds Python objects, which would run code when opened"
        raise InputError(reason if pickled else f"cannot be read ({reason_of(error)})", REMEDY, path=path) from error


def _of_npy(path: Path) -> dict[str, Array]:
    mapped: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    refuse_beyond_memory(mapped.nbytes, f"holds an array of shape {mapped.shape}", SMALLER, path)
    return {path.stem: np.array(mapped, subok=False)}


def _of_npz(path: Path) -> dict[str, Array]:
    """The arrays that may be meant, each of the size that its header says."""
    with zipfile.ZipFile(path) as archive:
        entries = {one.filename.removesuffix(".npy"): one for one in archive.infolist()}
        named = [name for name in LIKELY if name in entries][:1] or list(entries)
        for name in named:
            _refuse_size(archive, entries[name], path)
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in named}


def _refuse_size(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    """InputError where an array is too large, or ValueError where it cannot be as large as it says."""
    refuse_unpacked([entry], sys.maxsize, REMEDY, path)
    with archive.open(entry) as file:
        shape, dtype = _header(file)
    if math.prod(shape) * dtype.itemsize > entry.file_size:
        raise ValueError(f"{entry.filename} is cut off, its array has the shape {shape}")
    refuse_beyond_memory(entry.file_size, f"holds an array of shape {shape}", SMALLER, path)


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of an array by its header. Raises ValueError for anything else."""
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    shape, _, dtype = readers[version](file)
    return shape, dtype
