"""cellseg evaluate: how good a segmentation is."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import bar, say
from cellseg.errors import InputError
from cellseg.options import EvaluateOptions, LabelOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellseg.cli.evaluate_cases import Case
    from cellseg.cli.evaluate_read import Reader
    from cellseg.metrics.objects import ObjectRow
    from cellseg.metrics.scores import Scores

Flat = Parameter(name="*")
DEFAULT = "pixel_error,v_rand,v_info,iou,average_precision"


def evaluate(
    prediction: str,
    truth: str,
    *,
    metrics: str = "",
    planes: str = "",
    csv: Path | None = None,
    picture: Path | None = None,
    show: str = "",
    image: str = "",
    sweep: bool = False,
    store: Path | None = None,
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
    csv
        CSV file to write with one row for each object.
    picture
        PNG to write in which errors are shown in colour; with --sweep, the curve.
    show
        Name of the image in the picture; the worst by default. Of a stack, its worst planes.
    image
        The images on which the picture draws: a TIFF, a folder or a glob.
    sweep
        Search the threshold and the minimum size with the best score; PREDICTION holds probabilities.
    store
        Run folder or model file in which the sweep's best are stored, for `cellseg predict`.
    """
    from cellseg.cli.evaluate_cases import find_cases, sequence_of
    from cellseg.cli.evaluate_read import make_reader
    from cellseg.metrics.scores import parse_names

    names = parse_names(metrics or DEFAULT)
    _check_options(sweep, store, csv, show, image, picture, options)
    cases = find_cases(prediction, truth, planes, options.volume, image)
    if "det" not in names:
        cases = [case for case in cases if case.truth is not None]
    if sequence_of(truth) and labels.labels_are == "auto":
        labels = replace(labels, labels_are="instances")
    if sweep:
        from cellseg.cli.evaluate_sweep import run_sweep

        return run_sweep(cases, make_reader(cases, options, labels), metrics, store, picture, as_json)
    reader = make_reader(cases, options, labels)
    say(reader.in_words())
    scores = _score(cases, reader, names)
    _report(scores, names, as_json)
    if csv is not None:
        from cellseg.cli.evaluate_tables import write_objects

        write_objects(csv, _objects(cases, reader))
        say(f"wrote {csv}")
    if picture is not None:
        from cellseg.cli.evaluate_picture import choose_cases, draw_cases

        shown = choose_cases(cases, {name: one.values for name, one in scores.items()}, show)
        draw_cases(picture, shown, reader)
        say(f"wrote {picture}: {', '.join(case.name for case in shown)}")
    return 0


def _check_options(
    sweep: bool,
    store: Path | None,
    csv: Path | None,
    show: str,
    image: str,
    picture: Path | None,
    options: EvaluateOptions,
) -> None:
    if store is not None and not sweep:
        raise InputError("--store without --sweep", "There is something to store only after a sweep.")
    if sweep and (options.threshold or options.minimum_size):
        raise InputError("--sweep with --threshold or --minimum-size", "The sweep searches these; leave them out.")
    if sweep and (csv or show or image):
        raise InputError("--sweep with --csv, --show or --image", "Evaluate again with what the sweep found.")
    if (show or image) and picture is None:
        raise InputError("--show and --image need --picture", "Name the PNG to write.")


def _score(cases: list[Case], reader: Reader, names: tuple[str, ...]) -> dict[str, Scores]:
    from cellseg.metrics.scores import score

    found = {}
    partial = 0
    with bar("evaluating", len(cases)) as update:
        for count, case in enumerate(cases, 1):
            compared = reader.read(case)
            partial += compared.partial
            found[case.name] = score(compared, names, volume=reader.options.volume)
            update(count, case.name)
    if partial:
        say(f"{partial} of {len(cases)} are partly annotated: predicted cells of no annotated one are left out")
    return found


def _report(scores: dict[str, Scores], names: tuple[str, ...], as_json: bool) -> None:
    from cellseg.cli.evaluate_tables import as_tree, mean_of, print_table
    from cellseg.metrics.scores import in_order, pool

    rows = {name: one.values for name, one in scores.items()}
    pooled, mean = pool(list(scores.values()), names), mean_of(rows.values())
    mean = in_order(mean, names)
    if as_json:
        sys.stdout.write(json.dumps(as_tree(rows, mean, pooled)) + "\n")
    else:
        print_table(rows, mean, pooled)


def _objects(cases: list[Case], reader: Reader) -> Iterator[tuple[str, int, ObjectRow]]:
    from cellseg.metrics import object_table
    from cellseg.metrics.scores import by_class

    for case in cases:
        compared = reader.read(case)
        if compared.truth is not None:
            for number, predicted, true in by_class(compared, compared.truth):
                yield from ((case.name, number, row) for row in object_table(predicted, true))
