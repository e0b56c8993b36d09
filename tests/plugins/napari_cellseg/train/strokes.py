"""What somebody paints in the first minutes: short strokes in some cells, and some on the background."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from skimage.segmentation import find_boundaries


def paint_strokes(cells, rng, count=10, on_background=4, radius=3, outlines=False):
    """Annotation uint32 (0 = none, 1 = background, 2 and up = cells) of true cells (H, W).

    With `outlines` the outlines of the chosen cells are painted as background, too.
    """
    found = np.zeros(cells.shape, np.uint32)
    sizes = np.bincount(cells.ravel())
    large = [number for number in range(1, len(sizes)) if sizes[number] > 300]
    for value, number in enumerate(rng.choice(large, count, replace=False), 2):
        if outlines:
            found[find_boundaries(cells == number)] = 1
        _stroke(found, cells == number, rng, 8, radius, value)
    for _ in range(on_background):
        _stroke(found, cells == 0, rng, 15, radius, 1)
    return found


def _stroke(found, where, rng, half, radius, value):
    """A straight line around a random pixel well inside a region; it stays two pixels off its edge."""
    inside = ndimage.binary_erosion(where, iterations=2)
    depth = ndimage.distance_transform_edt(inside)
    middle = np.argwhere(depth > min(depth.max() * 0.9, 4))
    centre, angle = middle[rng.integers(len(middle))], rng.uniform(0, np.pi)
    y, x = np.indices(found.shape)
    for along in range(-half, half + 1):
        at = centre + along * np.array([np.sin(angle), np.cos(angle)])
        found[((y - at[0]) ** 2 + (x - at[1]) ** 2 <= radius**2) & inside] = value
