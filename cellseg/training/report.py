"""Report of a training, for people and for programs."""

from __future__ import annotations

import math
from typing import Any

from cellseg.training.cut_images import FEW
from cellseg.training.data import TrainingSet
from cellseg.training.events import Finished

FORGOTTEN = 0.02
"""A score on the images of an earlier training that falls by more is worth a warning."""


def report_of(found: Finished, data: TrainingSet, steps: int) -> dict[str, Any]:
    """The evaluation of the model, as it stands in report.json.

    Args:
        found: how the training ended.
        data: what it learnt from.
        steps: that were asked for.
    """
    card = found.model.card
    return {
        "format": 1,
        "network": card.name,
        "parameters": sum(p.numel() for p in found.model.network.parameters()),
        "classes": list(card.class_names),
        "steps": steps,
        "steps_done": found.step,
        "step_of_the_model": found.chosen,
        "chosen_by": found.best_by,
        "threshold": card.threshold,
        "core": card.core,
        "minimum_size": card.minimum_size,
        "minimum_probability": card.minimum_probability,
        "fill_holes": card.fill_holes,
        "split": card.split,
        "grow": card.grow,
        "cut_chosen_on": _chosen_on(data),
        "images": {
            "training": len(data.new),
            "validation": len(data.validation),
            "replay": data.replayed,
            "replay_validation": len(data.old_validation),
        },
        "scores": found.scores,
        "scores_before": found.before,
        "forgotten": forgotten(found),
        "scores_by_image": [{"image": name, **scores} for name, scores in found.images],
    }


def _chosen_on(data: TrainingSet) -> str:
    if not data.validation:
        return "training images"
    return "images held out" if len(data.held) >= FEW else "images held out and some training images"


def forgotten(found: Finished) -> dict[str, float]:
    """By how much scores on the images of an earlier training became worse, where that is worth a warning."""
    losses = {name: found.before[name] - value for name, value in found.scores.items() if name.startswith("old_")}
    return {
        name: loss
        for name, loss in losses.items()
        if name != "old_log_loss" and (loss if name != "old_pixel_error" else -loss) > FORGOTTEN
    }


def in_text(report: dict[str, Any]) -> str:
    """The report in some lines."""
    images = report["images"]
    early = " (stopped early)" if report["steps_done"] < report["steps"] else ""
    old = f" and {images['replay']} of an earlier training" if images["replay"] else ""
    lines = [
        f"A {report['network']} of {report['parameters']:,} parameters, classes: {', '.join(report['classes'])}.",
        f"Trained on {images['training']} images{old} for {report['steps_done']} of {report['steps']} steps{early}.",
        f"The model is that of step {report['step_of_the_model']}, {_reason(report)}.",
        _cut(report),
    ]
    if report["scores"]:
        lines += ["", *_table(report["scores"], report["scores_before"])]
        lines += ["", "Model and threshold were chosen on these images, so the scores flatter a little;"]
        lines += ["`cellseg evaluate` on images that had no part in the training tells more."]
    if report["forgotten"]:
        worse = ", ".join(f"{name[4:]} by {abs(loss):.3f}" for name, loss in report["forgotten"].items())
        lines += ["", f"On the images of the earlier training it became worse: {worse}."]
        lines += ["Raise --replay-share, or lower --rate or --steps."]
    worst = _worst(report)
    if worst:
        lines += ["", worst]
    return "\n".join(lines) + "\n"


def _cut(report: dict[str, Any]) -> str:
    if len(report["classes"]) > 2:
        return f"Each pixel has its most probable class; smallest cell {report['minimum_size']} px."
    core = f", of cores {report['core']:g}" if report["core"] else ""
    sure = f", half of a cell at least {report['minimum_probability']:g}" if report["minimum_probability"] else ""
    split = f", holes up to {report['fill_holes']} px filled" if report["fill_holes"] else ""
    split += f", cut apart as cells of {report['split']:g} px" if report["split"] else ""
    return (
        f"Threshold {report['threshold']:g}{core}, smallest cell {report['minimum_size']} px{sure}, cells grown by "
        f"{report['grow']} px{split}; chosen on {report['cut_chosen_on']}."
    )


def _reason(report: dict[str, Any]) -> str:
    return "the last one" if report["chosen_by"] == "last" else f"the best by {report['chosen_by']} of those validated"


def _table(scores: dict[str, float], before: dict[str, float]) -> list[str]:
    head = f"{'score':<18}{'now':>10}" + (f"{'before':>10}" if before else "")
    rows = [(f"{name:<18}{value:>10.4f}", f"{before.get(name, math.nan):>10.4f}") for name, value in scores.items()]
    return [head, *(now + (then if before else "") for now, then in rows)]


def _worst(report: dict[str, Any]) -> str:
    name = "iou"
    rows = [row for row in report["scores_by_image"] if name in row]
    if len(rows) < 2:
        return ""
    worst = min(rows, key=lambda row: float(row[name]))
    return f"The worst image held out by {name}: {worst['image']} ({worst[name]:.4f})."
