"""The longer run: `python -m tests.fuzz --minutes N [--door NAME ...] [--first K] [--inputs M]`.

A child process does the work, so that a library that ends it, or hangs in a loop of its own, is a finding, too. Each
input follows from its number, so a second run goes on with other numbers by `--first`.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from .doors import DOORS
from .harness import Corpus

BLOCK = 100
"""Inputs of a door before the next one has its turn."""
PATIENCE = 90.0
"""Seconds without a new input after which the child hangs."""


def main() -> int:
    words = _words()
    return _child(words) if words.child else _parent(words)


def _words() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--door", nargs="*", default=[door.name for door in DOORS])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--inputs", type=int, default=10**9, help="of each door, in hundreds")
    parser.add_argument("--findings", type=Path, default=Path("fuzz-findings"))
    parser.add_argument("--child", type=Path)
    return parser.parse_args()


def _parent(words: argparse.Namespace) -> int:
    """Start children until the time is over; what ends one is a finding, and the next goes on behind it."""
    state = Path(tempfile.mkdtemp()) / "state.json"
    end = time.monotonic() + 60 * words.minutes
    tally: dict[str, Counter[str]] = {name: Counter() for name in words.door}
    words.findings.mkdir(parents=True, exist_ok=True)
    last = words.first + words.inputs
    while (left := end - time.monotonic()) > 1 and words.first < last:
        words.inputs = last - words.first
        how = _watched(words, state, left)
        if not state.exists():  # it did not even begin
            return 1
        name, number = json.loads(state.read_text())
        for door, counts in json.loads(_counts(state).read_text()).items():
            tally[door].update(counts)
        if how:
            tally[name][f"the process ended ({how}), such as at input {number}"] += 1
        words.first = (number // BLOCK + 1) * BLOCK
        state.unlink()
        _show(tally, words.findings)
    return int(any(key not in ("read", "refused") for counts in tally.values() for key in counts))


def _watched(words: argparse.Namespace, state: Path, seconds: float) -> str:
    """Run a child to its end; how it ended where that was not of its own will."""
    line = [sys.executable, "-m", "tests.fuzz", "--child", str(state), "--minutes", str(seconds / 60)]
    line += ["--first", str(words.first), "--inputs", str(words.inputs)]
    line += ["--findings", str(words.findings), "--door", *words.door]
    child = subprocess.Popen(line)
    start = time.monotonic()
    while child.poll() is None:
        time.sleep(0.5)
        seen = os.stat(state).st_mtime if state.exists() else time.time()
        if time.time() - seen > PATIENCE or time.monotonic() - start > seconds + PATIENCE:
            child.kill()
            child.wait()
            return "it hung"
    return "" if child.returncode == 0 else f"exit code {child.returncode}"


def _child(words: argparse.Namespace) -> int:
    """Attempts, door by door, until the time is over; before each its number is noted, and now and then the counts."""
    logging.disable()
    sys.stdout.reconfigure(errors="replace")
    end = time.monotonic() + 60 * words.minutes
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    corpora = [Corpus(door, folder / door.name) for door in DOORS if door.name in words.door]
    tally: dict[str, Counter[str]] = {corpus.door.name: Counter() for corpus in corpora}
    first, last = words.first, words.first + words.inputs
    at = os.open(words.child, os.O_RDWR | os.O_CREAT)
    _counts(words.child).write_text("{}")
    while time.monotonic() < end and first < last:
        for corpus in corpora:
            for number in range(first, first + BLOCK):
                os.pwrite(at, json.dumps([corpus.door.name, number]).ljust(100).encode(), 0)
                found = corpus.attempt(number)
                if found not in ("read", "refused") and not tally[corpus.door.name][found]:
                    print(f"{corpus.door.name} {number}: {found}", flush=True)
                    corpus.keep(number, words.findings / f"{corpus.door.name}-{number}")
                tally[corpus.door.name][found] += 1
            _counts(words.child).write_text(json.dumps(tally))
            if time.monotonic() >= end:
                break
        first += BLOCK
    return 0


def _counts(state: Path) -> Path:
    return state.with_suffix(".counts")


def _show(tally: dict[str, Counter[str]], folder: Path) -> None:
    """Print the counts of each door, and write them beside the findings."""
    lines = []
    for name, counts in tally.items():
        lines.append(f"{name}: {counts['read']} read, {counts['refused']} refused")
        lines += [f"    {count} x {key}" for key, count in counts.items() if key not in ("read", "refused")]
    total = sum(sum(counts.values()) for counts in tally.values())
    text = "\n".join([*lines, f"{total} inputs in all"])
    print(text, flush=True)
    (folder / "counts.txt").write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
