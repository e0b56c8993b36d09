"""All networks trained with the same processor time, recipe and seed: docs/models.md's table and picture.

    python tests/benchmarks/compare_networks.py OUT [--minutes 15]          # everything that is missing, then the table
    python tests/benchmarks/compare_networks.py OUT --set dsb2018 --network unetpp   # one of them
    python tests/benchmarks/compare_networks.py OUT --again                 # after the choice of the cut was changed

Each training is a process of its own with one thread; its budget is processor time, so that two may run side by side.
What budget and scores are stands in budget.py.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from pathlib import Path

import budget

import cellseg
from cellseg.models.trained import save

SETS = ("isbi2012", "dsb2018")
SPEEDS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Megapixels a second that the picture names."""


def compare(out, network, name, minutes):
    """Train one network on one set and judge it."""
    pair, (images, labels) = budget.SETS[name](out)
    trained = budget.train_for(minutes, pair, model=network)
    save(trained.model, out / f"{network}-{name}.safetensors")
    row = {"network": network, "set": name, **trained.row(), **budget.judge(trained.model, images, labels)}
    (out / f"{network}-{name}.json").write_text(json.dumps(row, indent=1))
    print(row, flush=True)


def judge_again(out, network, name):
    """Choose the cut of a network that is there anew, and judge it."""
    file, model_file = (out / f"{network}-{name}{suffix}" for suffix in (".json", ".safetensors"))
    pair, judged_on = budget.SETS[name](out)
    model = budget.cut_again(cellseg.load(model_file), pair)
    save(model, model_file)
    before = json.loads(file.read_text())
    row = {**before, **budget.judge(model, *judged_on), "megapixels_a_second": before["megapixels_a_second"]}
    file.write_text(json.dumps(row, indent=1))
    print(row, flush=True)


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

    from cellseg.cli.pictures.drawing import save_picture

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
        axes.set_xticks(SPEEDS, [f"{speed:g}" for speed in SPEEDS])
        axes.minorticks_off()
        axes.margins(0.2, 0.08)
        axes.grid(alpha=0.3)
    save_picture(figure, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--network", choices=cellseg.list_models(), action="append")
    parser.add_argument("--set", choices=SETS, action="append")
    parser.add_argument("--again", action="store_true", help="choose cuts anew, and judge again what is there")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    networks, sets = options.network or cellseg.list_models(), options.set or SETS
    if options.again:
        for network, name in itertools.product(networks, sets):
            if (options.out / f"{network}-{name}.safetensors").exists():
                judge_again(options.out, network, name)
    elif len(networks) == len(sets) == 1:
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
