"""NumPy files and archives without pickles: opening one runs no code."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.source import ImageSource, array_source

LIKELY = ("labels", "label", "masks", "mask", "instances", "segmentation", "y")


def open_npz(path: Path) -> ImageSource:
    """The label array of a file or of an archive: its only one, or that of a usual name.

    Raises:
        InputError: it is damaged, holds pickles, or several arrays that may be meant.
    """
    array = the_array(_arrays(path), path)
    if array.dtype.kind not in "biuf" or array.ndim not in (2, 3):
        found = f"holds an array of {array.dtype} and shape {array.shape}"
        raise InputError(found, "Labels are numbers, (H, W) or (Z, H, W).", path=path)
    return replace(array_source(array, axes="ZYX"[-array.ndim :], name=path.name), path=path)


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
        if path.suffix.lower() == ".npy":
            return {path.stem: np.load(path, allow_pickle=False)}
        with np.load(path, allow_pickle=False) as file:
            named = [name for name in LIKELY if name in file.files][:1] or file.files
            return {name: file[name] for name in named}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        pickled = "pickle" in str(error).lower()
        reason = "holds Python objects, which would run code when opened" if pickled else f"cannot be read ({error})"
        raise InputError(reason, "Save it as an array of numbers with numpy.savez.", path=path) from error
