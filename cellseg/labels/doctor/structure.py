"""Specks, holes and ids in several pieces: what is wrong with the shape of labels, and what the right shape is.

The check is a repair that is not written: what `mend` would change is what is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Int64
from cellseg.labels.doctor.pieces import PlanePieces, enclosed_by, find_pieces

Fault = Literal["speck", "hole", "split"]

SPECK = 4
"""Pixels; no cell of the public data sets is as small."""
SPECK_SHARE = 1 / 200
"""A speck is at most this part of a typical cell."""
HOLE_SHARE = 0.1
"""A larger hole is part of the shape: a ring, a membrane around a cell."""
MASK_HOLE = 64
MASK_HOLE_SHARE = 0.01
"""In a mask a hole may be what is wanted, such as a cell within its membrane: only very small ones are faults."""


@dataclass(frozen=True, slots=True)
class Mend:
    """A change of a plane: the pixels of `value` around (y, x) become `new`."""

    fault: Fault
    y: int
    x: int
    value: int
    pixels: int
    new: int


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The planes (H, W) before and behind one of a 3-D annotation; None where the stack ends."""

    before: Int64 | None
    behind: Int64 | None

    def planes(self) -> list[Int64]:
        """Those that are there."""
        return [plane for plane in (self.before, self.behind) if plane is not None]


def mend(
    values: Int64, kind: str, speck: int = SPECK, *, ignore: int | None = None, volume: Neighbours | None = None
) -> tuple[Int64, list[Mend]]:
    """Remove specks, fill holes, give the pieces of an id ids of their own.

    Args:
        values: (H, W) int64 labels, 0 = background.
        kind: instances, classes or binary; ids are only split in instances.
        speck: pieces of so many pixels or fewer are specks, but at the image's edges, which cut cells.
        ignore: label of pixels that nobody annotated; they are left alone.
        volume: neighbouring planes, where ids go on from plane to plane: only what is a speck or hole in
            them as well is one, and ids are not split.

    Returns:
        The labels after it, and what was changed, in scan order within each fault. A second call changes nothing.
    """
    found: list[Mend] = []
    if kind != "classes":
        pieces = find_pieces(values)
        values, specks = _without_specks(values, pieces, speck, ignore, volume)
        pieces = find_pieces(values) if specks else pieces
        values, holes = _without_holes(values, pieces, kind, ignore, volume)
        found = specks + holes
        if kind == "instances" and volume is None:
            values, splits = _split(values, find_pieces(values) if holes else pieces, ignore)
            found += splits
    return values, found


def cell_areas(values: Int64, ignore: int | None = None) -> NDArray[np.int64]:
    """Pixels of each connected piece of a label image (H, W) int64, background left out."""
    pieces = find_pieces(values)
    return pieces.area[_labelled(pieces, ignore)]


def _labelled(pieces: PlanePieces, ignore: int | None) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = pieces.value != 0
    return known if ignore is None else known & (pieces.value != ignore)


def _without_specks(
    values: Int64, pieces: PlanePieces, speck: int, ignore: int | None, volume: Neighbours | None
) -> tuple[Int64, list[Mend]]:
    small = np.flatnonzero(_labelled(pieces, ignore) & (pieces.area <= speck) & ~_at_edge(pieces))
    if volume is not None and len(volume.planes()) < 2:  # the stack's end cuts cells, too
        return values, []
    if volume is not None:
        small = small[~_goes_on(pieces, values, volume)[small]]
    found = [Mend("speck", *pieces.place(int(k)), int(pieces.value[k]), int(pieces.area[k]), 0) for k in small]
    return _replaced(values, pieces, small, 0), found


def _without_holes(
    values: Int64, pieces: PlanePieces, kind: str, ignore: int | None, volume: Neighbours | None
) -> tuple[Int64, list[Mend]]:
    around = enclosed_by(pieces)
    holes = np.flatnonzero(around >= 0)
    if ignore is not None:
        holes = holes[pieces.value[around[holes]] != ignore]
    lost = np.bincount(around[holes], weights=pieces.area[holes], minlength=around.size)
    whole = (pieces.area + lost)[around[holes]]
    if kind == "binary":
        solid = lost[around[holes]] <= HOLE_SHARE * whole
        fill = solid & (pieces.area[holes] <= np.clip(MASK_HOLE_SHARE * whole, SPECK, MASK_HOLE))
    else:
        fill = pieces.area[holes] <= HOLE_SHARE * whole
    holes = holes[fill]
    if volume is not None:
        holes = np.array([k for k in holes if _closed(pieces, k, int(pieces.value[around[k]]), volume)], np.int64)
    ids = pieces.value[around[holes]]
    found = [
        Mend("hole", *pieces.place(int(k)), int(new), int(pieces.area[k]), int(new))
        for k, new in zip(holes, ids, strict=True)
    ]
    return _replaced(values, pieces, holes, ids), found


