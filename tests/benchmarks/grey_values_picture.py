"""Picture of docs/prediction.md: hot pixels and a black margin, as a file shows them and as networks see them.

python tests/benchmarks/grey_values_picture.py docs/pictures/grey-values.png
"""

import sys
from pathlib import Path

import numpy as np

from cellseg.cli.pictures.panels import draw_panels
from cellseg.images.grey_values import SPAN, grey_rule, seen_pixels
from cellseg.images.source import array_source
from cellseg.samples.sample import make_sample

SIDE, MARGIN, HOT, SATURATED = 220, 60, 12, 65535


def flawed():
    """Nuclei in a black margin, with hot pixels; uint16."""
    rng = np.random.default_rng(3)
    nuclei = make_sample("blobs", (SIDE, SIDE), rng)[0].astype(np.float64)
    image = np.zeros((SIDE + MARGIN, SIDE + MARGIN), np.uint16)
    image[MARGIN:, MARGIN:] = 400 + 1600 * nuclei / nuclei.max()
    image[rng.integers(MARGIN, len(image), HOT), rng.integers(MARGIN, len(image), HOT)] = SATURATED
    return image


def as_seen(image, rule):
    """The image as a network sees it, from black at -4 to white at 4."""
    seen = seen_pixels(array_source(image), grey_rule(rule), *image.shape).read(0)[0]
    return ramp(seen, -SPAN, SPAN)


def ramp(image, low, high):
    """Grey values (H, W) from black at `low` to white at `high`, with both in a corner, as pictures are stretched."""
    shown = np.clip((image.astype(np.float64) - low) / (high - low), 0, 1)
    shown[0, :2] = 0, 1
    return shown


if __name__ == "__main__":
    image = flawed()
    panels = (
        ("file, darkest to brightest", ramp(image, image.min(), image.max()), "gray"),
        ("--grey-values mean", as_seen(image, "mean"), "gray"),
        ("--grey-values contrast", as_seen(image, "contrast"), "gray"),
    )
    draw_panels(panels, Path(sys.argv[1]))
