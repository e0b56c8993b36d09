"""Images and labels as Python gives them: paths, arrays in memory, or lists of either."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.axes import plane_axes
from cellseg.images.listing import Paths
from cellseg.images.source import ImageSource, array_source
from cellseg.labels.pairs import Pair, pairs_of

Given = Paths | Array | Sequence[Array]
"""A TIFF, a folder or a glob, or several of these; or an array (H, W) or (Z, H, W), or several of these."""
WANTED = "a path, an array (H, W) or (Z, H, W), or a list of either"


def is_array(given: object) -> bool:
    """True if it is an image in memory: of numpy, torch, dask, zarr, or anything with `__array__`."""
    return hasattr(given, "__array__") and not isinstance(given, (str, Path, np.generic))


def are_paths(given: object, name: str) -> TypeGuard[Paths]:
    """True if it names files; False for arrays. Raises TypeError for anything else, an empty or a mixed list."""
    if isinstance(given, (str, Path, Iterator)):
        return True
    if is_array(given):
        return False
    parts = list(given) if isinstance(given, Iterable) and not isinstance(given, (bytes, dict)) else [given]
    if parts and all(isinstance(part, (str, Path)) for part in parts):
        return True
    if parts and all(is_array(part) for part in parts):
        return False
    raise TypeError(f"{name} must be {WANTED}, not {_kind(given, parts)}")


def _kind(given: object, parts: Sequence[Any]) -> str:
    if parts == [given]:
        return type(given).__name__
    inside = " and ".join(sorted({type(part).__name__ for part in parts})) or "nothing"
    return f"a {type(given).__name__} of {inside}"


def arrays_in(given: Any, name: str) -> list[tuple[str, Array]]:
    """The arrays by the names that messages call them: name, or name[0], name[1], ..."""
    if is_array(given):
        return [(name, np.asarray(given))]
    return [(f"{name}[{k}]", np.asarray(part)) for k, part in enumerate(given)]


def array_pairs(images: Any, labels: Any, axes: str | None = None) -> list[Pair]:
    """Pair the planes of arrays with those of label arrays, in order.

    Args:
        images: (H, W), (Z, H, W) or, with `axes`, any shape; or several of these.
        labels: the same for the labels, without channels.
        axes: of the images, such as CYX or YXS.

    Raises:
        InputError: another number of arrays, other sizes, or axes that nobody named.
    """
    found, truth = arrays_in(images, "images"), arrays_in(labels, "labels")
    if len(found) != len(truth):
        raise InputError(f"there are {len(found)} images and {len(truth)} labels", "Give one label array an image.")
    label_axes = f"{plane_axes(axes.upper())}YX" if axes else None
    return pairs_of(
        (_source(image, axes, name), _source(label, label_axes, label_name))
        for (name, image), (label_name, label) in zip(found, truth, strict=True)
    )


def _source(array: Array, axes: str | None, name: str) -> ImageSource:
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold numbers, not {array.dtype}")
    return array_source(array, axes=axes, name=name)