def _split(values: Int64, pieces: PlanePieces, ignore: int | None) -> tuple[Int64, list[Mend]]:
    """All pieces of an id but the largest get new ids, above those there are."""
    mine = np.flatnonzero(_labelled(pieces, ignore))
    mine = mine[np.lexsort((pieces.first[mine], -pieces.area[mine], pieces.value[mine]))]
    others = np.sort(mine[1:][pieces.value[mine[1:]] == pieces.value[mine[:-1]]])
    new = int(values.max(initial=0)) + 1 + np.arange(others.size)
    found = [
        Mend("split", *pieces.place(int(k)), int(pieces.value[k]), int(pieces.area[k]), int(number))
        for k, number in zip(others, new, strict=True)
    ]
    return _replaced(values, pieces, others, new), found


def _replaced(values: Int64, pieces: PlanePieces, which: NDArray[np.intp], new: NDArray[np.int64] | int) -> Int64:
    if not which.size:
        return values
    table = pieces.value.copy()
    table[which] = new
    return table[pieces.of]


def _at_edge(pieces: PlanePieces) -> NDArray[np.bool_]:
    """True if each piece (n,) touches the edge of the image."""
    edge = np.zeros(pieces.value.size, bool)
    for side in (pieces.of[0], pieces.of[-1], pieces.of[:, 0], pieces.of[:, -1]):
        edge[side] = True
    return edge


def _goes_on(pieces: PlanePieces, values: Int64, volume: Neighbours) -> NDArray[np.bool_]:
    """True if a pixel of each piece (n,) has the same label in a neighbouring plane."""
    same = np.zeros(values.shape, bool)
    for plane in volume.planes():
        same |= plane == values
    return np.bincount(pieces.of[same], minlength=pieces.value.size) > 0


def _closed(pieces: PlanePieces, hole: int, value: int, volume: Neighbours) -> bool:
    """True if the label around a hole lies above and below all of it, too."""
    if len(volume.planes()) < 2:
        return False
    where = pieces.of == hole
    return all(bool((plane[where] == value).all()) for plane in volume.planes())


def speck_size(areas: NDArray[np.int64]) -> int:
    """Up to how many pixels a piece is a speck, from the areas (n,) of all ids: a small part of a typical one."""
    if not areas.size:
        return SPECK
    ordered = np.sort(areas)
    typical = ordered[np.searchsorted(np.cumsum(ordered), ordered.sum() / 2)]  # half of all pixels lie in larger ones
    return max(SPECK, int(typical * SPECK_SHARE))


def follows(values: Int64, behind: Int64) -> tuple[int, int]:
    """Numbers of ids of a plane (H, W) that the next one has too, and of those that overlap with themselves there."""
    shared = np.intersect1d(values[values > 0], behind[behind > 0])
    touching = np.unique(values[(values == behind) & (values > 0)])
    return shared.size, touching.size


def bodies(planes: Iterator[Int64]) -> dict[int, int]:
    """Ids of a 3-D annotation that lie in several bodies, and how many; one plane is held at a time.

    A body that reaches the edge of the volume may be joined outside of it, and does not count.
    """
    groups: list[int] = []  # union-find over the pieces of all planes
    value: list[int] = []
    at_edge: list[bool] = []
    last: tuple[Int64, NDArray[np.int64]] | None = None
    for labels in planes:
        pieces = find_pieces(labels)
        names = np.arange(pieces.value.size) + len(groups)
        groups.extend(names.tolist())
        value.extend(pieces.value.tolist())
        at_edge.extend((_at_edge(pieces) | (last is None)).tolist())
        here = names[pieces.of]
        if last is not None:
            same = (last[0] == labels) & (labels > 0)
            _join(groups, np.unique(np.stack([last[1][same], here[same]], 1), axis=0))
        last = labels, here
    if last is not None:
        for name in np.unique(last[1]):
            at_edge[name] = True
    return _closed_bodies(groups, value, at_edge)


def _join(groups: list[int], touching: NDArray[np.int64]) -> None:
    for one, other in touching.tolist():
        groups[_leader(groups, one)] = _leader(groups, other)


def _leader(groups: list[int], node: int) -> int:
    while groups[node] != node:
        groups[node] = groups[groups[node]]
        node = groups[node]
    return node


def _closed_bodies(groups: list[int], value: list[int], at_edge: list[bool]) -> dict[int, int]:
    outside: dict[int, bool] = {}
    owner: dict[int, int] = {}
    for node, label in enumerate(value):
        if label > 0:
            leader = _leader(groups, node)
            owner[leader] = label
            outside[leader] = outside.get(leader, False) or at_edge[node]
    found: dict[int, int] = {}
    closed: dict[int, int] = {}
    for leader, label in owner.items():
        found[label] = found.get(label, 0) + 1
        closed[label] = closed.get(label, 0) + (not outside[leader])
    return {label: count for label, count in found.items() if count > 1 and closed[label]}
