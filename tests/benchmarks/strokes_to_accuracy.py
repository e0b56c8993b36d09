"""Accuracy after so many strokes: a simulated annotator paints, the panel's training learns, held-out images judge.

    python tests/benchmarks/strokes_to_accuracy.py OUT            # everything that is missing, then the table
    python tests/benchmarks/strokes_to_accuracy.py OUT --set dsb2018 --way next --seed 0 --strokes 20 --strokes 60
    python tests/benchmarks/strokes_to_accuracy.py OUT --table    # of what is there

Ways: `next` paints at the next place worth annotating, `random` at random ones, `accept` goes to the next places and
takes predicted cells that are right. After each number of strokes a training begins anew, with the recipe of the tab
*Train* and all that is annotated by then; what it costs is counted in processor seconds of one thread, together with
the predictions that the next place and accepting need. The habits of the annotator: simulated_annotator.py. Of dsb2018
40 images of the training part, drawn with the seed, are the project, and the 30 of the validation part judge; of
isbi2012 sections 0 to 19 and 20 to 23.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import os
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import budget
import numpy as np
from napari_cellseg.annotate.suggest import coarse_steps, entropy
from napari_cellseg.project.cell_sizes import smallest_cell
from napari_cellseg.project.folder import Project
from napari_cellseg.project.training_set import write_training_set
from napari_cellseg.train.wishes import Wishes, usual_recipe
from simulated_annotator import Habits, SimulatedAnnotator

import cellseg
from cellseg.inference.cut import instances_in
from cellseg.inference.scale import at_own_size
from cellseg.labels.pairs import find_pairs
from cellseg.labels.read import kind_of, read_labels
from cellseg.metrics.tally import tally_cells
from cellseg.options import LabelOptions, PredictOptions

WAYS = {
    "next": {"next_place": True},
    "random": {"next_place": False},
    "accept": {"next_place": True, "accepts": True},
}
SETS = ("dsb2018", "isbi2012")
IMAGES = 40
STROKES = (10, 20, 60)
TABLE = "strokes-to-accuracy.csv"
COLUMNS = ("set", "way", "seed", "strokes", "seconds", "ap0.5", "painted", "taken", "cells", "commit")


class Loop:
    """One annotator, its project, and the models that were trained on it."""

    def __init__(self, name, way, seed, out):
        (images, labels), self.held_out = budget.SETS[name](out)
        self.folder = out / f"{name}-{way}-{seed}"
        pairs = find_pairs(images, labels)
        kind = kind_of([(p.labels, p.label_plane) for p in pairs], LabelOptions())
        chosen = sorted({str(p.image.path) for p in pairs})
        if len(chosen) > IMAGES:
            chosen = sorted(np.random.default_rng(seed).choice(chosen, IMAGES, replace=False))
        self.project = Project.create(self.folder / "project", [Path(path) for path in chosen])
        truths = {}
        for p in pairs:
            truths.setdefault(Path(p.image.path).absolute(), []).append(
                read_labels(p.labels, p.label_plane, kind, LabelOptions()).instances
            )
        truths = {image.name: np.stack(truths[image.path]) for image in self.project.images}
        self.model, self.seconds = None, 0.0
        self._found, self._unsure = {}, None
        self.annotator = SimulatedAnnotator(
            self.project, truths, Habits(seed=seed, **WAYS[way]), self._cells, self._uncertainty
        )

    def learn(self):
        """Train as the tab *Train* does, with what is annotated by now."""
        run = self.project.new_run()
        files = write_training_set(self.project, self.project.path / "training" / run.name)
        words = Wishes(usual_recipe("", in_project=True)).words()
        before = _of_children()
        command = [sys.executable, "-m", "cellseg", "train", "--out", str(run), *files.arguments, *words]
        subprocess.run([*command, "--threads", "1"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.seconds += _of_children() - before
        self.model = cellseg.load(run)
        self._found, self._unsure = {}, None

    @property
    def card(self):
        """How probabilities are cut into cells: as the tab *Segment* begins."""
        card = at_own_size(self.model, PredictOptions()).card
        return replace(card, minimum_size=card.minimum_size or smallest_cell(self.project))

    def average_precision(self):
        """AP at 0.5 of the images that nobody painted in, of all their cells together."""
        pairs, tally = find_pairs(*self.held_out), None
        kind = kind_of([(p.labels, p.label_plane) for p in pairs], LabelOptions())
        for p in pairs:
            found = instances_in(cellseg.predict_array(self.model, p.image.read(p.image_plane)[0]), self.card)
            truth = read_labels(p.labels, p.label_plane, kind, LabelOptions()).instances
            one = tally_cells(found, truth, outlines=False)
            tally = one if tally is None else tally + one
        return float(tally.average_precision[0.5])

    def _planes(self, name):
        """Probabilities (planes, C, H, W) of an image."""
        if name not in self._found:
            began = time.process_time()
            source = self.project.source(self.project.image(name))
            planes = [cellseg.predict_array(self.model, np.asarray(source.read(p))) for p in range(source.planes)]
            self._found[name] = np.stack(planes)
            self.seconds += time.process_time() - began
        return self._found[name]

    def _cells(self, name):
        if self.model is None:
            return None
        return np.stack([instances_in(plane, self.card) for plane in self._planes(name)])

    def _uncertainty(self, places):
        if self.model is None:
            return None
        if self._unsure is None:
            self._unsure = np.array(
                [
                    entropy(self._planes(image.name)[(at.plane, slice(None), *coarse_steps(at.box))])
                    for image, at in places
                ]
            )
        return self._unsure


def _of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def perform(name, way, seed, strokes, out):
    """One loop; a row after each number of strokes."""
    loop = Loop(name, way, seed, out)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    rows = []
    for count in sorted(strokes):
        loop.annotator.work(count)
        loop.learn()
        annotator = loop.annotator
        rows.append(
            {
                "set": name,
                "way": way,
                "seed": seed,
                "strokes": count,
                "seconds": round(loop.seconds, 1),
                "ap0.5": round(loop.average_precision(), 4),
                "painted": annotator.painted,
                "taken": annotator.taken,
                "cells": annotator.cells,
                "commit": commit,
            }
        )
        print(rows[-1], flush=True)
        write_table(rows, out / f"{name}-{way}-{seed}.csv")


def write_table(rows, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)


def read(out):
    """All rows that are there."""
    for path in sorted(set(out.glob("*-*-*.csv")) - {out / TABLE}):
        with open(path, newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def picture(rows, path):
    """AP against strokes and against processor seconds, a row a set, a line a way; a point a seed."""
    from matplotlib.figure import Figure

    from cellseg.cli.pictures.drawing import save_picture

    colours = dict(zip(WAYS, ("#0072b2", "#999999", "#d55e00"), strict=True))
    names = [name for name in SETS if any(row["set"] == name for row in rows)]
    figure = Figure(figsize=(9, 3.4 * len(names)), layout="constrained")
    for row_of_axes, name in zip(figure.subplots(len(names), 2, squeeze=False), names, strict=True):
        for axes, column in zip(row_of_axes, ("strokes", "seconds"), strict=True):
            for way, colour in colours.items():
                own = [row for row in rows if (row["set"], row["way"]) == (name, way)]
                draw_way(axes, own, column, colour, way)
            words = {"strokes": "strokes", "seconds": "processor seconds"}[column]
            axes.set(xlabel=words, ylabel="AP at 0.5", title=name, ylim=(0, 1))
            axes.grid(alpha=0.3)
            axes.legend()
    save_picture(figure, path)


def draw_way(axes, own, column, colour, label):
    """The mean of all seeds after each number of strokes as a line, and each seed as a point."""
    counts = sorted({int(row["strokes"]) for row in own})
    groups = [[row for row in own if int(row["strokes"]) == count] for count in counts]
    means = [[np.mean([float(row[name]) for row in group]) for group in groups] for name in (column, "ap0.5")]
    axes.plot(*means, color=colour, label=label)
    axes.plot(*([float(row[name]) for row in own] for name in (column, "ap0.5")), "o", color=colour, ms=4)


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--set", choices=SETS, action="append")
    parser.add_argument("--way", choices=WAYS, action="append")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--strokes", type=int, action="append", help="numbers after which a training begins")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


def main():
    asked = parsed()
    out = asked.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("CELLSEG_STATE", str(out / "state"))
    wanted = itertools.product(asked.seed or [0], asked.set or SETS, asked.way or WAYS)
    for seed, name, way in () if asked.table else wanted:
        if not (out / f"{name}-{way}-{seed}.csv").exists():
            perform(name, way, seed, asked.strokes or STROKES, out)
    rows = list(read(out))
    write_table(rows, out / TABLE)
    picture(rows, out / "strokes-to-accuracy.png")


if __name__ == "__main__":
    main()
