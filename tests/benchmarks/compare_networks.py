"""All networks trained with the same processor time, recipe and seed: docs/models.md's table and picture.

    python tests/benchmarks/compare_networks.py OUT [--minutes 15]          # everything that is missing, then the table
    python tests/benchmarks/compare_networks.py OUT --set dsb2018 --network unetpp   # one of them

CELLSEG_DATA names the folder of the public data sets. Each training is a process of its own with one thread; its budget
is processor time, so that two may run side by side. The steps follow from the pace of the first ones, so that the
schedule ends with the budget. Threshold and growth are chosen on images held out of the training ones.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import tifffile

import cellseg
from cellseg.images.pairs import find_pairs
from cellseg.images.read_labels import kind_of, read_labels
from cellseg.inference.result import instances_in
from cellseg.metrics.tally import tally_cells
from cellseg.models.trained import save
from cellseg.options import LabelOptions
from cellseg.training.events import Finished, Started, Stepped

SETS = ("isbi2012", "dsb2018")
WARM_UP, PACE = 2, 8


def isbi2012(out):
    """Sections 0-19 to learn from, 20-23 to be judged on, as stacks."""
    folder = Path(os.environ["CELLSEG_DATA"]) / "isbi2012"
    for name, sections in (("train", slice(0, 20)), ("val", slice(20, 24))):
        for kind, file in (("images", "train-volume.tif"), ("labels", "train-labels.tif")):
            target = out / f"isbi2012-{name}-{kind}.tif"
            if not target.exists():
                tifffile.imwrite(target, tifffile.imread(folder / file)[sections], photometric="minisblack")
    return [[out / f"isbi2012-{name}-{kind}.tif" for kind in ("images", "labels")] for name in ("train", "val")]


def dsb2018(out):
    folder = Path(os.environ["CELLSEG_DATA"]) / "dsb2018"
    return [[folder / name / kind for kind in ("images", "labels")] for name in ("train", "val")]


def train(network, pair, **options):
    """The last event, and the processor seconds from each step to the next."""
    clock, took = time.process_time(), []
    for event in cellseg.train(*pair, model=network, threads=1, best_by="last", save_every=0, **options):
        if isinstance(event, (Started, Stepped)):
            now = time.process_time()
            took += [now - clock] if isinstance(event, Stepped) else []
            clock = now
    assert isinstance(event, Finished)
    return event, took


def compare(out, network, name, minutes):
    """Train one network on one set and judge it."""
    pair, (images, labels) = globals()[name](out)
    first = train(network, pair, steps=WARM_UP + PACE, validation=0, validate_every=10**7)[1]
    steps = max(int(minutes * 60 / np.mean(first[WARM_UP:])), 20)
    done, took = train(network, pair, steps=steps, validation=0.1, validate_every=steps)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    save(done.model, out / f"{network}-{name}.safetensors")
    found = judge(done.model, images, labels)
    row = {
        "network": network,
        "set": name,
        "parameters": sum(p.numel() for p in done.model.network.parameters()),
        "steps": steps,
        "minutes": sum(took) / 60,
        "seconds_a_step": float(np.median(took)),
        "training_memory_gb": memory / 1e9,
        **found,
    }
    (out / f"{network}-{name}.json").write_text(json.dumps(row, indent=1))
    print(row, flush=True)


def judge(model, images, labels):
    """Mean V_rand of the sections, or AP pooled over the images, and megapixels a processor second."""
    pairs, seconds, pixels = find_pairs(images, labels), 0.0, 0
    kind = kind_of([(p.labels, p.label_plane) for p in pairs], LabelOptions())
    tally, rand = None, []
    for p in pairs:
        image = p.image.read(p.image_plane)[0]
        began = time.process_time()
        probabilities = cellseg.predict_array(model, image)
        seconds, pixels = seconds + time.process_time() - began, pixels + image.size
        instances = instances_in(probabilities, model.card)
        truth = read_labels(p.labels, p.label_plane, kind, LabelOptions()).instances
        rand.append(cellseg.metrics.v_rand(instances, truth))
        one = tally_cells(instances, truth, outlines=False)
        tally = one if tally is None else tally + one
    precision = {f"ap{t:g}": float(v) for t, v in tally.average_precision.items()}
    return {"v_rand": float(np.mean(rand)), **precision, "megapixels_a_second": pixels / seconds / 1e6}


def table(rows):
    """Markdown, a line a network."""
    yield "| network | parameters | steps (EM / nuclei) | s a step | Mpx/s | memory (GB) | V_rand | AP at 0.5 |"
    yield "|---|---|---|---|---|---|---|---|"
    for network in cellseg.list_models():
        em, nuclei = (rows.get((network, name)) for name in SETS)
        if em and nuclei:
            yield (
                f"| {network} | {em['parameters']:,} | {em['steps']} / {nuclei['steps']} "
                f"| {em['seconds_a_step']:.2f} / {nuclei['seconds_a_step']:.2f} | {em['megapixels_a_second']:.2f} "
                f"| {em['training_memory_gb']:.1f} | {em['v_rand']:.3f} | {nuclei['ap0.5']:.3f} |"
            )


def picture(rows, path):
    """Score against speed of prediction, a point a network."""
    from matplotlib.figure import Figure

    from cellseg.cli.drawing import save_picture

    figure = Figure(figsize=(9, 4), layout="constrained")
    for axes, name, score, title in zip(
        figure.subplots(1, 2), SETS, ("v_rand", "ap0.5"), ("EM, V_rand", "nuclei, AP at 0.5"), strict=True
    ):
        for network in cellseg.list_models():
            if (network, name) in rows:
                row = rows[network, name]
                axes.plot(row["megapixels_a_second"], row[score], "o", color="#0072b2")
                axes.annotate(
                    network, (row["megapixels_a_second"], row[score]), xytext=(5, 4), textcoords="offset points"
                )
        axes.set(xscale="log", xlabel="megapixels a second, one thread", ylabel=title)
        axes.grid(alpha=0.3, which="both")
    save_picture(figure, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--network", choices=cellseg.list_models(), action="append")
    parser.add_argument("--set", choices=SETS, action="append")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    networks, sets = options.network or cellseg.list_models(), options.set or SETS
    if len(networks) == len(sets) == 1:
        compare(options.out, networks[0], sets[0], options.minutes)
        return
    for name in sets:
        for network in networks:
            if not (options.out / f"{network}-{name}.json").exists():
                argv = [str(options.out), "--minutes", str(options.minutes), "--set", name, "--network", network]
                subprocess.run([sys.executable, __file__, *argv], check=True)
    rows = [json.loads(path.read_text()) for path in sorted(options.out.glob("*.json"))]
    found = {(row["network"], row["set"]): row for row in rows}
    print("\n".join(table(found)))
    picture(found, options.out / "comparison.png")


if __name__ == "__main__":
    main()
