"""What an exported model loses: docs/export.md's table.

    python tests/benchmarks/travelling_costs.py MODEL --set dsb2018 [--part 2] [--like]
    python tests/benchmarks/travelling_costs.py RUN --set isbi2012

The same images are predicted by the model as it is, by the model with the statistics that travel (ONNX and TorchScript
in cellseg), and by its bioimage.io package read as one of another program: percentiles of the whole image stand for
the levels. With --like statistics are gathered over training images, else they are the training's. The cut is the
model's own each time, and the images are seen at their own size.
"""

from __future__ import annotations

import argparse
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import budget
import numpy as np
import yaml

import cellseg
from cellseg.exporting.travelling import travelling
from cellseg.images.source import array_source
from cellseg.inference.cut import instances_in
from cellseg.labels.pairs import find_pairs
from cellseg.labels.read import kind_of, read_labels
from cellseg.metrics.tally import tally_cells
from cellseg.models.trained import TrainedModel
from cellseg.options import LabelOptions


def plane_of(pair):
    """The image of a pair, as one plane."""
    return array_source(pair.image.read(pair.image_plane), axes="CYX", name=pair.image.name)


def of_another(model, folder, like):
    """The model by its package, from which all that only cellseg reads is taken out."""
    cellseg.export(model, folder / "own.zip", format="bioimageio", like=like)
    with zipfile.ZipFile(folder / "own.zip") as old, zipfile.ZipFile(folder / "other.zip", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "rdf.yaml":
                tree = yaml.safe_load(content)
                del tree["config"]["cellseg"]
                content = yaml.safe_dump(tree)
            new.writestr(name, content)
    found = cellseg.load(folder / "other.zip")
    seen = {"grey_values": found.card.grey_values, "statistics": "fixed"}
    return TrainedModel(found.network, replace(model.card, **seen))


def scores(model, pairs, kind):
    """Scores of borders (means), and AP (pooled)."""
    tally, borders = None, []
    for pair in pairs:
        probabilities = cellseg.predict_array(model, pair.image.read(pair.image_plane)[0])
        cells = instances_in(probabilities, model.card)
        truth = read_labels(pair.labels, pair.label_plane, kind, LabelOptions()).instances
        borders.append(budget.border_scores(cells, truth))
        one = tally_cells(cells, truth, outlines=False)
        tally = one if tally is None else tally + one
    means = {name: float(np.mean([each[name] for each in borders])) for name in ("v_rand", "v_rand_thinned")}
    return means | {f"ap{t:g}": float(v) for t, v in tally.average_precision.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--set", default="dsb2018", choices=budget.SETS)
    parser.add_argument("--part", type=int, default=1, help="every so manieth image")
    parser.add_argument("--like", action="store_true", help="gather statistics over training images")
    options = parser.parse_args()
    model = cellseg.load(options.model)
    model = replace(model, card=replace(model.card, sizes="learnt"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, val = budget.SETS[options.set](folder)
        pairs = find_pairs(*val)[:: options.part]
        learnt = find_pairs(*train)
        like = [plane_of(pair) for pair in learnt[:: -(-len(learnt) // 24)]] if options.like else None
        kind = kind_of([(p.labels, p.label_plane) for p in pairs], LabelOptions())
        found = travelling(model, like)
        ways = {
            "as it is": model,
            "statistics that travel": TrainedModel(found.network, found.note.card),
            "and percentiles": of_another(model, folder, like),
        }
        print(f"{options.model}, {options.set}, {len(pairs)} images; statistics: {found.note.statistics}")
        for way, one in ways.items():
            told = "  ".join(f"{what} {value:.3f}" for what, value in scores(one, pairs, kind).items())
            print(f"{way:>24}: {told}", flush=True)


if __name__ == "__main__":
    main()
