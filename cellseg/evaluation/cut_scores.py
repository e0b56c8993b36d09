"""Scores of cuts on annotated planes; each cut is tried once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32, Int64
from cellseg.evaluation.informative import is_one_object
from cellseg.inference.cut import instances_in
from cellseg.labels.meaning import LabelPlane
from cellseg.metrics.candidates import DENSE
from cellseg.metrics.information import v_scores
from cellseg.metrics.tally import tally_cells
from cellseg.models.card import CUT, ModelCard

AP_AT = (0.5, 0.6, 0.7, 0.8, 0.9)
FEWEST = 6
"""Planes from which on the spread between them says something."""


@dataclass(frozen=True, slots=True, eq=False)
class PredictedPlane:
    """An annotated plane and the probabilities (classes, H, W) that a model gives its pixels."""

    truth: LabelPlane
    probabilities: Float32


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """Trials of a cut on one plane that are done, and about how many there are in all."""

    done: int
    total: int


@dataclass(slots=True, eq=False)
class CutScores:
    """The scores of cuts on some planes.

    Attributes:
        seen: the planes.
        dense: whether cells fill them.
        total: trials that are expected in all.
        done: trials of a cut on one plane so far.
    """

    seen: Sequence[PredictedPlane]
    dense: bool
    total: int = 0
    done: int = 0
    _known: dict[tuple[float, ...], float] = field(default_factory=dict)
    _counts: dict[tuple[float, ...], Int64] = field(default_factory=dict)

    def of(self, card: ModelCard) -> Generator[SearchProgress, None, float]:
        """Score of a cut: the mean of `both` over the planes where cells fill them, else AP of all cells together.

        Yields after each plane, so that whoever runs it may stop.
        """
        cut = _cut_of(card)
        if cut not in self._known:
            self._known[cut] = yield from self._tried(card)
        return self._known[cut]

    def as_good(self, card: ModelCard, best: ModelCard) -> bool:
        """True if a cut scores less than another by no more than the standard error of the difference over the planes.

        Both were tried, on scattered cells. The error is the jackknife's (Efron and Stein 1981); of few planes it says
        nothing, and no cut is as good as the best.
        """
        one, other = self._counts[_cut_of(card)], self._counts[_cut_of(best)]
        planes = len(one)
        if planes < FEWEST:
            return False
        behind = _mean_ap(other.sum(axis=0)) - _mean_ap(one.sum(axis=0))
        without = _mean_ap(other.sum(axis=0) - other) - _mean_ap(one.sum(axis=0) - one)
        return bool(behind <= np.std(without) * np.sqrt(planes - 1))

    def _tried(self, card: ModelCard) -> Generator[SearchProgress, None, float]:
        told = [one for one in self.seen if not (self.dense and is_one_object(one.truth))]
        scores: list[float] = []
        counts: list[list[tuple[int, int]]] = []
        for one in told:
            found = found_in(one.probabilities, one.truth, card)
            if self.dense:
                scores.append(both(*v_scores(found, one.truth.instances)))
            else:
                tally = tally_cells(found, one.truth.instances, AP_AT, outlines=False)
                counts.append([(d.found, d.found + d.missed + d.invented) for d in tally.detections.values()])
            self.done += 1
            yield SearchProgress(self.done, max(self.total, self.done))
        if self.dense:
            return float(np.mean(scores))
        self._counts[_cut_of(card)] = np.array(counts, np.int64)
        return float(_mean_ap(self._counts[_cut_of(card)].sum(axis=0)))


def _cut_of(card: ModelCard) -> tuple[float, ...]:
    return tuple(float(getattr(card, name)) for name in CUT)


def _mean_ap(counts: Int64) -> NDArray[np.float64]:
    """Mean AP (...) of counts (..., IoU, 2): pairs found, and all objects; 1 where there is none at all."""
    found, objects = counts[..., 0], counts[..., 1]
    ap = np.divide(found, objects, out=np.ones(objects.shape), where=objects > 0)
    mean: NDArray[np.float64] = ap.mean(axis=-1)
    return mean


def is_dense(truths: Sequence[LabelPlane]) -> bool:
    """True if cells fill the images, as in EM, and several of them: V_rand and V_info say something in most images."""
    filled = bool(np.mean([truth.classes.astype(bool).mean() for truth in truths]) > DENSE)
    return filled and 2 * sum(map(is_one_object, truths)) < len(truths)


def both(v_rand: float, v_info: float) -> float:
    """The geometric mean of V_rand and V_info, so that neither makes up for the other.

    With one large cell among small ones, a single segment over everything has a high V_rand, but it tells nothing of
    the cells: its V_info is 0. Dust has a V_info, because it leaks nowhere, but hardly any V_rand.
    """
    return float(np.sqrt(v_rand * v_info))


def found_in(probabilities: Float32, truth: LabelPlane, card: ModelCard) -> NDArray[np.uint32]:
    """Instances (H, W) where pixels were annotated; what nobody annotated is no cell."""
    cell = np.where(truth.ignore, 0, probabilities[1])
    return np.where(truth.ignore, 0, instances_in(np.stack([1 - cell, cell]), card))
