"""Rand scores: are pairs of pixels joined as in the truth?"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.components import instances
from cellseg.metrics.inputs import label_pair, sections
from cellseg.metrics.overlap import Overlaps, table
from cellseg.metrics.ratios import ratio
from cellseg.metrics.thinning import thin_borders

Areas = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RandScores:
    """Foreground-restricted Rand scores, 0 to 1; for a stack the means over its sections."""

    precision: float
    """The challenge's merge score: pairs joined in both, of those joined in the prediction; falls with merges."""
    recall: float
    """The challenge's split score: pairs joined in both, of those joined in the truth; falls with splits."""
    f: float
    """V_rand, the harmonic mean of the two (in each section)."""


@dataclass(frozen=True, slots=True)
class JoinedPairs:
    """Pairs of two different pixels of the truth's foreground; can be added up over images."""

    both: float = 0.0
    """Joined in prediction and truth."""
    prediction: float = 0.0
    truth: float = 0.0
    invented: int = 0
    """Segments predicted where the truth has none."""

    def __add__(self, other: JoinedPairs) -> JoinedPairs:
        return JoinedPairs(
            self.both + other.both,
            self.prediction + other.prediction,
            self.truth + other.truth,
            self.invented + other.invented,
        )

    @property
    def error(self) -> float:
        """1 - F over the pairs."""
        return 1.0 - ratio(2.0 * self.both, self.prediction + self.truth, empty=float(self.invented == 0))


def rand_scores(prediction: Labels, truth: Labels, *, thin: bool = False, volume: bool = False) -> RandScores:
    """Foreground-restricted Rand scores of the ISBI 2012 challenge.

    With p_ij the share of the truth's foreground pixels in truth segment i and predicted segment j:
    V_rand = 2 sum p_ij^2 / (sum s_j^2 + sum t_i^2). Pixels with truth 0 are left out; each pixel with prediction 0 is a
    segment of its own. No foreground in either: 1. None in the truth only: 0. None in the prediction only: the formula,
    which gives precision 1 and a recall near 0.

    Args:
        prediction: (H, W) or (Z, H, W) labels, 0 = border; a mask (two values) counts as its 4-connected components.
        truth: the same shape.
        thin: thin the prediction's borders to one pixel first, as the challenge's final ranking does.
        volume: take a stack as one volume (mask: 6-connected components) and not section by section.

    Raises:
        InputError: the two are no label images of equal shape.

    Source:
        Arganda-Carreras et al. 2015, Front. Neuroanat. 9:142, equations 1 to 3; Fiji's
        RandError.getForegroundRestrictedRandIndexStatsN2.
    """
    scores = [table_scores(pair) for pair in segment_tables(prediction, truth, thin, volume)]
    precision, recall, f = np.mean(scores, axis=0)
    return RandScores(float(precision), float(recall), float(f))


def v_rand(prediction: Labels, truth: Labels, *, thin: bool = False, volume: bool = False) -> float:
    """V_rand, 0 to 1 (perfect): `rand_scores(...).f`."""
    return rand_scores(prediction, truth, thin=thin, volume=volume).f


def rand_error(prediction: Labels, truth: Labels, *, volume: bool = False) -> float:
    """The Rand error of the ISBI 2012 leaderboard, 0 (perfect) to 1; the one the 2015 U-Net paper cites (0.0382).

    "1 - the maximal F-score of the foreground-restricted Rand index": F over pairs of two different pixels of the
    truth's foreground, which are joined or not; a pixel with prediction 0 is joined to none; no thinning. The maximum
    is over thresholds: `best_threshold(probability, truth, rand_error)`. It differs from 1 - V_rand without thinning
    only by the pairs of a pixel with itself (about 1 / pixels) and in stacks, where the pairs of all sections are
    pooled before F is taken (V_rand: mean of the sections). Nothing in either: 0. Nothing in the truth only: 1.

    Args:
        prediction: (H, W) or (Z, H, W) labels, 0 = border; a mask (two values) counts as its 4-connected components.
        truth: the same shape.
        volume: take a stack as one volume, so that pairs across sections count too.

    Raises:
        InputError: the two are no label images of equal shape.

    Source:
        The challenge's evaluation page ("dismissed metrics"); Fiji's RandError.foregroundRestrictedRandIndex and
        getForegroundRestrictedRandIndexMaximalFScore; Rand 1971, JASA 66:846.
    """
    return joined_pairs(prediction, truth, volume=volume).error


def joined_pairs(prediction: Labels, truth: Labels, *, volume: bool = False) -> JoinedPairs:
    """The counts behind `rand_error`, with its arguments; those of several images can be added."""
    tables = segment_tables(prediction, truth, False, volume)
    return functools.reduce(operator.add, [_joined_pairs(pair) for pair in tables])


def segment_tables(prediction: Labels, truth: Labels, thin: bool, volume: bool) -> Iterator[Overlaps]:
    """The overlap table of each section's segments, or of the volume's."""
    prediction, truth = label_pair(prediction, truth)
    for predicted, true in [(prediction, truth)] if volume else sections(prediction, truth):
        segments = instances(predicted)
        yield table(thin_borders(segments) if thin else segments, instances(true))


def foreground_areas(pairs: Overlaps) -> tuple[Areas, Areas, Areas, float]:
    """Pixels in the truth's foreground: of each pair, predicted segment, truth segment, and with prediction 0."""
    shared = pairs.areas.astype(np.float64)
    predicted = np.bincount(pairs.prediction_index, shared, pairs.prediction_ids.size).astype(np.float64)
    true = pairs.truth_areas.astype(np.float64)
    return shared, predicted, true, float(true.sum() - shared.sum())


def table_scores(pairs: Overlaps) -> tuple[float, float, float]:
    """Precision, recall and F of an overlap table of segments."""
    if pairs.truth_ids.size == 0:
        perfect = float(pairs.prediction_ids.size == 0)
        return perfect, perfect, perfect
    shared, predicted, true, alone = foreground_areas(pairs)
    both = np.sum(shared**2) + alone
    in_prediction = np.sum(predicted**2) + alone
    in_truth = np.sum(true**2)
    return both / in_prediction, both / in_truth, 2.0 * both / (in_prediction + in_truth)


def _joined_pairs(pairs: Overlaps) -> JoinedPairs:
    shared, predicted, true, _ = foreground_areas(pairs)
    both, in_prediction, in_truth = (float(np.sum(areas * (areas - 1.0))) for areas in (shared, predicted, true))
    invented = pairs.prediction_ids.size if pairs.truth_ids.size == 0 else 0
    return JoinedPairs(both, in_prediction, in_truth, invented)
