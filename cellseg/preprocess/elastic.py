"""Elastic deformation: a smooth field of random displacements, and images read along it.

Ronneberger, Fischer, Brox 2015, section 3.1: random displacement vectors on a coarse 3 by 3 grid,
Gaussian with a standard deviation of 10 pixels, bicubic interpolation between them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.errors import InputError
from cellseg.preprocess.resample import nearest_index, sample, spline_coefficients


def displacement_field(
    shape: tuple[int, int], rng: np.random.Generator, grid: tuple[int, int] = (3, 3), std: float = 10.0
) -> NDArray[np.float32]:
    """Cubic spline through random vectors at the corners, edge middles and centre of an image.

    Args:
        shape: (H, W) of the image.
        rng: where the vectors come from; the same state gives the same field.
        grid: vectors along y and x, evenly spread from edge to edge.
        std: standard deviation of each component in pixels.

    Returns:
        (2, H, W) float32, pixels, (dy, dx).

    Raises:
        InputError: a side or the grid is below 1, or `std` is negative.
    """
    if min(*shape, *grid) < 1 or not std >= 0:
        raise InputError(f"the field is {shape}, its grid {grid}, std {std}", "Sides must be 1 or more, std 0 or more.")
    vectors = rng.normal(0.0, std, (2, *grid))
    rows = (spline_basis(shape[0], grid[0]) @ vectors).astype(np.float32)
    columns = np.ascontiguousarray(spline_basis(shape[1], grid[1]).T, np.float32)
    field: NDArray[np.float32] = np.einsum("cyn,nx->cyx", rows, columns)  # no BLAS: its threads disturb the training's
    return field


@lru_cache(maxsize=64)
def spline_basis(length: int, nodes: int) -> NDArray[np.float64]:
    """(length, nodes): the cubic spline through `nodes` values spread over `length` pixels is this times the values.

    The spline is mirrored at its ends, as scipy.ndimage's map_coordinates(order=3, mode="mirror").
    """
    at = np.linspace(0, nodes - 1, length)[None]
    columns = [ndimage.map_coordinates(unit, at, order=3, mode="mirror") for unit in np.eye(nodes)]
    basis = np.stack(columns, axis=1)
    basis.flags.writeable = False
    return basis


def warp(image: NDArray[Any], field: NDArray[np.floating], order: int) -> NDArray[Any]:
    """Read an image at (y + dy, x + dx); mirrored outside.

    Args:
        image: (H, W) or (C, H, W), any integer, bool or float type.
        field: (2, H, W), pixels, (dy, dx).
        order: 0 = nearest pixel (labels), 1 = linear, 3 = cubic spline.

    Returns:
        The shape and type of `image`; integers are rounded and kept within their type's limits.

    Raises:
        InputError: shapes or types do not fit, the field is not finite, or the order is unknown.
    """
    _check(image, field, order)
    height, width = image.shape[-2:]
    coordinates = np.asarray(field, np.float32).copy()
    coordinates[0] += np.arange(height, dtype=np.float32)[:, None]
    coordinates[1] += np.arange(width, dtype=np.float32)
    planes = image.reshape(-1, height, width)
    if order == 0:
        flat = planes.reshape(len(planes), -1)
        return flat[:, nearest_index(coordinates, (height, width))].reshape(image.shape)
    values = planes.astype(_float_type(image.dtype))
    values = sample(spline_coefficients(values) if order == 3 else values, coordinates, order)
    return _as_type(values, image.dtype).reshape(image.shape)


def _check(image: NDArray[Any], field: NDArray[np.floating], order: int) -> None:
    if image.ndim not in (2, 3) or image.dtype.kind not in "buif":
        raise InputError(f"the image is {image.dtype} {image.shape}", "Numbers as (H, W) or (C, H, W) are wanted.")
    if field.shape != (2, *image.shape[-2:]):
        raise InputError(f"the field is {field.shape}", f"An image of {image.shape} needs (2, H, W) of the same sides.")
    if not np.isfinite(field).all():
        raise InputError("the field is not finite", "Remove NaN and infinity from it.")
    if order not in (0, 1, 3):
        raise InputError(f"the order is {order}", "It must be 0 (nearest), 1 (linear) or 3 (cubic).")


def _float_type(dtype: np.dtype[Any]) -> type[np.floating]:
    """float32 where it holds every value of `dtype`, else float64."""
    return np.float32 if np.can_cast(dtype, np.float32) else np.float64


def _as_type(values: NDArray[np.floating], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    rounded: NDArray[Any] = np.clip(np.rint(values), low, high).astype(dtype)
    return rounded
