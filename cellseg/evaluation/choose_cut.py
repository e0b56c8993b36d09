"""Where a model cuts: the threshold, cores, growth, sizes and splitting that suit annotated images best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg import metrics
from cellseg.evaluation.telling import is_one_object, touch
from cellseg.inference.cut import instances_in
from cellseg.labels.meaning import LabelPlane
from cellseg.metrics.candidates import DENSE, THRESHOLDS, diameter_of, sizes_to_try
from cellseg.metrics.tally import tally_cells
from cellseg.metrics.thresholds import middle_of_best
from cellseg.models.card import ModelCard
from cellseg.preprocess.separate import pixels_to_keep

GROWTH = (0, 1, 2)
BODIES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
CORES = (0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Thresholds of cells that do not fill the image and of their cores, which are tried together."""
EXACT = 1.2
"""Where cells fill the image, so many times the lowest pixel error is allowed for the sake of telling them apart."""
SPLITS = (1.0, 1.5, 3.0)
"""Diameters as which touching cells are cut apart, in those of the median cell; a larger one asks for deeper necks."""
HOLE = 0.25
"""Holes of up to so much of the median cell's area are filled before cells are cut apart."""
AP_AT = (0.5, 0.6, 0.7, 0.8, 0.9)
OUTLINED = 0.5
"""Part of the pixels beside annotated cells up to which nobody need know what they are."""

Probabilities = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PredictedPlane:
    """An annotated plane and the probabilities (classes, H, W) that a model gives its pixels."""

    truth: LabelPlane
    probabilities: Probabilities


def choose_cut(card: ModelCard, seen: Sequence[PredictedPlane]) -> ModelCard:
    """The card with the cut of the best mean score: `both` where cells fill the images, else AP, or that of `_stroked`
    where the cells are strokes, whose shape and size say nothing.

    Instances are grown only where the annotated cells touch, so that the separating border took pixels off them. The
    smallest size is searched last, for each way of cutting; of several that are as good it is the smallest, and the
    simplest way.
    """
    if not seen or len(seen[0].probabilities) != 2:
        return card
    truths = [one.truth for one in seen]
    plain = replace(card, core=0.0, grow=0, minimum_size=0, fill_holes=0, split=0.0)
    if not are_outlined(truths):
        return _stroked(plain, seen)
    growth = GROWTH if any(touch(truth.instances) for truth in truths) else GROWTH[:1]
    sizes = sizes_to_try(truth.instances for truth in truths)
    if is_dense(truths):
        found = _filling(plain, seen, growth)
    else:
        # the smallest specks are left out while thresholds are searched, which else would do no more than that
        found = _scattered(replace(plain, minimum_size=sizes[min(1, len(sizes) - 1)]), seen, growth)
    return _best(seen, (replace(cut, minimum_size=size) for cut in found for size in sizes))


def _stroked(plain: ModelCard, seen: Sequence[PredictedPlane]) -> ModelCard:
    """The threshold of the best IoU of known pixels, and cores halfway from it to the highest at which every stroke in
    a cell has one.

    Hardly a stroke lies where two cells touch, so a low threshold costs nothing there that could be seen, and joins the
    cells; cores tell them apart, and a cell without a core is lost. Halfway is as far from the one as from the other.
    """
    threshold = middle_of_best(THRESHOLDS, [pixel_score(seen, t) for t in THRESHOLDS])
    highest = [float(peak) for one in seen for peak in _peaks(one)]
    core = round((threshold + min(highest)) / 2, 2) if highest else 0.0
    return replace(plain, threshold=threshold, core=core if core > threshold else 0.0)


def _peaks(seen: PredictedPlane) -> NDArray[np.float32]:
    """The highest probability of a cell in each of the annotated ones."""
    instances = seen.truth.instances
    numbers = np.unique(instances[instances > 0])
    return np.asarray(ndimage.maximum(seen.probabilities[1], instances, numbers), np.float32)


def _filling(plain: ModelCard, seen: Sequence[PredictedPlane], growth: Sequence[int]) -> list[ModelCard]:
    """The best cut without cores and the best with, of cells that fill the images.

    There two thresholds have two tasks. The weights of the borders make a network see membranes where there are none,
    so that a low threshold gives the pixels back to the cells, but joins cells at weak membranes; cores above a higher
    one tell them apart. Of the low ones only those are tried that have about the lowest pixel error, for V_rand and
    V_info count no pixels of true membranes, and would let the cells take them; and of those the lowest.
    """
    best = _thresholded(plain, seen, growth)
    errors = _pixel_errors(seen)
    body = next(t for t, error in zip(THRESHOLDS, errors, strict=True) if error <= EXACT * min(errors))
    cored = [replace(best, threshold=body, core=core) for core in THRESHOLDS if core > body]
    return [best, *([cored[_steadiest([score_of(seen, cut) for cut in cored])]] if cored else [])]


