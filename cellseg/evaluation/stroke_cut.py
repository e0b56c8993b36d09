"""The cut for cells of which strokes are annotated: shape and size of the cells are those that the network finds.

Strokes lie well inside of cells and say nothing of where they end. But a network shows whole cells around them: what is
found around a single stroke is as large as a cell, and shows whether necks are borders between two cells. How well the
strokes are told apart, each whole and in a cell of its own, says which way of cutting is right.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage
from skimage.measure import regionprops

from cellseg.arrays import Float32, Int32, UInt32
from cellseg.evaluation.cut_scores import PredictedPlane, SearchProgress
from cellseg.inference.cut import instances_in
from cellseg.metrics.candidates import HOLE, THRESHOLDS, areas_of, disc_diameter, smallest_cell
from cellseg.metrics.thresholds import middle_of_best
from cellseg.models.card import ModelCard

AS_GOOD = 0.01
"""Scores that say the same: a hundredth of the strokes is where a brush slipped."""
NECKS = (1.5, 3.0)
"""Diameters as which touching cells are cut apart, in those of the usual cell; a larger one asks for deeper necks."""
SMALLER = 0.5
"""Part of the smallest size by the cells that are found, which may be swollen, and of which the edge cuts some off."""
SLIVERS = 10
"""Per cent of the strokes around which the network may find no more than a sliver of their cell."""
ROUND = 0.8
"""Part of their convex hull from which on cells have no necks of their own, so that shallow ones part two cells."""


@dataclass(frozen=True, slots=True)
class FoundCells:
    """Cells that a cut finds around strokes.

    Attributes:
        score: mean over the strokes of the part that lies in one cell; 0 of a stroke whose cell holds another one.
        areas: pixels of the cells of one stroke that no edge of the image cuts off.
        solidity: part of their convex hull that the usual one of them fills.
    """

    score: float
    areas: tuple[int, ...]
    solidity: float


def search_stroke_cut(plain: ModelCard, seen: Sequence[PredictedPlane]) -> Generator[SearchProgress, None, ModelCard]:
    """The card with a cut by strokes; `plain` has no cores, does not grow or split, and leaves every size.

    The threshold has the best mean of the parts of painted cells and of painted background that are right, so that it
    does not matter how much of either was painted. Of the ways to tell cells apart the best is taken, and of those that
    are as good the first: at shallow necks where what is found is round, not at all, by cores, at deep necks.

    Yields after each way that was tried.
    """
    curve = [balanced_score(seen, t) for t in THRESHOLDS]
    plain = replace(plain, threshold=middle_of_best(THRESHOLDS, curve, AS_GOOD))
    core = _halfway_core(plain.threshold, seen)
    cored = [replace(plain, core=core)] if core > plain.threshold else []
    total = 1 + len(cored) + len(NECKS)
    tried: list[tuple[ModelCard, FoundCells]] = []
    for cut in [plain, *cored]:
        tried.append((cut, found_cells(seen, cut)))
        yield SearchProgress(len(tried), total)
    usual = max(tried, key=lambda one: one[1].score)[1]
    shallow, *deeper = [_at_necks(plain, usual, times) for times in NECKS] if usual.areas else [None]
    for cut in filter(None, (shallow, *deeper)):
        tried.append((cut, found_cells(seen, cut)))
        yield SearchProgress(len(tried), total)
    if shallow is not None and usual.solidity >= ROUND:
        tried.sort(key=lambda one: one[0] is not shallow)
    best = max(found.score for _, found in tried)
    cut = next(cut for cut, found in tried if found.score >= best - AS_GOOD)
    if not best and cored:  # everything is in one piece: nothing but the peaks tells of cells
        cut = cored[0]
    return _of_size(cut, usual, seen)


def balanced_score(seen: Sequence[PredictedPlane], threshold: float) -> float:
    """Mean of the parts of the known pixels in cells and in the background that are right at a threshold."""
    right, known = np.zeros(2), np.zeros(2)
    for one in seen:
        cell = one.truth.instances > 0
        for side, mask in enumerate((cell, ~cell & ~one.truth.ignore)):
            above = int((one.probabilities[1][mask] >= threshold).sum())
            pixels = int(mask.sum())
            right[side] += pixels - above if side else above
            known[side] += pixels
    return float(np.mean(right[known > 0] / known[known > 0])) if known.any() else 0.0


def found_cells(seen: Sequence[PredictedPlane], card: ModelCard) -> FoundCells:
    """Cells that a cut finds around the strokes of some planes, and how well they tell the strokes apart."""
    scores: list[float] = []
    shapes: list[tuple[int, float]] = []
    for one in seen:
        found = instances_in(one.probabilities, card)
        cells, parts = _cells_of_strokes(found, one.truth.instances)
        alone = (cells > 0) & (np.bincount(cells, minlength=1)[cells] == 1) if cells.size else cells > 0
        scores += np.where(alone, parts, 0).tolist()
        shapes += _whole_shapes(found, set(cells[alone].tolist()))
    areas, solidities = zip(*shapes, strict=True) if shapes else ((), ())
    usual = float(np.median(solidities)) if shapes else 0.0
    return FoundCells(float(np.mean(scores)) if scores else 0.0, areas, usual)


def _cells_of_strokes(found: UInt32, strokes: Int32) -> tuple[Int32, Float32]:
    """For each stroke the cell that most of it lies in, 0 for none, and the part of it that lies there."""
    cells, parts = [], []
    for number, box in enumerate(ndimage.find_objects(strokes), start=1):
        if box is None:
            continue
        counts = np.bincount(found[box][strokes[box] == number])
        pixels = int(counts.sum())
        counts[0] = 0
        cells.append(int(counts.argmax()) if counts.any() else 0)
        parts.append(counts.max() / pixels)
    return np.array(cells, np.int32), np.array(parts, np.float32)


def _whole_shapes(found: UInt32, numbers: set[int]) -> list[tuple[int, float]]:
    """Pixels and solidity of some cells, without those at an edge."""
    edges = (found[0], found[-1], found[:, 0], found[:, -1])
    whole = numbers - {int(number) for edge in edges for number in np.unique(edge)}
    kept = np.where(np.isin(found, list(whole)), found, 0).astype(np.int32)
    return [(int(region.area), float(region.solidity)) for region in regionprops(kept)]  # type: ignore[no-untyped-call]


def _halfway_core(threshold: float, seen: Sequence[PredictedPlane]) -> float:
    """Halfway from the threshold to the highest core at which every stroke in a cell has one; 0 without strokes.

    Hardly a stroke lies where two cells touch, so the strokes say of no core that it is too low, and a cell without a
    core is lost: halfway is as far from the one as from the other.
    """
    highest: list[float] = []
    for one in seen:
        strokes = one.truth.instances
        numbers = np.unique(strokes[strokes > 0])
        highest += np.asarray(ndimage.maximum(one.probabilities[1], strokes, numbers), np.float64).tolist()
    return round((threshold + min(highest)) / 2, 2) if highest else 0.0


def _at_necks(plain: ModelCard, usual: FoundCells, times: float) -> ModelCard:
    """The cut at necks, for cells as large as those that are usual."""
    area = float(np.median(usual.areas))
    return replace(plain, split=round(times * disc_diameter(area), 1), fill_holes=round(HOLE * area))


def _of_size(card: ModelCard, usual: FoundCells, seen: Sequence[PredictedPlane]) -> ModelCard:
    """The cut without what is much smaller than the cells, which else is most of what is found, and their diameter.

    Where no cell is seen whole, the strokes themselves say what is too small.
    """
    areas = np.array(usual.areas, np.int64)
    if not areas.size:
        return replace(card, minimum_size=smallest_cell(areas_of(one.truth.instances for one in seen)))
    areas = areas[areas >= np.percentile(areas, SLIVERS)]
    diameter = card.diameter or round(disc_diameter(float(np.median(areas))), 2)
    return replace(card, minimum_size=round(SMALLER * smallest_cell(areas)), diameter=diameter)
