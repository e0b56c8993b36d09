"""Instances through the planes of a stack: an instance keeps its id where it covers itself in the next plane.

The rule, for the planes of Z or the frames of T, one after the other:

- Each instance looks for the instance of the plane before with which it shares most (intersection over union; of equal
  ones the smaller number). Where they share at least `overlap`, it is a successor of that one.
- An only successor takes the id. Two or more are a division: the daughters get new ids, and the mother's ends.
- So where two instances merge, the one that shares more goes on, and the other id ends.
- All others are new. New ids go on counting, in scan order within a plane; an id that has ended does not come again.

The threshold of 0.25 is the one of cellpose's `stitch3D` (Stringer et al. 2021), which has no rule for divisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

import numpy as np

from cellseg.arrays import Int64
from cellseg.inference.instances.label_type import label_dtype
from cellseg.inference.instances.plane import LabelledPlane
from cellseg.inference.tiling import Box
from cellseg.metrics.overlap import Overlaps, table


def link_planes(
    planes: Iterable[LabelledPlane], overlap: float, first_id: int = 1, shared: Iterable[Overlaps] | None = None
) -> Iterator[LabelledPlane]:
    """The same planes, each with ids that go through the stack.

    Two planes are compared block by block, as they are read; only tables are kept, and only of two planes at a time.

    Args:
        planes: in the order of Z or T, of equal size, from `labelling`.
        overlap: intersection over union from which on two instances of successive planes are one.
        first_id: the first id of the first plane: the largest of the stack before plus 1.
        shared: what `shared_in` gives for each block of each plane but the first, by whom it may be; else made here.

    Raises InputError where the ids do not fit into uint32.
    """
    planes, before_ids, following = list(planes), np.zeros(1, np.int64), first_id
    pairs = iter(_shared(planes) if shared is None else shared)
    for number, plane in enumerate(planes):
        ids = np.zeros(plane.count + 1, np.int64)
        if number:
            found = _summed(islice(pairs, len(plane.grid)), planes[number - 1].count, plane.count)
            ids[1:] = before_ids[predecessors(found, overlap)]
            planes[number - 1].release()
        new = np.flatnonzero(ids[1:] == 0) + 1
        ids[new] = following + np.arange(len(new))
        following += len(new)
        yield plane.renamed(ids.astype(label_dtype(following - 1, "uint32")))
        before_ids = ids


def shared_in(before: LabelledPlane, after: LabelledPlane, box: Box) -> Overlaps:
    """Overlaps within a block of the instances of one plane (as the truth) with those of the next."""
    return table(after.read_box(box), before.read_box(box))


def _shared(planes: Sequence[LabelledPlane]) -> Iterator[Overlaps]:
    return (shared_in(before, after, box) for before, after in pairwise(planes) for box in after.grid)


def _summed(parts: Iterable[Overlaps], before: int, after: int) -> Overlaps:
    """The overlaps of two planes with so many instances, from those of their blocks."""
    areas_before, areas_after = np.zeros(before, np.int64), np.zeros(after, np.int64)
    codes, areas = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for part in parts:
        areas_before[part.truth_ids - 1] += part.truth_areas
        areas_after[part.prediction_ids - 1] += part.prediction_areas
        first, second = part.truth_ids[part.truth_index], part.prediction_ids[part.prediction_index]
        codes.append((first - 1) * after + second - 1)
        areas.append(part.areas)
    pairs, index = np.unique(np.concatenate(codes), return_inverse=True)
    sums = np.zeros(len(pairs), np.int64)
    np.add.at(sums, index, np.concatenate(areas))
    width = max(after, 1)
    ids = np.arange(1, before + 1), np.arange(1, after + 1)
    return Overlaps(*ids, areas_before, areas_after, pairs // width, pairs % width, sums)


def predecessors(pairs: Overlaps, overlap: float) -> Int64:
    """Id in the plane before of each instance (m,) that goes on; 0 = it is new."""
    best = np.lexsort((pairs.truth_index, -pairs.iou, pairs.prediction_index))
    instance, first = np.unique(pairs.prediction_index[best], return_index=True)
    chosen = best[first]
    close = pairs.iou[chosen] >= overlap
    mother, instance = pairs.truth_index[chosen[close]], instance[close]
    alone = np.bincount(mother, minlength=len(pairs.truth_ids))[mother] == 1
    found = np.zeros(len(pairs.prediction_ids), np.int64)
    found[instance[alone]] = pairs.truth_ids[mother[alone]]
    return found
