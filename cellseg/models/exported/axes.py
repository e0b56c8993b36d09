"""Axes of another program's tensors: in which order they are, and which image sizes and margins they allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from torch import Tensor

from cellseg.errors import InputError
from cellseg.models.geometry import Geometry

AxisRole = Literal["batch", "channel", "y", "x", "one"]
"""Meaning of an axis; `one` has the length 1."""
OURS: tuple[AxisRole, ...] = ("batch", "channel", "y", "x")
ELSEWHERE = "Run it in the program that it was made for."
USUAL_HALO = 32
"""Pixels a side that are not believed where a package names no halo: there the network sees the edge of its tile."""
UNIT = 16
"""Offsets of windows of one fixed size are multiples of it where the size is: networks pool by 2, 4, 8 or 16."""
LARGEST_UNIT = 64
"""Steps of legal sizes up to which the margin is a multiple of the step, so that pooling begins where it does without
tiles."""


@dataclass(frozen=True, slots=True)
class AxisSizes:
    """Legal sizes along one axis of an image, and what the network makes of them, in pixels.

    Attributes:
        least: smallest size.
        step: least + step, ... are legal, too; 0 = no other is.
        lost: the output is so much shorter, on both sides together.
        halo: pixels a side of the output that are not to be believed; 0 = none are named.
    """

    least: int
    step: int
    lost: int
    halo: int


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of a fixed size into which a network's input is cut.

    Attributes:
        size: height and width of a window.
        kept: side of the square in the middle of its output that is taken.
        margin: pixels a side of the whole input around what is kept.
    """

    size: tuple[int, int]
    kept: int
    margin: int

    def start(self, axis: int) -> int:
        """Beginning of the first window along an axis."""
        return self.margin - (self.size[axis] - self.kept) // 2


def roles_of(axes: Sequence[Any], path: Path) -> tuple[AxisRole, ...]:
    """Meanings of the axes of a tensor. Raises InputError for one that an image in the plane has not."""
    places = [axis for axis in axes if axis.type == "space" and not _single(axis)]
    if len(places) != 2:
        found = f"has tensors with {len(places)} axes in space, {[str(axis.id) for axis in places]}"
        raise InputError(found, f"Only images in a plane (y, x) are predicted. {ELSEWHERE}", path=path)
    ids = [str(axis.id) for axis in places]
    of_places = dict(zip(ids, ids if set(ids) == {"y", "x"} else ["y", "x"], strict=True))
    roles = [of_places.get(str(axis.id)) or _role(axis, path) for axis in axes]
    return tuple(cast(AxisRole, role) for role in roles)


def _role(axis: Any, path: Path) -> AxisRole:
    if axis.type in ("batch", "channel"):
        return "batch" if axis.type == "batch" else "channel"
    if _single(axis):
        return "one"
    raise InputError(f"has tensors with an axis {axis.id}", f"It can only have the length 1. {ELSEWHERE}", path=path)


def _single(axis: Any) -> bool:
    """True for an axis that may have the length 1, or that of another one, and is none of the image's."""
    if axis.type in ("batch", "channel") or str(axis.id) in ("y", "x"):
        return False
    return hasattr(axis.size, "axis_id") or getattr(axis.size, "min", axis.size) == 1


def to_network(x: Tensor, roles: Sequence[AxisRole]) -> Tensor:
    """An image (1, C, H, W) with its axes as a network wants them."""
    kept = [role for role in OURS if role in roles]
    x = x.reshape([x.shape[OURS.index(role)] for role in kept])
    x = x.permute([kept.index(role) for role in roles if role != "one"])
    for place, role in enumerate(roles):
        x = x.unsqueeze(place) if role == "one" else x
    return x.contiguous()


def from_network(found: Tensor, roles: Sequence[AxisRole]) -> Tensor:
    """The image (1, K, H, W) in a network's output, whose axes are these."""
    shape = [length for length, role in zip(found.shape, roles, strict=True) if role != "one"]
    found, named = found.reshape(shape), [role for role in roles if role != "one"]
    found = found.permute([named.index(role) for role in OURS if role in named])
    for place, role in enumerate(OURS):
        found = found if role in named else found.unsqueeze(place)
    return found


