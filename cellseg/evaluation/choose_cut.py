"""Choice of a model's cut: the threshold, cores, growth, sizes and splitting that suit annotated images best."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Int64
from cellseg.evaluation.cut_scores import CutScores, PredictedPlane, SearchProgress, is_dense
from cellseg.evaluation.informative import touch
from cellseg.evaluation.stroke_cut import search_stroke_cut
from cellseg.labels.meaning import LabelPlane
from cellseg.metrics.candidates import HOLE, SHARES, THRESHOLDS, areas_of, diameter_of, sizes_to_try, smallest_cell
from cellseg.metrics.thresholds import middle_of_best
from cellseg.models.card import ModelCard
from cellseg.preprocess.separate import pixels_to_keep
from cellseg.steps import finished

R = TypeVar("R")
Search = Generator[SearchProgress, None, R]
"""Trials, and what they lead to."""
GROWTH = (0, 1, 2)
BODIES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
BEYOND = (0.1, 0.9)
"""Thresholds beside these that may be as good as the best."""
CORES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Thresholds of cells that do not fill the image and of their cores, which are tried together."""
PROBABILITIES = (0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""Probabilities that half of the pixels of a cell may have to have."""
EXACT = 1.2
"""Where cells fill the image, so many times the lowest pixel error is allowed for the sake of telling them apart."""
HALF = 0.5
"""The threshold at which both classes are as likely."""
SPLITS = (1.0, 1.5, 3.0)
"""Diameters as which touching cells are cut apart, in those of the median cell; a larger one asks for deeper necks."""
OUTLINED = 0.25
"""Part of the pixels beside annotated cells up to which nobody need know what they are."""


def choose_cut(card: ModelCard, seen: Sequence[PredictedPlane]) -> ModelCard:
    """The card with the cut that `search_cut` finds."""
    return finished(search_cut(card, seen))


def search_cut(card: ModelCard, seen: Sequence[PredictedPlane]) -> Search[ModelCard]:
    """The card with the cut of the best mean score: `both` where cells fill the images, else AP, or that of
    `search_stroke_cut` where the cells are strokes, whose shape says nothing.

    Instances are grown only where the annotated cells touch, so that the separating border took pixels off them. The
    smallest size is searched for each way of cutting; of several that are as good it is the smallest, and the simplest
    way. Where there is background between the cells, the probability is searched last that half of the pixels of a cell
    have: what the network half believes in there is none; and of thresholds that are as good as the spread between the
    planes tells, the middle one is taken. With several classes each pixel has the most probable one, and the smallest
    size alone is chosen.

    Yields after each trial of a cut on a plane.
    """
    if not seen:
        return card
    truths = [one.truth for one in seen]
    if len(seen[0].probabilities) != 2:
        return replace(card, minimum_size=smallest_cell(np.concatenate([_areas_of_classes(truth) for truth in truths])))
    plain = replace(card, core=0.0, grow=0, minimum_size=0, minimum_probability=0.0, fill_holes=0, split=0.0)
    if not are_outlined(truths):
        return (yield from search_stroke_cut(plain, seen))
    growth = GROWTH if any(touch(truth.instances) for truth in truths) else GROWTH[:1]
    sizes = sizes_to_try(truth.instances for truth in truths)
    scores = CutScores(seen, is_dense(truths))
    scores.total = len(seen) * most_trials(scores.dense, len(growth))
    if scores.dense:
        found = yield from _filling(plain, scores, growth)
    else:
        # the smallest specks are left out while thresholds are searched, which else would do no more than that
        found = yield from _scattered(replace(plain, minimum_size=sizes[min(1, len(sizes) - 1)]), scores, growth)
    best = yield from _best(scores, (replace(cut, minimum_size=size) for cut in found for size in sizes))
    return best if scores.dense else (yield from _middle((yield from _sure(best, scores)), scores))


def most_trials(dense: bool, growth: int) -> int:
    """Cuts that are tried at most, with so many ways of growing cells."""
    first = growth * len(BODIES) * (growth > 1) + len(THRESHOLDS)
    if dense:
        return first + len(THRESHOLDS) + 2 * len(SHARES)
    cored = sum(c > t for t, c in product(BODIES, CORES))
    parts = len(BODIES) * len(SPLITS)
    sure = 2 * (len(PROBABILITIES) + len(BODIES)) + len(PROBABILITIES) + len(BODIES) + len(BEYOND) + 1
    return first + min(growth, 2) * (cored + parts) + 3 * len(SHARES) + sure


def _areas_of_classes(truth: LabelPlane) -> Int64:
    """Pixels of each region of a class; corners join, so that a thin stroke is one."""
    found = [ndimage.label(truth.classes == kind, np.ones((3, 3)))[0] for kind in range(1, truth.classes.max() + 1)]
    return areas_of(found)


def _filling(plain: ModelCard, scores: CutScores, growth: Sequence[int]) -> Search[list[ModelCard]]:
    """The best cut without cores and the best with, of cells that fill the images.

    There two thresholds have two tasks. The weights of the borders make a network see membranes where there are none,
    so that a low threshold gives the pixels back to the cells, but joins cells at weak membranes; cores above a higher
    one tell them apart. Of the low ones only those are tried that have about the lowest pixel error, for V_rand and
    V_info count no pixels of true membranes, and would let the cells take them; and of those the lowest.
    """
    best = yield from _thresholded(plain, scores, growth)
    errors = _pixel_errors(scores.seen)
    body = next(t for t, error in zip(THRESHOLDS, errors, strict=True) if error <= EXACT * min(errors))
    cored = [replace(best, threshold=body, core=core) for core in THRESHOLDS if core > body]
    if not cored:
        return [best]
    totals = yield from _scores(scores, cored)
    return [best, cored[_steadiest(totals)]]


def _scattered(plain: ModelCard, scores: CutScores, growth: Sequence[int]) -> Search[list[ModelCard]]:
    """The best plain cut, the best with cores, and the best with holes filled and touching cells cut apart, of cells
    with background between them."""
    best = yield from _thresholded(plain, scores, growth)
    grown = [replace(plain, grow=grow) for grow in sorted({0, best.grow})]
    cores = [replace(cut, threshold=t, core=c) for cut, t, c in product(grown, BODIES, CORES) if c > t]
    usual = diameter_of(one.truth.instances for one in scores.seen)
    whole = [replace(cut, fill_holes=round(HOLE * np.pi / 4 * usual**2)) for cut in grown]
    diameters = [round(usual * times, 1) for times in SPLITS if usual]
    parts = [replace(cut, threshold=t, split=d) for cut, t, d in product(whole, BODIES, diameters)]
    found = [best]
    for tried in (cores, parts):
        if tried:
            found.append((yield from _best(scores, tried)))
    return found


def _sure(best: ModelCard, scores: CutScores) -> Search[ModelCard]:
    """The cut with the probability that half of the pixels of a cell must have, and the threshold that suits it.

    Without the one, a high threshold must keep out what the network half believes in, and makes cells smaller."""
    for _ in range(2):
        asked = [replace(best, minimum_probability=p) for p in PROBABILITIES if p > best.threshold]
        best = yield from _best(scores, [best, *asked])
        others = [replace(best, threshold=t) for t in BODIES if t < (best.core or 1)]
        best = yield from _best(scores, [best, *others])
    return best


def _middle(best: ModelCard, scores: CutScores) -> Search[ModelCard]:
    """The cut with the threshold in the middle of those around the best that are as good, within one standard error.

    Breiman et al. 1984 choose among trees by that error. The best of some images is at an end of them by chance: on
    other images a strict one leaves out what the network is less sure of, and a mild one makes cells larger. Of two in
    the middle the one nearer to 1/2 is taken.
    """
    tried = [t for t in sorted({*BODIES, *BEYOND, best.threshold}) if t < (best.core or 1)]
    low = high = tried.index(best.threshold)
    while low > 0 and (yield from _as_good(tried[low - 1], best, scores)):
        low -= 1
    while high < len(tried) - 1 and (yield from _as_good(tried[high + 1], best, scores)):
        high += 1
    if low == high:
        return best
    middle = (tried[low] + tried[high]) / 2
    threshold = min(tried, key=lambda t: (round(abs(t - middle), 6), abs(t - HALF)))
    sure = [p for p in PROBABILITIES if p > threshold] if best.minimum_probability else []
    return (yield from _best(scores, [replace(best, threshold=threshold, minimum_probability=p) for p in (0.0, *sure)]))


def _as_good(threshold: float, best: ModelCard, scores: CutScores) -> Search[bool]:
    """True if a cut with this threshold and the rest of the best is as good."""
    sure = best.minimum_probability if best.minimum_probability > threshold else 0.0
    tried = replace(best, threshold=threshold, minimum_probability=sure)
    yield from scores.of(tried)
    return scores.as_good(tried, best)


def _thresholded(plain: ModelCard, scores: CutScores, growth: Sequence[int]) -> Search[ModelCard]:
    """The card with the best growth, which is searched at few thresholds, and the best threshold with it."""
    if len(growth) > 1:
        grown = yield from _best(scores, (replace(plain, threshold=t, grow=g) for g in growth for t in BODIES))
        plain = replace(plain, grow=grown.grow)
    return replace(plain, threshold=middle_of_best(THRESHOLDS, (yield from curve_of(plain, scores))))


def curve_of(card: ModelCard, scores: CutScores) -> Search[list[float]]:
    """The score of the card's cut with each of THRESHOLDS."""
    return (yield from _scores(scores, [replace(card, threshold=threshold) for threshold in THRESHOLDS]))


def _scores(scores: CutScores, cuts: Iterable[ModelCard]) -> Search[list[float]]:
    found = []
    for cut in cuts:
        found.append((yield from scores.of(cut)))
    return found


def _best(scores: CutScores, cuts: Iterable[ModelCard]) -> Search[ModelCard]:
    """The first of those with the best score."""
    tried = list(cuts)
    found = yield from _scores(scores, tried)
    return tried[max(range(len(tried)), key=lambda k: round(found[k], 9))]


def are_outlined(truths: Sequence[LabelPlane]) -> bool:
    """True if it is known for most pixels beside the annotated cells what they are; not so where cells are strokes."""
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


def _steadiest(totals: Sequence[float]) -> int:
    """The threshold that is best together with its neighbours: one that is best alone may be so by chance."""
    padded = np.pad(np.asarray(totals, np.float64), 1, "edge")
    return int((padded[:-2] + padded[1:-1] + padded[2:]).argmax())


def _pixel_errors(seen: Sequence[PredictedPlane]) -> list[int]:
    """Known pixels that are wrong at each threshold; between cells that touch is background, as is learnt."""
    errors = np.zeros(len(THRESHOLDS), np.int64)
    for one in seen:
        known = ~one.truth.ignore
        wanted, cell = pixels_to_keep(one.truth.instances)[known], one.probabilities[1][known]
        errors += [int(((cell >= t) != wanted).sum()) for t in THRESHOLDS]
    return errors.tolist()
