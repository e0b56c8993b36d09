"""What each choice of the recipe `fast` is worth at the same time: docs/measurements.md's table and picture.

    python tests/benchmarks/time_to_accuracy.py OUT [--minutes 10]      # everything that is missing, then the table
    python tests/benchmarks/time_to_accuracy.py OUT --variant fast --variant w0 --seed 0 --seed 1 --seed 2
    python tests/benchmarks/time_to_accuracy.py OUT --variant fast --set isbi2012 --minutes 120 --average dihedral8
    python tests/benchmarks/time_to_accuracy.py OUT --variant fast --set dic_hela --minutes 60 --base 32 --depth 4
    python tests/benchmarks/time_to_accuracy.py OUT --variant paper --set isbi2012 --minutes 60 --clock wall  # GPU
    python tests/benchmarks/time_to_accuracy.py OUT --variant fast --set isbi2012 --steps 4000   # instead of minutes
    python tests/benchmarks/time_to_accuracy.py OUT --table             # of what is there
    python tests/benchmarks/time_to_accuracy.py OUT --again             # after the choice of the cut was changed

Each training is a process of its own, and leaves a JSON file and its model; what is there is not done again, so the
same command goes on after a stop. What is changed against `fast` stands in VARIANTS, as data. Budget and scores:
budget.py.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import budget
import numpy as np

import cellseg
from cellseg.files import write_json
from cellseg.models.trained import save

OFF = {"elastic": 0.0, "rotate": False, "flip": False, "scale": 0.0, "grey": 0.0, "blur": 0.0, "noise": 0.0}
VARIANTS = {
    "fast": {},
    "base8": {"base": 8},
    "base24": {"base": 24},
    "base32": {"base": 32},
    "depth2": {"depth": 2},
    "depth4": {"depth": 4},
    "no-norm": {"norm": "none"},
    "crop140": {"tile": 140},
    "crop300": {"tile": 300},
    "crop428": {"tile": 428},
    "batch2": {"batch": 2},
    "batch4": {"batch": 4},
    "sgd": {"optimiser": "sgd", "momentum": 0.99, "rate": 1e-2},
    "rate5e-3": {"rate": 5e-3},
    "rate1e-3": {"rate": 1e-3},
    "constant": {"schedule": "constant"},
    "no-ema": {"ema": 0.0},
    "ema0.995": {"ema": 0.995},
    "hybrid": {"loss": "hybrid"},
    "focal": {"loss": "focal"},
    "dice": {"loss": "dice"},
    "no-elastic": {"elastic": 0.0},
    "elastic5": {"elastic": 5.0},
    "w0": {"w0": 0.0},
    "w5": {"w0": 5.0},
    "no-balance": {"balance": "none"},
    "no-weights": {"w0": 0.0, "balance": "none"},
    "bfloat16": {"precision": "bfloat16"},
    "no-augmentation": OFF,
    "weak": {"elastic": 5.0, "scale": 0.05, "grey": 0.07, "blur": 0.5, "noise": 0.1},
    "strong": {"elastic": 15.0, "scale": 0.2, "grey": 0.3, "blur": 1.5, "noise": 0.4},
    "mean": {"grey_values": "mean"},
    "image-statistics": {"statistics": "image"},
    "mean-and-image": {"grey_values": "mean", "statistics": "image"},  # as before there was a choice
    "paper": {"recipe": "paper"},
}
"""Options that differ from the recipe `fast`, by the name of the variant."""
SHORT = ("isbi2012", "dsb2018")
SCORES = {
    "isbi2012": ("v_rand", "v_info", "v_rand_thinned", "v_info_thinned", "pixel_error"),
    "dsb2018": ("ap0.5", "ap0.6", "ap0.7", "ap0.8", "ap0.9"),
    "dic_hela": ("seg",),
}
"""What is shown of each set, the first the one that counts."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training: what its results are filed under."""

    set: str
    variant: str
    minutes: float
    seed: int
    base: int = 0
    depth: int = 0
    steps: int = 0

    @property
    def budget(self):
        """Steps, where they are given, else minutes."""
        return f"{self.steps} steps" if self.steps else f"{self.minutes:g} minutes"

    @property
    def options(self):
        """For `cellseg.train`; width and depth may be chosen beside the variant."""
        beside = {"base": self.base, "depth": self.depth}
        return {**VARIANTS[self.variant], **{name: x for name, x in beside.items() if x}, "seed": self.seed}

    @property
    def label(self):
        """The variant with what was chosen beside it."""
        return (
            self.variant + (f" base {self.base}" if self.base else "") + (f" depth {self.depth}" if self.depth else "")
        )

    def file(self, out, suffix):
        size = "".join(f"-{letter}{x}" for letter, x in (("b", self.base), ("d", self.depth)) if x)
        budget = f"{self.steps}steps" if self.steps else f"{self.minutes:g}min"
        return out / f"{self.set}-{self.variant}{size}-{budget}-{self.seed}{suffix}"


