"""The threshold at which probabilities score best, and the rule where several do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Labels
from cellseg.errors import InputError

CHALLENGE_THRESHOLDS = tuple(step / 10 for step in range(11))
"""0, 0.1, ... 1, the challenge's."""

SMALLER_IS_BETTER = frozenset({"pixel_error", "rand_error", "warping_error", "hausdorff95", "count_error"})


TIE = 1e-12
"""Scores that differ by no more are equal."""


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The threshold at which a metric was best."""

    threshold: float
    value: float
    values: dict[float, float]
    """Threshold -> value of all that were tried."""


def middle_of_best(thresholds: Sequence[float], scores: Sequence[float], tie: float = TIE) -> float:
    """Of the thresholds with the best score the one nearest to their middle, which is the least sensitive.

    Args:
        thresholds: in rising order.
        scores: of each, larger is better; nan where there is none, but not everywhere.
        tie: scores that differ by no more are equal.
    """
    known = np.asarray(scores, np.float64)
    best = np.asarray(thresholds)[known >= np.nanmax(known) - tie]
    return float(best[np.abs(best - (best[0] + best[-1]) / 2).argmin()])


def best_threshold(
    probability: NDArray[Any],
    truth: Labels,
    metric: Callable[[NDArray[np.bool_], Labels], float],
    thresholds: Iterable[float] = CHALLENGE_THRESHOLDS,
    smaller_is_better: bool | None = None,
) -> BestThreshold:
    """Try thresholds and keep the one with the best value; of several the one nearest to their middle.

    One threshold serves all sections of a stack, as in the challenge. A pixel above the threshold is foreground.

    Args:
        probability: (H, W) or (Z, H, W) of the foreground, 0 to 1; uint8 counts as 0 to 255.
        truth: labels of the same shape, 0 = background.
        metric: called as metric(mask, truth), one of this package's or your own.
        thresholds: numbers from 0 to 1.
        smaller_is_better: needed for a metric of your own; this package's are known.

    Raises:
        InputError: there is no threshold, or it is not known which values of the metric are good.
    """
    scaled = probability / np.float32(255) if probability.dtype == np.uint8 else probability
    values = {float(threshold): float(metric(scaled > threshold, truth)) for threshold in thresholds}
    if not values:
        raise InputError("there is no threshold to try", "Give at least one number from 0 to 1.")
    sign = -1 if _smaller_is_better(metric, smaller_is_better) else 1
    tried = sorted(values)
    best = middle_of_best(tried, [sign * values[threshold] for threshold in tried])
    return BestThreshold(best, values[best], values)


def _smaller_is_better(metric: Any, given: bool | None) -> bool:
    if given is not None:
        return given
    function = getattr(metric, "func", metric)
    if not getattr(function, "__module__", "").startswith("cellseg.metrics."):
        raise InputError("this metric is not one of cellseg's", "Say with smaller_is_better which values are good.")
    return getattr(function, "__name__", "") in SMALLER_IS_BETTER
