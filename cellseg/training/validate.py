"""Scores on whole images, at the threshold that suits the model best."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cellseg import metrics
from cellseg.arrays import Float32
from cellseg.evaluation.choose_cut import search_cut
from cellseg.evaluation.cut_scores import AP_AT, PredictedPlane, both, found_in
from cellseg.evaluation.informative import is_known, tell_apart
from cellseg.evaluation.windows import SEARCHED_SIDE, searched_pixels, spread, windows_of
from cellseg.inference.scale import unscaled
from cellseg.labels.meaning import LabelPlane
from cellseg.metrics.detection import detections
from cellseg.metrics.information import v_scores
from cellseg.metrics.overlap import overlaps
from cellseg.models.card import ModelCard
from cellseg.models.trained import TrainedModel
from cellseg.preprocess.targets import separated_classes
from cellseg.steps import finished, retold
from cellseg.training.best import scores_that_tell
from cellseg.training.cut_images import FEW, JUDGED_SIDE, most_chosen
from cellseg.training.data import Annotated, TrainingSet
from cellseg.training.events import PredictedImage, Validating
from cellseg.training.validation_parts import ShownPart, parts_of

NOTHING = np.zeros((0, 0, 0), np.float32)
"""Probabilities that were let go of."""
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
    """The result of `judging`."""
    return finished(judging(model, data, cut))


def judging(
    model: TrainedModel, data: TrainingSet, cut: bool = True, step: int = 0
) -> Generator[Validating, None, Judged]:
    """Choose where the model cuts (or, without `cut`, leave its own) and score it on the images held out.

    The cut is chosen on images held out; where they are few or tell no cells apart, also on some that it has learnt
    from. Of large images windows are looked at, so that time and memory have a bound.

    Yields how far it is; `step` is that of the model.
    """
    held, old = (_known(images) for images in (data.validation, data.old_validation))
    shown = _Shown(unscaled(model), (*held, *old), step)  # the images are as large already as the network sees them
    chosen = _chosen(data, held, old)
    yield from shown.predict(chosen)
    if cut:
        model = TrainedModel(model.network, (yield from _with_cut(model, [shown.seen(part) for part in chosen], step)))
    rows: list[tuple[str, dict[str, float]]] = []
    means: dict[str, float] = {}
    for before, parts in (("", held), ("old_", old)):
        found, apart = [], tell_apart([part.image.truth for part in parts])
        for part in parts:
            yield from shown.predict([part])
            truth, probabilities = part.image.truth, shown.seen(part).probabilities
            found.append(scores_that_tell(scores(probabilities, truth, model.card), truth, apart))
            shown.forget(part, chosen)
            yield Validating(step, "scoring", len(rows) + len(found), len(held) + len(old))
        rows += zip((part.image.name for part in parts), found, strict=True)
        means |= {before + name: value for name, value in _means(found).items()}
    return Judged(model, means, tuple(rows), tuple(shown.seen(part) for part in chosen))


@dataclass(slots=True, eq=False)
class _Shown:
    """Probabilities of the parts of images that were predicted so far.

    Attributes:
        model: that predicts.
        judged: all parts that are scored.
        step: of the model.
    """

    model: TrainedModel
    judged: Sequence[ShownPart]
    step: int
    _known: dict[int, PredictedImage] = field(default_factory=dict)
    _done: int = 0

    def predict(self, parts: Sequence[ShownPart]) -> Generator[Validating]:
        """Predict those parts that were not yet."""
        missing = [part for part in parts if id(part) not in self._known]
        total = self._done + sum({id(part): part.pixels for part in (*missing, *self._left())}.values())
        for part in missing:
            probabilities = yield from retold(part.predicted(self.model), partial(self._progress, total))
            self._known[id(part)] = PredictedImage(part.image, probabilities)
            self._done += part.pixels

    def _left(self) -> list[ShownPart]:
        return [part for part in self.judged if id(part) not in self._known]

    def _progress(self, total: int, done: int) -> Validating:
        return Validating(self.step, "predicting", self._done + done, total)

    def seen(self, part: ShownPart) -> PredictedImage:
        """The part with what the model gives it."""
        return self._known[id(part)]

    def forget(self, part: ShownPart, kept: Sequence[ShownPart]) -> None:
        """Let go of the probabilities of a part that was scored, unless it is one of those to keep."""
        if not any(part is one for one in kept):
            self._known[id(part)] = replace(self._known[id(part)], probabilities=NOTHING)


def _with_cut(model: TrainedModel, seen: Sequence[PredictedImage], step: int) -> Generator[Validating, None, ModelCard]:
    """The model's card with the cut that suits these images best, or windows of them."""
    pixels = searched_pixels(len(seen))
    search = search_cut(model.card, [plane for one in seen for plane in _searched(one, pixels)])
    return (yield from retold(search, lambda one: Validating(step, "searching the cut", one.done, one.total)))