def perform(run, out, averages, clock, threads, again=False):
    """Train, unless it was done, and judge by each way of averaging that is missing."""
    pair, judged_on = budget.SETS[run.set](out)
    file, model_file = run.file(out, ".json"), run.file(out, ".safetensors")
    if file.exists():
        row, model = json.loads(file.read_text("utf-8")), cellseg.load(model_file)
        if again:
            model, row["scores"] = budget.cut_again(model, pair), {}
    else:
        how = {"threads": threads, **run.options}
        if run.steps:
            trained = budget.train_steps(run.steps, pair, budget.CLOCKS[clock], **how)
        else:
            trained = budget.train_for(run.minutes, pair, budget.CLOCKS[clock], **how)
        model = trained.model
        about = {"set": run.set, "variant": run.label, "budget": run.budget, "seed": run.seed, "clock": clock}
        row = {**about, "options": run.options, **trained.row(), "scores": {}}
    for average in averages:
        if average not in row["scores"]:
            row["scores"][average] = budget.judge(model, *judged_on, average=average)
    save(model, model_file)
    write_json(file, row)
    print(row, flush=True)


def is_done(run, out, averages):
    file = run.file(out, ".json")
    return file.exists() and set(averages) <= set(json.loads(file.read_text("utf-8"))["scores"])


def read(out):
    """All results, one row a way of averaging."""
    for file in sorted(out.glob("*-*.json")):
        row = json.loads(file.read_text("utf-8"))
        for average, scores in row.pop("scores").items():
            yield {**row, **scores, "average": average}


def grouped(rows):
    """The rows of each table line, of all seeds: by budget, set, variant and averaging."""
    groups = {}
    for row in rows:
        groups.setdefault((row["budget"], row["set"], row["variant"], row["average"]), []).append(row)
    order = list(VARIANTS)
    return dict(sorted(groups.items(), key=lambda item: (*item[0][:2], order.index(item[0][2].split()[0]), item[0][3])))


def table(groups):
    """Markdown, a table for each set and budget: means over seeds, and their range where there are several."""
    head = None
    for (limit, name, variant, average), rows in groups.items():
        if head != (limit, name):
            head = limit, name
            yield f"\n{name}, {limit}\n"
            titles = [
                "variant",
                "averaging",
                "seeds",
                "steps",
                "minutes",
                "s a step",
                "GB",
                *SCORES[name],
                "against fast",
            ]
            yield f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}"
        steps, minutes, seconds, memory = (
            np.mean([row[key] for row in rows]) for key in ("steps", "minutes", "seconds_a_step", "training_memory_gb")
        )
        scores = [spread([row[score] for row in rows]) for score in SCORES[name]]
        gain = difference(groups, (limit, name, variant, average))
        yield (
            f"| {variant} | {average} | {len(rows)} | {steps:.0f} | {minutes:.1f} | {seconds:.2f} | {memory:.1f} "
            f"| {' | '.join(scores)} | {'' if gain is None else f'{gain:+.3f}'} |"
        )


