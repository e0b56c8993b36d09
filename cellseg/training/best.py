"""The best of the models that were validated, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from torch import Tensor

from cellseg.errors import InputError
from cellseg.evaluation.choose_cut import are_outlined, is_dense
from cellseg.metrics.thresholds import SMALLER_IS_BETTER
from cellseg.models.card import CUT, ModelCard
from cellseg.models.trained import TrainedModel
from cellseg.options import TrainOptions
from cellseg.training.data import TrainingSet

LAST = "last"
CELLS = ("v_both", "v_rand", "v_info", "ap50")
"""Scores of numbered cells."""


@dataclass(frozen=True, slots=True)
class Best:
    """The best model so far.

    Attributes:
        step: after which it was validated.
        value: its score; larger is better.
        waited: validations since then.
        threshold, core, grow, minimum_size: how its probabilities become cells.
        weights: of its network; empty where the last model is kept in any case.
        fill_holes, split: as the other numbers of the cut; checkpoints of before had none.
    """

    step: int
    value: float
    waited: int
    threshold: float
    core: float
    grow: int
    minimum_size: int
    weights: dict[str, Tensor]
    fill_holes: int = 0
    split: float = 0.0


def as_tree(best: Best) -> dict[str, Any]:
    """What `Best(**tree)` makes it from again; nothing but numbers and tensors."""
    return {field.name: getattr(best, field.name) for field in fields(best)}


def metric_for(data: TrainingSet, options: TrainOptions) -> str:
    """The metric by which models are compared; see `best_by`.

    Raises InputError where it is not defined for these labels, or patience is asked for without images held out.
    """
    if options.patience and not data.validation:
        raise InputError(f"--patience {options.patience} needs images held out", "Give --validation, or more images.")
    if data.classes > 2 and options.best_by in CELLS:
        found = f"--best-by {options.best_by} is for cells and background, here are {data.classes} classes"
        raise InputError(found, "Choose iou or pixel_error.")
    if options.best_by not in (None, LAST):
        return options.best_by
    if data.classes > 2:
        return "iou"
    truths = [image.truth for image in data.validation]
    if truths and not are_outlined(truths):
        return "iou"
    return "v_both" if truths and is_dense(truths) else "ap50"


def value_of(scores: Mapping[str, float], metric: str) -> float:
    """How good a model is, larger is better; on the images of an earlier training it must be as good as on the new."""
    found = [scores[name] for name in (metric, f"old_{metric}") if name in scores]
    value = sum(found) / len(found)
    if math.isnan(value):
        return -math.inf
    return -value if metric in SMALLER_IS_BETTER else value


def better_of(best: Best | None, model: TrainedModel, step: int, value: float, keep: bool) -> Best:
    """The better one of the best so far and the model of this step; of equals the earlier one.

    Args:
        best: None before the first validation.
        model: of this step.
        step: the steps done.
        value: its score.
        keep: whether weights are kept.
    """
    if best is not None and value <= best.value:
        return replace(best, waited=best.waited + 1)
    weights = {name: tensor.detach().clone() for name, tensor in model.network.state_dict().items()} if keep else {}
    return Best(step, value, 0, weights=weights, **{name: getattr(model.card, name) for name in CUT})


def cut_as(card: ModelCard, best: Best) -> ModelCard:
    """The card with the best model's cut."""
    return replace(card, **{name: getattr(best, name) for name in CUT})