def _searched(seen: PredictedImage, pixels: int) -> list[PredictedPlane]:
    """The image, or windows of it with so many pixels."""
    truth, found = seen.image.truth, seen.probabilities
    windows = windows_of(truth, pixels)
    if windows[0].shape == truth.ignore.shape:
        return [PredictedPlane(truth, found)]
    return [PredictedPlane(one.of(truth), found[:, one.rows, one.columns]) for one in windows]


def _chosen(data: TrainingSet, held: Sequence[ShownPart], old: Sequence[ShownPart]) -> list[ShownPart]:
    """The parts on which the cut is chosen."""
    candidates = [*(held if data.validation else parts_of(data.new, SEARCHED_SIDE)), *old]
    chosen = spread(candidates, how_many([part.image for part in candidates])) if candidates else []
    apart = tell_apart([part.image.truth for part in candidates])
    missing = FEW - len(candidates) if apart else FEW
    if data.validation and missing > 0:
        new = parts_of(data.new, SEARCHED_SIDE)
        chosen += spread(new, min(missing, how_many([part.image for part in new])))
    return chosen


def _known(images: Sequence[Annotated]) -> list[ShownPart]:
    """The parts of images in which somebody annotated something."""
    return [part for part in parts_of(images, JUDGED_SIDE) if is_known(part.image.truth)]


def _means(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each score over the images that have it."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def how_many(images: Sequence[Annotated]) -> int:
    """Of how many images the threshold is chosen."""
    return most_chosen(float(np.mean([image.truth.classes.size for image in images])))


def scores(probabilities: Float32, truth: LabelPlane, card: ModelCard) -> dict[str, float]:
    """Metrics of one image, probabilities (classes, H, W), cut as the card says; unannotated pixels do not count."""
    known, loss = ~truth.ignore, log_loss(probabilities, truth)
    if len(probabilities) > 2:
        classes = np.where(known, probabilities.argmax(axis=0), 0)
        wanted = np.where(known, truth.classes, 0)
        error = metrics.pixel_error(classes, wanted)
        return {"pixel_error": error, "iou": _mean_iou(classes, wanted), "log_loss": loss}
    cells = np.where(known, truth.instances, 0)
    found = found_in(probabilities, truth, card)
    v_rand, v_info = v_scores(found, cells)
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


def log_loss(probabilities: Float32, truth: LabelPlane) -> float:
    """Mean of -log p of the true class over the known pixels; nan where there are none.

    Probabilities (classes, H, W) below `LEAST`, and of classes that the model does not have, count as that. The line
    between touching cells is left out: the network has learnt to call it background, which the labels do not.
    """
    line = separated_classes(truth.instances, truth.classes, truth.ignore) != truth.classes
    known = ~(truth.ignore | line)
    given = np.full(truth.classes.shape, LEAST, np.float32)
    for number, probability in enumerate(probabilities):
        np.copyto(given, probability, where=truth.classes == number)
    pixels = int(known.sum())
    total = -np.log(np.maximum(given, LEAST), out=given).sum(where=known, dtype=np.float64)
    return float(total) / pixels if pixels else float("nan")


def _mean_iou(found: NDArray[np.generic], wanted: NDArray[np.generic]) -> float:
    present = [k for k in np.unique(wanted) if k]
    return float(np.mean([metrics.iou(found == k, wanted == k) for k in present])) if present else 1.0
