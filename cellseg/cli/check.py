"""cellseg check: the label doctor."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cellseg.cli.flags import AxesFlag, JsonFlag, MasksFlag, SceneFlag
from cellseg.cli.progress import bar, console, say
from cellseg.options import LabelOptions, PredictOptions
from cellseg.wording import size_of, time_left

if TYPE_CHECKING:
    from cellseg.labels.doctor.finding import Finding, Report
    from cellseg.labels.pairs import Pair
    from cellseg.training.estimate import Estimate

COLOURS = {"error": "bold red", "warning": "yellow", "note": "dim"}
MEANINGS = {"instances": "numbered cells", "classes": "classes", "binary": "a mask"}
PLACES_SHOWN = 3


def check(
    images: str,
    labels: str,
    *,
    fix: Path | None = None,
    axes: AxesFlag = None,
    scene: SceneFlag = None,
    annotated: MasksFlag = None,
    options: Annotated[LabelOptions, Parameter(name="*")] = LabelOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Say what labels are, what is wrong with them, and what a training on them needs.

    Leaves with 0 where the labels can be used (warnings and notes may be there), and with 2 where an error
    was found that would teach the network something wrong, unless --fix repaired it.

    Parameters
    ----------
    images
        A multi-page TIFF, a folder of images or a glob; or a sequence of the Cell Tracking Challenge.
    labels
        The same for the labels; matched by page or by name.
    fix
        New folder for repaired labels, under the same file names; changes.json in it lists every change.
    """
    from cellseg.labels.annotated import find_annotated_pairs

    pairs = find_annotated_pairs(images, labels, annotated, axes=axes, scene=scene)
    report = _examine(pairs, options)
    if fix is not None:
        _repair(pairs, report, fix)
    estimates = _estimates(pairs)
    usable = all(f.severity != "error" or (fix is not None and f.repairable) for f in report.findings)
    if as_json:
        sys.stdout.write(json.dumps(_tree(report, estimates, usable, fix)) + "\n")
    else:
        _print(report, estimates)
        console(error=False).print(_last_line(report, fix), soft_wrap=True)
    return 0 if usable else 2


def _examine(pairs: list[Pair], options: LabelOptions) -> Report:
    from cellseg.labels.doctor.examine import ExamineProgress
    from cellseg.labels.doctor.finding import Report
    from cellseg.training.check import examined

    with bar("checking", 2 * len(pairs)) as update:
        for event in examined(pairs, options):
            if isinstance(event, ExamineProgress):
                update(event.done, event.name)
            elif isinstance(event, Report):
                return event
    raise AssertionError("an examination ends with a report")


def _repair(pairs: list[Pair], report: Report, out: Path) -> None:
    from cellseg.labels.doctor.repair import CHANGES, changes, repair

    with bar("repairing", len(pairs)) as update:
        repair(pairs, report, out, lambda progress: update(progress.done, progress.name))
    made = changes(report)
    everywhere = " and the values of all planes" if made["values"] else ""
    say(f"wrote {out}: {len(made['places'])} places{everywhere} changed, listed in {out / CHANGES}")


def _estimates(pairs: list[Pair]) -> tuple[Estimate, Estimate]:
    from cellseg.training.estimate import estimate_prediction, estimate_training
    from cellseg.training.recipes import settings_for

    sizes = [(pair.image.height, pair.image.width) for pair in pairs]
    channels = pairs[0].image.channels
    largest = max(sizes, key=lambda size: size[0] * size[1])
    settings = settings_for()
    return (
        estimate_training(sizes, channels, settings),
        estimate_prediction(largest, 1, channels, settings.network, PredictOptions()),
    )


def _tree(report: Report, estimates: tuple[Estimate, Estimate], usable: bool, fix: Path | None) -> dict[str, Any]:
    from cellseg.labels.doctor.repair import changes

    training, prediction = estimates
    return {
        "usable": usable,
        "summary": {"kind": report.plan.kind, "volume": report.plan.volume, **asdict(report.summary)},
        "findings": [asdict(finding) for finding in report.findings],
        "estimates": {"training": asdict(training), "prediction": asdict(prediction)},
        "fix": {"out": str(fix), **changes(report)} if fix is not None else None,
    }


def _print(report: Report, estimates: tuple[Estimate, Estimate]) -> None:
    from rich.table import Table

    out = console(error=False)
    out.print(in_words(report), soft_wrap=True)
    if report.findings:
        table = Table("", "what", "where", "what to do")
        for finding in report.findings:
            words = (finding.severity, finding.found, _where(finding), finding.remedy)
            table.add_row(*words, style=COLOURS[finding.severity])
        out.print(table)
    training, prediction = estimates
    out.print(
        f"training with default options: {time_left(max(training.seconds, 1))}, {size_of(training.bytes)} of memory",
        soft_wrap=True,
    )
    out.print(
        f"predicting its largest image: {time_left(max(prediction.seconds, 1))}, {size_of(prediction.bytes)} of memory",
        soft_wrap=True,
    )


def in_words(report: Report) -> str:
    """The labels in two lines."""
    found, plan = report.summary, report.plan
    meaning = MEANINGS[plan.kind] + (" of a 3-D annotation" if plan.volume else "")
    first = f"{found.pairs} pairs; labels are {meaning}, {found.dtype}, {found.values[0]} to {found.values[1]}"
    if not plan.readable:
        return f"{found.pairs} pairs; the values are no labels ({found.dtype}, {found.values[0]} to {found.values[1]})"
    what = "cells" if plan.kind == "instances" else "regions"
    cells = f"{found.cells:,} {what}, median diameter {found.diameter:.0f} pixels, {found.labelled:.0%} of the pixels"
    looks = {"brighter": "brighter than the rest", "darker": "darker than the rest"}
    structure = looks.get(found.structure, "neither bright nor dark")
    borders = f"their borders are {found.borders}" if found.borders != "unclear" else ""
    return f"{first}\n{cells}; they are {structure}" + (f", {borders}" if borders else "")


def _where(finding: Finding) -> str:
    from cellseg.labels.doctor.finding import listed

    if finding.places:
        return listed((f"{p.pair} at row {p.y}, column {p.x}" for p in finding.places), PLACES_SHOWN)
    return listed(finding.where, PLACES_SHOWN) or "everywhere"


def _last_line(report: Report, fix: Path | None) -> str:
    errors = [finding for finding in report.findings if finding.severity == "error"]
    left = [finding for finding in errors if not (fix is not None and finding.repairable)]
    if left:
        names = ", ".join(dict.fromkeys(finding.code for finding in left))
        hint = " (--fix OUT repairs it)" if fix is None and all(f.repairable for f in left) else ""
        return f"not ready to train: {names}{hint}"
    if fix is not None:
        return f"ready to train with the labels in {fix}"
    hint = "; --fix OUT would repair some of what was found" if report.repairable else ""
    return f"ready to train{hint}"
