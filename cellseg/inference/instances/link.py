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

from collections.abc import Iterable, Iterator

import numpy as np

from cellseg.arrays import Int64
from cellseg.inference.instances.label_type import label_dtype
from cellseg.inference.instances.plane import LabelledPlane
from cellseg.metrics.overlap import Overlaps, table


def link_planes(planes: Iterable[LabelledPlane], overlap: float, first_id: int = 1) -> Iterator[LabelledPlane]:
    """The same planes, each with ids that go through the stack.

    Two planes are compared block by block, as they are read; only tables are kept, and only of two planes at a time.

    Args:
        planes: in the order of Z or T, of equal size, from `labelling`.
        overlap: intersection over union from which on two instances of successive planes are one.
        first_id: the first id of the first plane: the largest of the stack before plus 1.

    Raises InputError where the ids do not fit into uint32.
    """
    before, before_ids, following = None, np.zeros(1, np.int64), first_id
    for plane in planes:
        ids = np.zeros(plane.count + 1, np.int64)
        if before is not None:
            ids[1:] = before_ids[predecessors(shared(before, plane), overlap)]
        new = np.flatnonzero(ids[1:] == 0) + 1
        ids[new] = following + np.arange(len(new))
        following += len(new)
        if before is not None:
            before.release()
        yield plane.renamed(ids.astype(label_dtype(following - 1, "uint32")))
        before, before_ids = plane, ids


def shared(before: LabelledPlane, after: LabelledPlane) -> Overlaps:
    """Overlaps in pixels of the instances of one plane (as the truth) with those of the next."""
    areas_before, areas_after = np.zeros(before.count, np.int64), np.zeros(after.count, np.int64)
    codes, areas = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for box in after.grid:
        part = table(after.read_box(box), before.read_box(box))
        areas_before[part.truth_ids - 1] += part.truth_areas
        areas_after[part.prediction_ids - 1] += part.prediction_areas
        first, second = part.truth_ids[part.truth_index], part.prediction_ids[part.prediction_index]
        codes.append((first - 1) * after.count + second - 1)
        areas.append(part.areas)
    pairs, index = np.unique(np.concatenate(codes), return_inverse=True)
    sums = np.zeros(len(pairs), np.int64)
    np.add.at(sums, index, np.concatenate(areas))
    width = max(after.count, 1)
    ids = np.arange(1, before.count + 1), np.arange(1, after.count + 1)
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
