"""Scores on whole images, at the threshold that suits the model best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellseg import metrics
from cellseg.evaluation.choose_cut import AP_AT, PredictedPlane, Probabilities, both, choose_cut, found_in
from cellseg.evaluation.telling import is_known, tell_apart
from cellseg.inference.predict import predict_array
from cellseg.inference.scale import unscaled
from cellseg.labels.meaning import LabelPlane
from cellseg.metrics.detection import detections
from cellseg.metrics.overlap import overlaps
from cellseg.models.card import ModelCard
from cellseg.models.trained import TrainedModel
from cellseg.training.best import scores_that_tell
from cellseg.training.choosing import FEW, most_chosen
from cellseg.training.data import Annotated, TrainingSet
from cellseg.training.events import PredictedImage

LEAST = 1e-7
"""Probability as which smaller ones count, so that one sure mistake does not decide all."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A model with its threshold chosen, and how good it is.

    Attributes:
        model: the threshold, growth and minimum size in its card suit the images best that are held out.
        scores: means over the images held out, and of those of an earlier training with "old_" before the name.
        images: the scores of each, by name.
        seen: some of the images that the threshold was chosen on.
    """

    model: TrainedModel
    scores: dict[str, float]
    images: tuple[tuple[str, dict[str, float]], ...]
    seen: tuple[PredictedImage, ...]


def judge(model: TrainedModel, data: TrainingSet, cut: bool = True) -> Judged:
    """Choose where the model cuts (or, without `cut`, leave its own) and score it on the images held out.

    The cut is chosen on images held out; where they are few or tell no cells apart, also on some that it has learnt
    from.
    """
    candidates = _known((*(data.validation or data.new), *data.old_validation))
    chosen = spread(candidates, how_many(candidates)) if candidates else ()
    missing = FEW - len(candidates) if tell_apart([image.truth for image in candidates]) else FEW
    if data.validation and missing > 0:
        chosen += spread(data.new, min(missing, how_many(data.new)))
    as_seen = unscaled(model)  # the images are as large already as the network sees them
    seen = tuple(PredictedImage(image, predict_array(as_seen, image.image)) for image in chosen)
    if cut:
        examples = [PredictedPlane(one.image.truth, one.probabilities) for one in seen]
        model = TrainedModel(model.network, choose_cut(model.card, examples))
    known = {id(one.image): one.probabilities for one in seen}
    rows: list[tuple[str, dict[str, float]]] = []
    means: dict[str, float] = {}
    for before, images in (("", _known(data.validation)), ("old_", _known(data.old_validation))):
        found, apart = [], tell_apart([image.truth for image in images])
        for image in images:
            probabilities = known[id(image)] if id(image) in known else predict_array(as_seen, image.image)
            found.append(scores_that_tell(scores(probabilities, image.truth, model.card), image.truth, apart))
        rows += zip((image.name for image in images), found, strict=True)
        means |= {before + name: value for name, value in _means(found).items()}
    return Judged(model, means, tuple(rows), seen)


def _known(images: Sequence[Annotated]) -> tuple[Annotated, ...]:
    """Images in which somebody annotated something."""
    return tuple(image for image in images if is_known(image.truth))


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over the images that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def how_many(images: Sequence[Annotated]) -> int:
    """Of how many images the threshold is chosen."""
    return most_chosen(float(np.mean([image.truth.classes.size for image in images])))


def spread(images: Sequence[Annotated], count: int) -> tuple[Annotated, ...]:
    """At most `count` of the images, evenly spread."""
    if len(images) <= count:
        return tuple(images)
    return tuple(images[k * (len(images) - 1) // (count - 1)] for k in range(count))


def scores(probabilities: Probabilities, truth: LabelPlane, card: ModelCard) -> dict[str, float]:
    """Metrics of one image, probabilities (classes, H, W), cut as the card says; unannotated pixels do not count."""
    known, loss = ~truth.ignore, log_loss(probabilities, truth)
    if len(probabilities) > 2:
        classes = np.where(known, probabilities.argmax(axis=0), 0)
        wanted = np.where(known, truth.classes, 0)
        error = metrics.pixel_error(classes, wanted)
        return {"pixel_error": error, "iou": _mean_iou(classes, wanted), "log_loss": loss}
    cells = np.where(known, truth.instances, 0)
    found = found_in(probabilities, truth, card)
    v_rand, v_info = metrics.v_rand(found, cells), metrics.v_info(found, cells)
    pairs = overlaps(found, cells)
    precisions = [detections(pairs, threshold).average_precision for threshold in AP_AT]
    return {
        "pixel_error": metrics.pixel_error(found > 0, cells > 0),
        "iou": metrics.iou(found > 0, cells > 0),
        "log_loss": loss,
        "v_rand": v_rand,
        "v_info": v_info,
        "v_both": both(v_rand, v_info),
        "mean_ap": float(np.mean(precisions)),
        "ap50": precisions[0],
    }


def log_loss(probabilities: Probabilities, truth: LabelPlane) -> float:
    """Mean of -log p of the true class over the known pixels; nan where there are none.

    Probabilities (classes, H, W) below `LEAST`, and of classes that the model does not have, count as that.
    """
    known = ~truth.ignore
    given = np.full(truth.classes.shape, LEAST, np.float32)
    for number, probability in enumerate(probabilities):
        np.copyto(given, probability, where=truth.classes == number)
    pixels = int(known.sum())
    total = -np.log(np.maximum(given, LEAST), out=given).sum(where=known, dtype=np.float64)
    return float(total) / pixels if pixels else float("nan")


def _mean_iou(found: NDArray[np.generic], wanted: NDArray[np.generic]) -> float:
    present = [k for k in np.unique(wanted) if k]
    return float(np.mean([metrics.iou(found == k, wanted == k) for k in present])) if present else 1.0
