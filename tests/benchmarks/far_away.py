"""Whether cells stay the same when something changes far away: hot pixels, dust, margins, empty ground, other units.

    python tests/benchmarks/far_away.py MODEL [--set dsb2018] [--part 2]

Each line is a change of the set's validation images: AP at IoU 0.5 and 0.8 over the whole set, by how much they differ
from those of the images as they are, and how many cells are found against these. Where a change makes images nine or
a hundred times as large, only images under 70,000 pixels are taken, and compared with themselves. At the end: cells in
fields of noise, and with one nucleus in them. CELLSEG_DATA names the folder of the public data sets.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import tifffile

import cellseg
from cellseg.metrics.tally import tally_cells

SMALL = 70_000
AT = 0.5, 0.8


def wide(image):
    """With 16 bits, and dark ground above 0."""
    return image.astype(np.uint16) * 20 + 500 if image.dtype == np.uint8 else image


def hot_pixels(image, labels):
    changed, rng = wide(image).copy(), np.random.default_rng(0)
    changed.flat[rng.choice(image.size, int(image.size * 3e-4), replace=False)] = 65535
    return changed, labels


def dust(image, labels):
    changed = wide(image).copy()
    y, x = (length // 2 - 10 for length in image.shape)
    changed[y : y + 20, x : x + 20] = 65535
    return changed, labels


def margin(times, value):
    """A frame of one value around it, so that it has so many times the area."""

    def change(image, labels):
        image = wide(image)
        frame = [(round((np.sqrt(times) - 1) * length / 2),) * 2 for length in image.shape]
        return np.pad(image, frame, constant_values=value), np.pad(labels, frame)

    return change


def empty_ground(image, labels):
    """Noise like its own ground around it, nine times the area."""
    image, rng = wide(image), np.random.default_rng(0)
    ground = image[labels == 0]
    canvas = rng.choice(ground, tuple(3 * length for length in image.shape))
    inside = tuple(slice(length, 2 * length) for length in image.shape)
    canvas[inside] = image
    return canvas, np.pad(labels, [(length, length) for length in image.shape])


CHANGES = {
    "other units (times 3.7, plus 1000)": (lambda i, t: (wide(i).astype(np.float32) * 3.7 + 1000, t), False),
    "0.03 % hot pixels": (hot_pixels, False),
    "dust, 20 x 20 saturated": (dust, False),
    "black margin, 9 times the area": (margin(9, 0), True),
    "white margin, 9 times the area": (margin(9, 65535), True),
    "black margin, 100 times the area": (margin(100, 0), True),
    "empty ground, 9 times the area": (empty_ground, True),
}


def scores(model, pairs):
    """AP at `AT` over all pairs, and the number of cells found."""
    tally, count = None, 0
    for image, labels in pairs:
        cells = cellseg.segment_array(model, image)
        count += int(cells.max())
        one = tally_cells(cells, labels, AT, outlines=False)
        tally = one if tally is None else tally + one
    return np.array([float(x) for x in tally.average_precision.values()]), count


def noise_field(side, nucleus):
    """Noise with one nucleus of 50 times its deviation in it, or with none."""
    image = np.random.default_rng(1).normal(1000, 20, (side, side))
    if nucleus:
        y, x = np.mgrid[:64, :64] - 32.0
        part = image[side // 2 - 32 : side // 2 + 32, side // 2 - 32 : side // 2 + 32]
        part += 1000 / (1 + np.exp(np.clip((np.hypot(y, x) - 12) / 1.2, -60, 60)))
    return np.rint(image).clip(0).astype(np.uint16)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--set", default="dsb2018")
    parser.add_argument("--part", type=int, default=1, help="of the images only every so many")
    asked = parser.parse_args()
    model = cellseg.load(asked.model)
    folder = Path(os.environ["CELLSEG_DATA"]) / asked.set / "val"
    files = sorted((folder / "images").glob("*.tif"))[:: asked.part]
    pairs = [(tifffile.imread(f), tifffile.imread(folder / "labels" / f.name).astype(np.int32)) for f in files]
    small = [pair for pair in pairs if pair[0].size < SMALL]
    print("| change | AP at 0.5, 0.8 | as it is | cells |\n|---|---|---|---|")
    plain = {len(each): scores(model, each) for each in (pairs, small)}
    for name, (change, few) in CHANGES.items():
        taken = small if few else pairs
        before, cells = plain[len(taken)]
        after, found = scores(model, (change(*pair) for pair in taken))
        shown = [f"{x:.3f}" for x in (*after, *before)]
        print(f"| {name} | {shown[0]}, {shown[1]} | {shown[2]}, {shown[3]} | {found} of {cells} |", flush=True)
    for side in (512, 1024, 4096):
        counts = [int(cellseg.segment_array(model, noise_field(side, nucleus)).max()) for nucleus in (False, True)]
        print(f"noise of {side} x {side}: {counts[0]} cells; with one nucleus {counts[1]}", flush=True)


if __name__ == "__main__":
    main()
