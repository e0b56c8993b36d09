"""Information scores: how much does one segmentation tell about the other?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.metrics.overlap import Overlaps
from cellseg.metrics.rand import foreground_areas, segment_tables, table_scores
from cellseg.metrics.ratios import ratio


@dataclass(frozen=True, slots=True)
class InformationScores:
    """Foreground-restricted information scores, 0 to 1; for a stack the means over its sections."""

    split: float
    """I / H(prediction), falls with splits."""
    merge: float
    """I / H(truth), falls with merges."""
    f: float
    """V_info, the harmonic mean of the two (in each section)."""


def information_scores(
    prediction: Labels, truth: Labels, *, thin: bool = False, volume: bool = False
) -> InformationScores:
    """Foreground-restricted information scores of the ISBI 2012 challenge.

    V_info = 2 I(S; T) / (H(S) + H(T)) over the truth's foreground, with each pixel of prediction 0 as a segment of
    its own. No foreground in either: 1. None in the truth only: 0. None in the prediction only: the formula, with all
    pixels apart. Where the truth is one single segment its entropy is 0: V_info is then 1 if the prediction is one
    segment too and 0 otherwise.

    Args:
        prediction: (H, W) or (Z, H, W) labels, 0 = border; a mask (two values) counts as its 4-connected components.
        truth: the same shape.
        thin: thin the prediction's borders to one pixel first, as the challenge's final ranking does.
        volume: take a stack as one volume (mask: 6-connected components) and not section by section.

    Raises:
        InputError: the two are no label images of equal shape.

    Source:
        Arganda-Carreras et al. 2015, Front. Neuroanat. 9:142, equations 4 to 6; Fiji's
        VariationOfInformation.foregroundRestrictedVI.
    """
    scores = [_scores(pair) for pair in segment_tables(prediction, truth, thin, volume)]
    split, merge, f = np.mean(scores, axis=0)
    return InformationScores(float(split), float(merge), float(f))


def v_info(prediction: Labels, truth: Labels, *, thin: bool = False, volume: bool = False) -> float:
    """V_info, 0 to 1 (perfect): `information_scores(...).f`."""
    return information_scores(prediction, truth, thin=thin, volume=volume).f


def v_scores(prediction: Labels, truth: Labels) -> tuple[float, float]:
    """V_rand and V_info from one overlap table: `v_rand(prediction, truth)` and `v_info(prediction, truth)`."""
    tables = segment_tables(prediction, truth, False, False)
    rand, information = np.mean([(table_scores(pair)[2], _scores(pair)[2]) for pair in tables], axis=0)
    return float(rand), float(information)


def _scores(pairs: Overlaps) -> tuple[float, float, float]:
    if pairs.truth_ids.size == 0:
        perfect = float(pairs.prediction_ids.size == 0)
        return perfect, perfect, perfect
    shared, predicted, true, alone = foreground_areas(pairs)
    pixels = true.sum()
    apart = alone / pixels * np.log(pixels)
    of_truth = _entropy(true / pixels)
    of_prediction = _entropy(predicted / pixels) + apart
    mutual = max(of_truth + of_prediction - _entropy(shared / pixels) - apart, 0.0)
    return (
        min(ratio(mutual, of_prediction), 1.0),
        min(ratio(mutual, of_truth), 1.0),
        min(ratio(2.0 * mutual, of_prediction + of_truth), 1.0),
    )


def _entropy(shares: NDArray[np.float64]) -> float:
    shares = shares[shares > 0]
    return float(-np.sum(shares * np.log(shares)))
