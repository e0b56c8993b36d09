"""Where a model cuts: the threshold, cores, growth and minimum size that suit annotated images best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cellseg import metrics
from cellseg.images.labels import LabelPlane
from cellseg.inference.result import instances_in
from cellseg.metrics.cut import DENSE, THRESHOLDS, sizes_to_try
from cellseg.metrics.tally import tally_cells
from cellseg.models.card import ModelCard
from cellseg.training.data import Annotated

GROWTH = (0, 1, 2)
BODIES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
CORES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Thresholds of the cells and of their cores that are tried together."""
AP_AT = (0.5, 0.6, 0.7, 0.8, 0.9)
OUTLINED = 0.5
"""Part of the pixels beside annotated cells up to which nobody need know what they are."""

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """An annotated image and the probabilities (classes, H, W) that a model gives its pixels."""

    image: Annotated
    probabilities: Probabilities


def choose_cut(card: ModelCard, seen: Sequence[Seen]) -> ModelCard:
    """The card with the threshold, cores, growth and minimum size of the best mean score: `both` where cells fill the
    images, else AP, or the IoU of known pixels where the cells are strokes, whose shape and size say nothing.

    Instances are grown only where the annotated cells touch, so that the separating border took pixels off them; and
    only where cells do not fill the image do cores spread, for in EM that would thin the membranes. There the smallest
    specks are left out while thresholds are searched, which else would do no more than keep them away. The size is
    searched at the best cut without cores and at the best with; of several that are as good it is the smallest, and
    without cores.
    """
    if not seen or len(seen[0].probabilities) != 2:
        return card
    truths = [one.image.truth for one in seen]
    if not are_outlined(truths):
        best = _middle([_pixel_score(seen, t) for t in THRESHOLDS])
        return replace(card, threshold=best, core=0.0, grow=0, minimum_size=0)
    growth = GROWTH if any(touch(truth.instances) for truth in truths) else GROWTH[:1]
    dense = is_dense([one.image for one in seen])
    sizes = sizes_to_try(truth.instances for truth in truths)
    plain = replace(card, core=0.0, minimum_size=0 if dense else sizes[min(1, len(sizes) - 1)])
    cuts = [[replace(plain, threshold=t, grow=g) for t in THRESHOLDS] for g in growth]
    total = np.array([[_total(seen, cut) for cut in row] for row in cuts])
    row = int(total.max(axis=1).argmax())
    found = [replace(cuts[row][0], threshold=_middle(total[row]))]
    if not dense:
        tried = (replace(plain, threshold=t, core=c, grow=g) for t, c, g in product(BODIES, CORES, growth) if c > t)
        found.append(max(tried, key=lambda cut: round(_total(seen, cut), 9)))
    sized = [replace(cut, minimum_size=size) for cut in found for size in sizes]
    return max(sized, key=lambda cut: round(_total(seen, cut), 9))


def is_dense(images: Sequence[Annotated]) -> bool:
    """Whether cells fill the images, as in EM."""
    return bool(np.mean([image.truth.classes.astype(bool).mean() for image in images]) > DENSE)


def are_outlined(truths: Sequence[LabelPlane]) -> bool:
    """Whether it is known for most pixels beside the annotated cells what they are; not so where cells are strokes."""
    beside = [_beside(truth.instances > 0) for truth in truths]
    count = sum(int(mask.sum()) for mask in beside)
    unknown = sum(int((mask & truth.ignore).sum()) for mask, truth in zip(beside, truths, strict=True))
    return unknown <= OUTLINED * count


def _beside(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels (H, W) outside the mask with a 4-neighbour in it."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown & ~mask


def touch(instances: NDArray[np.int32]) -> bool:
    """Whether pixels of two different instances (H, W) are neighbours."""
    sides = ((instances[1:], instances[:-1]), (instances[:, 1:], instances[:, :-1]))
    return any(bool(((a != b) & (a > 0) & (b > 0)).any()) for a, b in sides)


def _middle(totals: Sequence[float] | NDArray[np.float64]) -> float:
    """Of the thresholds with the best total the one in the middle."""
    totals = np.asarray(totals)
    best = np.flatnonzero(totals >= totals.max() - 1e-12)
    return float(THRESHOLDS[int(best[len(best) // 2])])


def _pixel_score(seen: Sequence[Seen], threshold: float) -> float:
    """IoU of the foreground over the known pixels of all images."""
    both = either = 0
    for one in seen:
        found = (one.probabilities[1] >= threshold) & ~one.image.truth.ignore
        wanted = one.image.truth.instances > 0
        both += int((found & wanted).sum())
        either += int((found | wanted).sum())
    return both / max(either, 1)


def both(v_rand: float, v_info: float) -> float:
    """The geometric mean of V_rand and V_info, so that neither makes up for the other.

    With one large cell among small ones, a single segment over everything has a high V_rand, but it tells nothing of
    the cells: its V_info is 0. Dust has a V_info, because it leaks nowhere, but hardly any V_rand.
    """
    return float(np.sqrt(v_rand * v_info))


def _total(seen: Sequence[Seen], card: ModelCard) -> float:
    dense = is_dense([one.image for one in seen])
    return sum(_score(found_in(one.probabilities, one.image.truth, card), one.image.truth, dense) for one in seen)


def found_in(probabilities: Probabilities, truth: LabelPlane, card: ModelCard) -> NDArray[np.uint32]:
    """Instances (H, W) where pixels were annotated; what nobody annotated is no cell."""
    cell = np.where(truth.ignore, 0, probabilities[1])
    return np.where(truth.ignore, 0, instances_in(np.stack([1 - cell, cell]), card))


def _score(found: NDArray[np.uint32], truth: LabelPlane, dense: bool) -> float:
    if dense:
        return both(metrics.v_rand(found, truth.instances), metrics.v_info(found, truth.instances))
    return tally_cells(found, truth.instances, AP_AT, outlines=False).mean_average_precision
