"""Folders of people: the layout of the Data Science Bowl opened, and what the table and the page of a folder cost.

`CELLSEG_IMAGES` says of how many images the second is measured (200), `CELLSEG_PAIRS` how often (1).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from cellseg.labels.annotated import find_annotated_pairs
from cellseg.labels.notes import notes_on

pytestmark = pytest.mark.benchmark

IMAGES, MASKS, SIDE = 100, 30, 256
MOST_SECONDS = 10.0
MOST_OVERHEAD = 1.15
MOST_BYTES = 200e6


def cells(rng: np.random.Generator, side: int, count: int) -> np.ndarray:
    """Labels (side, side) of discs that do not overlap, as many as there is room for."""
    labels = np.zeros((side, side), np.uint16)
    y, x = np.mgrid[:side, :side]
    number = 0
    while number < count:
        (top, left), radius = rng.integers(12, side - 12, 2), rng.integers(5, 11)
        disc = (y - top) ** 2 + (x - left) ** 2 < radius**2
        if not labels[disc].any():
            number += 1
            labels[disc] = number
    return labels


def image_of(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return (30 + 120 * (labels > 0) + rng.normal(0, 6, labels.shape)).clip(0, 255).astype(np.uint8)


def test_the_layout_of_the_data_science_bowl(tmp_path):
    """100 images with 3,000 masks, a PNG each: opened, drawn and counted."""
    rng, wanted = np.random.default_rng(0), {}
    for name in (f"{number:032x}" for number in range(IMAGES)):
        wanted[name] = labels = cells(rng, SIDE, MASKS)
        for kind in ("images", "masks"):
            (tmp_path / name / kind).mkdir(parents=True)
        Image.fromarray(image_of(labels, rng)).save(tmp_path / name / f"images/{name}.png")
        for number in range(1, MASKS + 1):
            mask = (labels == number).astype(np.uint8) * 255
            Image.fromarray(mask).save(tmp_path / name / f"masks/{number:04}.png")
    clock, processor = time.perf_counter(), time.process_time()
    pairs = find_annotated_pairs(tmp_path, tmp_path)
    notes_on(pair.labels for pair in pairs)
    drawn = {Path(pair.image.name).stem: pair.labels.read(0)[0] for pair in pairs}
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"\n{IMAGES} images, {IMAGES * MASKS} masks: {clock:.1f} s by the clock, {processor:.1f} s of the processor")
    assert all((drawn[name] == labels).all() for name, labels in wanted.items())
    assert processor < MOST_SECONDS


def run(folder: Path, out: str, *more: str) -> tuple[float, int]:
    """Processor seconds and largest resident memory of a prediction of all images."""
    words = [sys.executable, "-m", "cellseg", "predict", "nuclei", str(folder / "images"), "--out", str(folder / out)]
    child = subprocess.Popen([*words, *more], stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)  # else Popen warns that it is still running
    assert child.returncode == 0
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024


@pytest.mark.timeout(0)
def test_what_the_table_and_the_page_of_a_folder_cost(tmp_path):
    """Paired runs: with and without table and page."""
    rng, count = np.random.default_rng(1), int(os.environ.get("CELLSEG_IMAGES", "200"))
    (tmp_path / "images").mkdir()
    for number in range(count):
        tifffile.imwrite(tmp_path / f"images/{number:03}.tif", image_of(cells(rng, 512, 60), rng))
    summaries = ("--table", str(tmp_path / "cells.csv"), "--report", str(tmp_path / "report.html"))
    ratios, memory = [], []
    for number in range(int(os.environ.get("CELLSEG_PAIRS", "1"))):
        alone, with_both = run(tmp_path, f"a{number}"), run(tmp_path, f"b{number}", *summaries)
        ratios.append(with_both[0] / alone[0])
        memory.append(with_both[1] - alone[1])
        seconds = f"{alone[0]:.1f} s alone, {with_both[0]:.1f} s with both"
        peaks = f"{alone[1] / 1e6:.0f} MB, {with_both[1] / 1e6:.0f} MB"
        print(f"\n{count} images of 512 x 512: {seconds}, ratio {ratios[-1]:.3f}; at most {peaks}")
    assert float(np.median(ratios)) < MOST_OVERHEAD
    assert max(memory) < MOST_BYTES
