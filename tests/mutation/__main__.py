"""Mutation testing: `python -m tests.mutation [--stage NAME ...] [--count N] [--seed N] [--minutes N]`.

Small faults are put into the modules of a stage, one at a time, and the stage's tests are run: who survives shows what
no test looks at, or is the same program in other words; which of both, people judge. The stages take turns, until each
had COUNT mutants or the time is over.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

try:
    from .mutants import Mutant, chosen
except ModuleNotFoundError:
    sys.exit('error: cosmic-ray makes the mutants. Install it: pip install -e ".[mutants]"')
from .stages import STAGES
from .trial import copy, killed, seconds_of


def main() -> None:
    words = _words()
    stages = [stage for stage in STAGES if stage.name in words.stage]
    tried, dead = Counter[str](), Counter[str]()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        copy(folder)
        patience = {stage: 20 + 5 * seconds_of(folder, stage) for stage in stages}
        mutants = {stage: chosen(folder, stage, words.seed)[: words.count] for stage in stages}
        end = time.monotonic() + 60 * words.minutes
        for turn in range(words.count):
            for stage in stages:
                if turn >= len(mutants[stage]) or time.monotonic() > end:
                    continue
                mutant = mutants[stage][turn]
                was_killed = killed(folder, stage, mutant, patience[stage])
                tried[stage.name] += 1
                dead[stage.name] += was_killed
                if not was_killed:
                    _show(folder, mutant)
    for stage in stages:
        print(f"{stage.name}: {dead[stage.name]} of {tried[stage.name]} killed")


def _words() -> argparse.Namespace:
    names = [stage.name for stage in STAGES]
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("--stage", nargs="*", default=names, choices=names)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=600)
    return parser.parse_args()


def _show(folder: Path, mutant: Mutant) -> None:
    """Print a survivor: the line as it is, and as the mutant has it."""
    source = (folder / mutant.module).read_text(encoding="utf-8")
    lines = zip(source.splitlines(), mutant.code(source).splitlines(), strict=False)
    number, (before, after) = next((k, pair) for k, pair in enumerate(lines, 1) if pair[0] != pair[1])
    print(f"survived: {mutant.module}:{number}: {before.strip()}  ->  {after.strip()}", flush=True)


if __name__ == "__main__":
    main()
