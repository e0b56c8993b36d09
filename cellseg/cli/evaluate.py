"""cellseg evaluate: how good a segmentation is."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.flags import Flat, JsonFlag
from cellseg.cli.label_notes import say_notes
from cellseg.cli.progress import bar, say
from cellseg.errors import InputError
from cellseg.options import EvaluateOptions, LabelOptions

if TYPE_CHECKING:
    from cellseg.evaluation.judging import Evaluation, ImageScores
    from cellseg.evaluation.summary import Summary

Hidden = Parameter(show=False, negative="")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateFiles:
    """Files that are written beside the scores."""

    csv: Path | None = None
    """CSV file to write with one row for each object."""
    picture: Path | None = None
    """PNG to write in which errors are shown in colour."""
    show: str = ""
    """Name of the image in the picture; the worst by default. Of a stack, its worst planes."""
    image: str = ""
    """The images on which the picture draws: a TIFF, a folder or a glob."""
    sweep: Annotated[bool, Hidden] = False
    """Moved to `cellseg tune`."""
    store: Annotated[Path | None, Hidden] = None
    """Moved to `cellseg tune`."""

    def __post_init__(self) -> None:
        self._refuse_moved()
        if (self.show or self.image) and self.picture is None:
            raise InputError("--show and --image need --picture", "Name the PNG to write.")

    def _refuse_moved(self) -> None:
        if self.sweep or self.store:
            flag = "--sweep" if self.sweep else "--store"
            raise InputError(f"evaluate has no {flag}", "Use cellseg tune PROBABILITIES TRUTH [--store MODEL].")


def evaluate(
    prediction: str,
    truth: str,
    *,
    metrics: str = "",
    planes: str = "",
    files: Annotated[EvaluateFiles, Flat] = EvaluateFiles(),
    options: Annotated[EvaluateOptions, Flat] = EvaluateOptions(),
    labels: Annotated[LabelOptions, Flat] = LabelOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Compare a segmentation with the truth: metrics of each image, their mean, and over all objects pooled.

    Parameters
    ----------
    prediction
        A TIFF, a folder or a glob: numbered cells, classes, or probabilities; or the CTC's 01_RES.
    truth
        The same for the truth, matched by page or by name; or the CTC's 01_GT or 01_ST, matched by frame.
    metrics
        em, cells, or names with commas between them; f1@0.75 is F1 at an IoU of 0.75. By default pixel_error,
        v_rand, v_info, iou and average_precision.
    planes
        Only some of the pairs, such as 20:24 (from 0, the last excluded).
    """
    from cellseg.evaluation.cases import find_cases
    from cellseg.evaluation.judging import DEFAULT, plan_evaluation
    from cellseg.evaluation.summary import summarise
    from cellseg.metrics.scores import parse_names

    names = parse_names(metrics or DEFAULT)
    cases = find_cases(prediction, truth, planes, options.volume, files.image)
    plan = plan_evaluation(cases, truth, names, options, labels)
    say(plan.reader.in_words())
    say_notes(source for case in cases for source in case.sources)
    if plan.has_classes_of_cells:
        say("both have classes of cells, in NAME-classes.csv: they are not compared, cells count whatever their class")
    scores = _score(plan)
    _write(plan, scores, files)  # first: standard output may be full
    _report(scores, summarise(scores), as_json)
    return 0


def _score(plan: Evaluation) -> list[ImageScores]:
    scores = []
    with bar("evaluating", len(plan.cases)) as update:
        for count, one in enumerate(plan.scores(), 1):
            scores.append(one)
            update(count, one.name)
    partial = sum(one.partial for one in scores)
    if partial:
        say(f"{partial} of {len(scores)} are partly annotated: predicted cells of no annotated one are left out")
    return scores


def _report(scores: list[ImageScores], summary: Summary, as_json: bool) -> None:
    from cellseg.cli.evaluate_tables import as_tree, print_table
    from cellseg.evaluation.judging import rows_of

    if as_json:
        sys.stdout.write(json.dumps(as_tree(rows_of(scores), summary)) + "\n")
    else:
        print_table(rows_of(scores), summary)


def _write(plan: Evaluation, scores: list[ImageScores], files: EvaluateFiles) -> None:
    if files.csv is not None:
        from cellseg.cli.evaluate_tables import write_objects

        write_objects(files.csv, plan.objects())
        say(f"wrote {files.csv}")
    if files.picture is not None:
        from cellseg.cli.pictures.errors import choose_cases, draw_cases
        from cellseg.evaluation.judging import rows_of

        shown = choose_cases(plan.cases, rows_of(scores), files.show)
        draw_cases(files.picture, shown, plan.reader)
        say(f"wrote {files.picture}: {', '.join(case.name for case in shown)}")