def spread(values):
    """Mean, and from where to where."""
    across = f" ({min(values):.3f}-{max(values):.3f})" if len(values) > 1 else ""
    return f"{np.mean(values):.3f}{across}"


def difference(groups, key):
    """By how much the first score is better than that of `fast`, over the seeds that both have; None without any."""
    limit, name, variant, average = key
    score = SCORES[name][0]
    mine, theirs = (
        {row["seed"]: row[score] for row in groups.get((limit, name, which, average), [])}
        for which in (variant, "fast")
    )
    both = mine.keys() & theirs.keys()
    return float(np.mean([mine[seed] - theirs[seed] for seed in both])) if both and variant != "fast" else None


def picture(groups, path):
    """The score of each variant, a point a seed, in a panel for each set and budget; the line is `fast`."""
    from matplotlib.figure import Figure

    from cellseg.cli.pictures.drawing import save_picture

    panels = sorted({key[:2] for key in groups})
    shown = {panel: [key for key in groups if key[:2] == panel] for panel in panels}
    most = max(len(keys) for keys in shown.values())
    figure = Figure(figsize=(4.5 * len(panels), 1.2 + 0.25 * most), layout="constrained")
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        keys, score = shown[panel], SCORES[panel[1]][0]
        for place, key in enumerate(keys):
            values = [row[score] for row in groups[key]]
            axes.plot(values, [place] * len(values), "o", color="#0072b2")
            if key[2:] == ("fast", "none"):
                axes.axvline(np.mean(values), color="#999999", lw=1)
        axes.set_yticks(range(len(keys)), [key[2] if key[3] == "none" else f"{key[2]}, {key[3]}" for key in keys])
        axes.invert_yaxis()
        axes.set(xlabel=score, title=f"{panel[1]}, {panel[0]}")
        axes.locator_params(axis="x", nbins=5)
        axes.grid(alpha=0.3, axis="x")
    save_picture(figure, path)


def parsed():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--steps", type=int, default=0, help="instead of minutes")
    parser.add_argument("--variant", choices=VARIANTS, action="append")
    parser.add_argument("--set", choices=budget.SETS, action="append")
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--average", choices=("none", "rotations7", "dihedral8"), action="append")
    parser.add_argument("--base", type=int, default=0)
    parser.add_argument("--depth", type=int, default=0)
    parser.add_argument("--clock", choices=budget.CLOCKS, default="processor")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--again", action="store_true", help="choose cuts anew, and judge again what is there")
    parser.add_argument("--here", action="store_true", help="train in this process")
    return parser.parse_args()


def main():
    asked = parsed()
    asked.out.mkdir(parents=True, exist_ok=True)
    averages = ["none", *(each for each in asked.average or [] if each != "none")]
    runs = [
        Run(name, variant, asked.minutes, seed, asked.base, asked.depth, asked.steps)
        for seed, variant, name in itertools.product(asked.seed or [0], asked.variant or VARIANTS, asked.set or SHORT)
    ]
    missing = [] if asked.table else [run for run in runs if not is_done(run, asked.out, averages)]
    if asked.again:
        missing = [run for run in runs if run.file(asked.out, ".json").exists()]
    for run in missing:
        if asked.here:
            perform(run, asked.out, averages, asked.clock, asked.threads, asked.again)
        else:
            alone = ["--set", run.set, "--variant", run.variant, "--seed", str(run.seed)]
            subprocess.run([sys.executable, *without(sys.argv), *alone, "--here"], check=True)
    if not asked.here:
        groups = grouped(read(asked.out))
        print("\n".join(table(groups)))
        if groups:
            picture(groups, asked.out / "time-to-accuracy.png")


def without(words):
    """The words of the command without what names several runs."""
    kept, skip = [], False
    for word in words:
        skip_next = word in ("--set", "--variant", "--seed")
        if not skip and not skip_next:
            kept.append(word)
        skip = skip_next
    return kept


if __name__ == "__main__":
    main()
