"""Scores on whole images, and the threshold and growth that suit the model best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cellseg import metrics
from cellseg.images.labels import LabelPlane
from cellseg.inference.instances import label_instances
from cellseg.inference.predict import predict_array
from cellseg.models.trained import TrainedModel
from cellseg.training.data import Annotated

THRESHOLDS = tuple(round(0.05 * k, 2) for k in range(1, 20))
GROWTH = (0, 1, 2)
DENSE = 0.5  # part of the foreground from which on cells fill the image, as in EM


def validate(model: TrainedModel, images: Sequence[Annotated]) -> dict[str, float]:
    """Mean scores over images at the model's threshold; empty without images."""
    rows = [
        scores(predict_array(model, image.image), image.truth, model.card.threshold, model.card.grow)
        for image in images
    ]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]} if rows else {}


def choose_cut(model: TrainedModel, images: Sequence[Annotated]) -> tuple[float, int]:
    """The threshold and growth with the best mean score over images: V_rand where cells fill the image, else AP.

    Instances are grown only where the annotated cells touch, so that the separating border took pixels off them.
    """
    if model.network.options.classes != 2 or not images:
        return model.card.threshold, model.card.grow
    dense = bool(np.mean([image.truth.classes.mean() for image in images]) > DENSE)
    growth = GROWTH if any(touch(image.truth.instances) for image in images) else GROWTH[:1]
    total = np.zeros((len(growth), len(THRESHOLDS)))
    for image in images:
        probability = predict_array(model, image.image)[1]
        total += [[_score(probability >= t, image.truth, grow, dense) for t in THRESHOLDS] for grow in growth]
    grow = int(total.max(axis=1).argmax())
    best = np.flatnonzero(total[grow] >= total[grow].max() - 1e-12)
    return THRESHOLDS[int(best[len(best) // 2])], growth[grow]


def touch(instances: NDArray[np.int32]) -> bool:
    """Whether pixels of two different instances (H, W) are neighbours."""
    sides = ((instances[1:], instances[:-1]), (instances[:, 1:], instances[:, :-1]))
    return any(bool(((a != b) & (a > 0) & (b > 0)).any()) for a, b in sides)


def scores(probabilities: NDArray[np.float32], truth: LabelPlane, threshold: float, grow: int = 0) -> dict[str, float]:
    """Metrics of one image, probabilities (classes, H, W); pixels nobody annotated do not count."""
    known = ~truth.ignore
    if len(probabilities) > 2:
        found = np.where(known, probabilities.argmax(axis=0), 0)
        wanted = np.where(known, truth.classes, 0)
        return {"pixel_error": metrics.pixel_error(found, wanted), "iou": _mean_iou(found, wanted)}
    foreground = (probabilities[1] >= threshold) & known
    cells = np.where(known, truth.instances, 0)
    found = np.where(known, label_instances(foreground, grow=grow), 0)
    return {
        "pixel_error": metrics.pixel_error(found > 0, cells > 0),
        "iou": metrics.iou(found > 0, cells > 0),
        "v_rand": metrics.v_rand(found, cells),
        "v_info": metrics.v_info(found, cells),
        "ap50": metrics.average_precision(found, cells, 0.5),
    }


def _score(foreground: NDArray[np.bool_], truth: LabelPlane, grow: int, dense: bool) -> float:
    found = np.where(truth.ignore, 0, label_instances(foreground, grow=grow))
    if dense:
        return metrics.v_rand(found, truth.instances)
    return float(np.mean([metrics.average_precision(found, truth.instances, t) for t in (0.5, 0.6, 0.7, 0.8, 0.9)]))


def _mean_iou(found: NDArray[np.generic], wanted: NDArray[np.generic]) -> float:
    present = [k for k in np.unique(wanted) if k]
    return float(np.mean([metrics.iou(found == k, wanted == k) for k in present])) if present else 1.0