def sizes_of(given: Any, told: Any, tensor: str, path: Path) -> AxisSizes:
    """Sizes along an axis of the input, and of the output.

    Raises InputError where they depend on other axes, or the output is not of the size of the image.
    """
    least, step = _least_and_step(given, path)
    size = told.size
    if isinstance(size, int) and not step:
        return _checked(AxisSizes(least, step, least - size, getattr(told, "halo", 0)), given, path)
    refers = hasattr(size, "axis_id") and (str(size.tensor_id), size.axis_id) == (tensor, given.id)
    if not refers or told.scale != given.scale:
        raise _no_tiles(f"an output whose axis {told.id} is not as long as that of the image", path)
    return _checked(AxisSizes(least, step, -int(size.offset), getattr(told, "halo", 0)), given, path)


def _least_and_step(axis: Any, path: Path) -> tuple[int, int]:
    if isinstance(axis.size, int):
        return axis.size, 0
    if not hasattr(axis.size, "step"):
        raise _no_tiles(f"an axis {axis.id} as long as another one", path)
    return axis.size.min, axis.size.step


def _checked(sizes: AxisSizes, axis: Any, path: Path) -> AxisSizes:
    if sizes.lost < 0 or sizes.lost % 2:
        raise _no_tiles(f"an output whose axis {axis.id} is {-sizes.lost} pixels longer than that of the image", path)
    return sizes


def _no_tiles(what: str, path: Path) -> InputError:
    return InputError(f"cannot be tiled: it has {what}", ELSEWHERE, path=path)


def tiling_of(rows: AxisSizes, columns: AxisSizes, path: Path) -> tuple[Geometry, Windows | None]:
    """Sizes and margin of a network; where it takes one size only, the windows into which an input is cut.

    Raises InputError where no size suits both axes, or all of it is margin.
    """
    if rows.step and columns.step:
        return _free(rows, columns, path), None
    both = _fixed(rows, columns), _fixed(columns, rows)
    kept = min(axis.least - 2 * _margin(axis, UNIT if axis.least % UNIT == 0 else 1) for axis in both)
    if kept < 1:
        raise _no_tiles(f"inputs of {both[0].least} x {both[1].least} pixels, which are all margin", path)
    margin = max(axis.least - kept - (axis.least - kept) // 2 for axis in both)
    windows = Windows((both[0].least, both[1].least), kept, margin)
    return Geometry(kept + 2 * margin, kept, margin, margin, True), windows


def _fixed(axis: AxisSizes, other: AxisSizes) -> AxisSizes:
    """The axis with one size: of several that are legal the first that is no smaller than the other axis."""
    if not axis.step:
        return axis
    more = -(-max(other.least - axis.least, 0) // axis.step) * axis.step
    return AxisSizes(axis.least + more, 0, axis.lost, axis.halo)


def _free(rows: AxisSizes, columns: AxisSizes, path: Path) -> Geometry:
    stride = math.lcm(rows.step, columns.step)
    unit = stride if stride <= LARGEST_UNIT else 1
    margin = max(_margin(rows, unit), _margin(columns, unit))
    first = max(rows.least, columns.least, 2 * margin + 1)
    legal = (
        size
        for size in range(first, first + stride)
        if (size - rows.least) % rows.step == 0 == (size - columns.least) % columns.step
    )
    smallest = next(legal, None)
    if smallest is None:
        raise _no_tiles(f"heights of {rows.least} + n x {rows.step} and widths of others", path)
    return Geometry(smallest, stride, margin, margin, True)


def _margin(axis: AxisSizes, unit: int) -> int:
    """Pixels a side that are taken away, a multiple of the unit."""
    named = axis.lost // 2 + axis.halo
    usual = USUAL_HALO if axis.step else min(USUAL_HALO, axis.least // 4)
    return -(-(named or usual) // unit) * unit
