"""Which threshold and minimum size suit a model best, on images that it has not learnt from."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cellseg.cli.evaluate_cases import Case
from cellseg.cli.evaluate_read import Reader, Truth, read_probability
from cellseg.cli.evaluate_tables import base_name, mean_of
from cellseg.cli.progress import bar, console, say
from cellseg.errors import InputError
from cellseg.inference.cut import instance_options
from cellseg.inference.instances import InstanceOptions, label_as
from cellseg.metrics.candidates import DENSE, THRESHOLDS, sizes_to_try
from cellseg.metrics.scores import parse_names, pool, score
from cellseg.metrics.thresholds import SMALLER_IS_BETTER
from cellseg.models.card import ModelCard, model_file, read_card, shipped_files, store_card

Setting = tuple[float, int]
"""Threshold and minimum size."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """The score of each setting, and the best one."""

    metric: str
    values: dict[Setting, float]
    best: Setting

    @property
    def value(self) -> float:
        """The best score."""
        return self.values[self.best]


def run_sweep(
    cases: Sequence[Case], reader: Reader, metrics: str, store: Path | None, picture: Path | None, as_json: bool
) -> int:
    """Search, report, draw and store."""
    file = None if store is None else _own(model_file(store))
    card = None if file is None else _checked(read_card(file), file)
    _check_probabilities(cases, reader)
    truths = [reader.read_truth(case) for case in cases]
    metric = parse_names(metrics)[0] if metrics else _metric_for(truths)
    found = sweep(cases, truths, reader, metric, card)
    if picture is not None:
        draw_sweep(found, picture)
        say(f"wrote {picture}")
    if file is not None and card is not None:
        store_card(file, with_best(card, found, len(cases)))
        say(f"stored threshold {found.best[0]:g} and minimum size {found.best[1]} in {file} (grown by {card.grow})")
    _report(found, file, as_json)
    return 0


def _own(file: Path) -> Path:
    """The file, unless it is a part of the package."""
    if file in shipped_files().values():
        found = "comes with cellseg and is not changed"
        raise InputError(found, "Copy it, and give the copy to --store and to `cellseg predict`.", path=file)
    return file


def sweep(
    cases: Sequence[Case], truths: Sequence[Truth], reader: Reader, metric: str, card: ModelCard | None = None
) -> Sweep:
    """Score every threshold with every minimum size.

    Args:
        cases: whose predictions are probabilities.
        truths: what is known of each.
        reader: how they are compared.
        metric: a name from `cellseg.metrics.scores`; pooled over all images where it can be, else the mean.
        card: of the model that made them, which says what else becomes of the mask.
    """
    usual, core = (instance_options(card), card.core) if card else (InstanceOptions(), 0.0)
    sizes = sizes_to_try(truth.cells for truth in truths if truth.cells is not None)
    settings = [(threshold, size) for size in sizes for threshold in THRESHOLDS]
    scores: dict[Setting, list] = {setting: [] for setting in settings}  # type: ignore[type-arg]
    with bar("trying thresholds", len(cases)) as update:
        for count, (case, truth) in enumerate(zip(cases, truths, strict=True), 1):
            probability = read_probability(case.prediction)
            for setting in settings:
                mask = probability >= setting[0]
                cores = probability >= core if core > setting[0] else None
                options = replace(usual, minimum_size=setting[1], cores=cores is not None)
                compared = reader.compare(truth, label_as(mask, options, cores), mask)
                scores[setting].append(score(compared, (metric,), volume=reader.options.volume))
            update(count, case.name)
    means = {setting: mean_of([one.values for one in found]) for setting, found in scores.items()}
    pooled = {setting: pool(found, (metric,)) for setting, found in scores.items()}
    values = {setting: pooled[setting].get(metric, means[setting].get(metric, np.nan)) for setting in settings}
    return Sweep(metric, values, best_setting(values, base_name(metric) in SMALLER_IS_BETTER))


def best_setting(values: Mapping[Setting, float], smaller_is_better: bool) -> Setting:
    """The setting with the best score; of several, those of the smallest size, and of these the middle threshold.

    Raises:
        InputError: the score is nowhere defined.
    """
    known = {setting: -value if smaller_is_better else value for setting, value in values.items() if value == value}
    if not known:
        raise InputError("the metric is not defined on these images", "Choose another one with --metrics.")
    best = [setting for setting, value in known.items() if value >= max(known.values()) - 1e-12]
    size = min(size for _, size in best)
    thresholds = sorted(threshold for threshold, other in best if other == size)
    return thresholds[len(thresholds) // 2], size


def with_best(card: ModelCard, found: Sweep, images: int) -> ModelCard:
    """The card with the best setting, and how it was found."""
    told = {"metric": found.metric, "value": found.value, "images": images}
    threshold, size = found.best
    return replace(card, threshold=threshold, minimum_size=size, training={**card.training, "sweep": told})


def draw_sweep(found: Sweep, path: Path) -> None:
    """A curve of the score over the threshold for each minimum size; the best is marked."""
    from matplotlib.figure import Figure

    from cellseg.cli.drawing import save_picture
    from cellseg.cli.pictures import BLUE, GREEN, GREY, ORANGE

    figure = Figure(figsize=(6, 3.8), layout="constrained")
    axes = figure.subplots()
    sizes = sorted({size for _, size in found.values})
    for size, colour, style in zip(sizes, (BLUE, ORANGE, GREEN, GREY), ("-", "--", "-.", ":"), strict=False):
        curve = [found.values[threshold, size] for threshold in THRESHOLDS]
        axes.plot(THRESHOLDS, curve, style, color=colour, marker="o", markersize=3, label=f"{size} px or more")
    axes.plot(found.best[0], found.value, "k*", markersize=13, label=f"best: {found.best[0]:g}")
    axes.set(xlabel="threshold", ylabel=found.metric)
    axes.legend(fontsize=8, title="cells of")
    save_picture(figure, path)


def _metric_for(truths: Sequence[Truth]) -> str:
    """V_rand where cells fill the images, else the mean average precision."""
    filled = [float(np.mean(truth.cells > 0)) for truth in truths if truth.cells is not None]
    return "v_rand" if filled and np.mean(filled) > DENSE else "mean_average_precision"


def _checked(card: ModelCard, file: Path) -> ModelCard:
    if len(card.class_names) != 2:
        found = f"tells {len(card.class_names)} classes apart, each pixel has the most probable one"
        raise InputError(found, "A threshold is for models of cells and background.", path=file)
    return card


def _check_probabilities(cases: Sequence[Case], reader: Reader) -> None:
    source = cases[0].prediction.source
    if reader.prediction is not None or source.channels > 1:
        found = f"holds {source.channels} classes" if source.channels > 1 else "holds labels"
        remedy = "--sweep wants the probabilities of one class, as cellseg predict --result probabilities writes them."
        raise InputError(found, remedy, path=source.path)


def _report(found: Sweep, stored: Path | None, as_json: bool) -> None:
    if as_json:
        curve = [{"threshold": t, "minimum_size": s, "value": _plain(v)} for (t, s), v in found.values.items()]
        tree = {
            "metric": found.metric,
            "threshold": found.best[0],
            "minimum_size": found.best[1],
            "value": found.value,
            "curve": curve,
            "stored": None if stored is None else str(stored),
        }
        sys.stdout.write(json.dumps(tree) + "\n")
        return
    from rich.table import Table

    sizes = sorted({size for _, size in found.values})
    table = Table("threshold", *(f"{size} px or more" if size else "any size" for size in sizes), title=found.metric)
    for threshold in THRESHOLDS:
        marks = [" ←" if (threshold, size) == found.best else "" for size in sizes]
        row = [f"{found.values[threshold, size]:.4f}{mark}" for size, mark in zip(sizes, marks, strict=True)]
        table.add_row(f"{threshold:g}", *row, style="bold" if any(marks) else "")
    console(error=False).print(table)
    if stored is None:
        say(f"best: --threshold {found.best[0]:g} --minimum-size {found.best[1]}")


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None
