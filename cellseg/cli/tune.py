"""cellseg tune: the cut that suits a model best."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cellseg.cli.flags import JsonFlag
from cellseg.cli.label_notes import say_notes
from cellseg.cli.progress import bar, console, say
from cellseg.options import LabelOptions, TruthOptions
from cellseg.steps import Heard

if TYPE_CHECKING:
    from cellseg.evaluation.choose_cut import Search
    from cellseg.evaluation.cut_scores import PredictedPlane
    from cellseg.evaluation.tuning import Tuned, Tuning

METRICS = {
    "v_both": "geometric mean of V_rand and V_info",
    "mean_ap": "mean AP at IoU 0.5 to 0.9",
    "balanced": "annotated pixels that are right, mean of cells and background",
}


def tune(
    probabilities: str,
    truth: str,
    *,
    store: Path | None = None,
    picture: Path | None = None,
    planes: str = "",
    options: Annotated[TruthOptions, Parameter(name="*")] = TruthOptions(),
    labels: Annotated[LabelOptions, Parameter(name="*")] = LabelOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Search how probabilities are best cut into cells: threshold, core, growth, minimum size and
    probability, holes and splitting.

    The search is the one at the end of a training. Tune on images that the model was not trained on.

    Parameters
    ----------
    probabilities
        A TIFF, a folder or a glob with the probability of one class, as `cellseg predict --result probabilities`
        writes it.
    truth
        The same for the truth, matched by page or by name; or the CTC's 01_GT or 01_ST, matched by frame.
    store
        Run folder or model file in which the cut is stored, for `cellseg predict`.
    picture
        PNG to write with the score over the threshold.
    planes
        Only some of the pairs, such as 20:24 (from 0, the last excluded).
    """
    from cellseg.evaluation import tuning

    file, card = (None, tuning.PLAIN) if store is None else tuning.own_model(store)
    plan = tuning.plan_tuning(probabilities, truth, planes, options, labels)
    say_notes(source for case in plan.cases for source in case.sources)
    examples = _read(plan)
    say(f"searching the best cut on {len(examples)} image{'s' * (len(examples) != 1)} ...")
    if plan.note():
        say(f"a part of the pixels is enough for that: {plan.note()}")
    found = _searched(tuning.tuning_steps(examples, card))
    if picture is not None:
        _draw(found, picture)
        say(f"wrote {picture}")
    if file is not None:
        tuning.store_cut(file, card, found)
        say(f"stored the cut in {file}")
    _report(found, file, as_json)
    return 0


def _read(plan: Tuning) -> list[PredictedPlane]:
    found: list[PredictedPlane] = []
    with bar("reading", len(plan.cases)) as update:
        for example in plan.examples():
            found.append(example)
            update(min(len(found), len(plan.cases)))
    return found


def _searched(steps: Search[Tuned]) -> Tuned:
    """The result of the search, which shows how far it is."""
    with bar("searching", 100) as update:
        heard = Heard(steps)
        for one in heard:
            update(100 * one.done // one.total)
        update(100)
        return heard.result


def _draw(found: Tuned, path: Path) -> None:
    """A curve of the score over the threshold, the rest of the cut as it is best; the best is marked."""
    from matplotlib.figure import Figure

    from cellseg.cli.pictures.drawing import save_picture
    from cellseg.cli.pictures.panels import BLUE, ORANGE

    figure = Figure(figsize=(6, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(*zip(*found.curve, strict=True), color=BLUE, marker="o", markersize=3)
    axes.plot(found.card.threshold, found.value, "k*", markersize=13, label=f"best: {found.card.threshold:g}")
    if found.card.core:
        axes.axvline(found.card.core, color=ORANGE, linestyle="--", label=f"core: {found.card.core:g}")
    axes.set(xlabel="threshold", ylabel=METRICS[found.metric])
    axes.legend(fontsize=8)
    save_picture(figure, path)


def _report(found: Tuned, stored: Path | None, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(_tree(found, stored)) + "\n")
    else:
        _print(found)
        if stored is None:
            say("nothing is stored: --store MODEL gives the cut to a model")


def _print(found: Tuned) -> None:
    from rich.table import Table

    table = Table("", f"best cut of {found.images}")
    table.add_row(METRICS[found.metric], f"{found.value:.4f}", style="bold")
    for name, value in found.cut.items():
        table.add_row(name.replace("_", " "), f"{value:g}" if value else "none")
    console(error=False).print(table)


def _tree(found: Tuned, stored: Path | None) -> dict[str, Any]:
    curve = [{"threshold": threshold, "value": _plain(value)} for threshold, value in found.curve]
    return {
        "metric": found.metric,
        "value": _plain(found.value),
        "images": found.images,
        **found.cut,
        "curve": curve,
        "stored": None if stored is None else str(stored),
    }


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None