def _scattered(plain: ModelCard, seen: Sequence[PredictedPlane], growth: Sequence[int]) -> list[ModelCard]:
    """The best plain cut, the best with cores, and the best with holes filled and touching cells cut apart, of cells
    with background between them."""
    best = _thresholded(plain, seen, growth)
    grown = [replace(plain, grow=grow) for grow in sorted({0, best.grow})]
    cores = (replace(cut, threshold=t, core=c) for cut, t, c in product(grown, BODIES, CORES) if c > t)
    usual = diameter_of(one.truth.instances for one in seen)
    whole = [replace(cut, fill_holes=round(HOLE * np.pi / 4 * usual**2)) for cut in grown]
    diameters = [round(usual * times, 1) for times in SPLITS if usual]
    parts = (replace(cut, threshold=t, split=d) for cut, t, d in product(whole, BODIES, diameters))
    return [best, *_at_best(seen, cores), *_at_best(seen, parts)]


def _thresholded(plain: ModelCard, seen: Sequence[PredictedPlane], growth: Sequence[int]) -> ModelCard:
    """The card with the best growth, which is searched at few thresholds, and the best threshold with it."""
    if len(growth) > 1:
        plain = replace(
            plain, grow=_best(seen, (replace(plain, threshold=t, grow=g) for g in growth for t in BODIES)).grow
        )
    return replace(plain, threshold=middle_of_best(THRESHOLDS, curve_of(plain, seen)))


def curve_of(card: ModelCard, seen: Sequence[PredictedPlane]) -> list[float]:
    """The score of the card's cut with each of THRESHOLDS."""
    return [score_of(seen, replace(card, threshold=threshold)) for threshold in THRESHOLDS]


def _at_best(seen: Sequence[PredictedPlane], cuts: Iterable[ModelCard]) -> list[ModelCard]:
    """The best of them, where there are any."""
    tried = list(cuts)
    return [_best(seen, tried)] if tried else []


def _best(seen: Sequence[PredictedPlane], cuts: Iterable[ModelCard]) -> ModelCard:
    """The first of those with the best score."""
    return max(cuts, key=lambda cut: round(score_of(seen, cut), 9))


def is_dense(truths: Sequence[LabelPlane]) -> bool:
    """Whether cells fill the images, as in EM, and several of them: V_rand and V_info say something in most images."""
    filled = bool(np.mean([truth.classes.astype(bool).mean() for truth in truths]) > DENSE)
    return filled and 2 * sum(map(is_one_object, truths)) < len(truths)


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


def _steadiest(totals: Sequence[float]) -> int:
    """Which threshold is best together with its neighbours: one that is best alone may be so by chance."""
    padded = np.pad(np.asarray(totals, np.float64), 1, "edge")
    return int((padded[:-2] + padded[1:-1] + padded[2:]).argmax())


def pixel_score(seen: Sequence[PredictedPlane], threshold: float) -> float:
    """IoU of the foreground over the known pixels of all images."""
    both = either = 0
    for one in seen:
        found = (one.probabilities[1] >= threshold) & ~one.truth.ignore
        wanted = one.truth.instances > 0
        both += int((found & wanted).sum())
        either += int((found | wanted).sum())
    return both / max(either, 1)


def _pixel_errors(seen: Sequence[PredictedPlane]) -> list[int]:
    """Known pixels that are wrong at each threshold; between cells that touch is background, as is learnt."""
    errors = np.zeros(len(THRESHOLDS), np.int64)
    for one in seen:
        known = ~one.truth.ignore
        wanted, cell = pixels_to_keep(one.truth.instances)[known], one.probabilities[1][known]
        errors += [int(((cell >= t) != wanted).sum()) for t in THRESHOLDS]
    return errors.tolist()


def both(v_rand: float, v_info: float) -> float:
    """The geometric mean of V_rand and V_info, so that neither makes up for the other.

    With one large cell among small ones, a single segment over everything has a high V_rand, but it tells nothing of
    the cells: its V_info is 0. Dust has a V_info, because it leaks nowhere, but hardly any V_rand.
    """
    return float(np.sqrt(v_rand * v_info))


def score_of(seen: Sequence[PredictedPlane], card: ModelCard) -> float:
    """How good a cut is: the mean of `both` over the images where cells fill them, else AP of all cells together."""
    dense = is_dense([one.truth for one in seen])
    told = [one for one in seen if not (dense and is_one_object(one.truth))]
    pairs = [(found_in(one.probabilities, one.truth, card), one.truth.instances) for one in told]
    if dense:
        return float(np.mean([both(metrics.v_rand(*pair), metrics.v_info(*pair)) for pair in pairs]))
    tallies = [tally_cells(*pair, AP_AT, outlines=False) for pair in pairs]
    return sum(tallies[1:], tallies[0]).mean_average_precision


def found_in(probabilities: Probabilities, truth: LabelPlane, card: ModelCard) -> NDArray[np.uint32]:
    """Instances (H, W) where pixels were annotated; what nobody annotated is no cell."""
    cell = np.where(truth.ignore, 0, probabilities[1])
    return np.where(truth.ignore, 0, instances_in(np.stack([1 - cell, cell]), card))
