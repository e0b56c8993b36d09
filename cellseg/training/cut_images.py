"""The number of images on which the cut is chosen; without torch, so that time can be estimated before."""

from __future__ import annotations

CHOOSING_PIXELS = 1 << 22
CHOOSING = 4, 24
"""Pixels, fewest and most images on which the threshold is chosen: four large ones, or more of small ones."""
FEW = 6
"""Where fewer images are held out, the threshold is chosen on so many, some of which the model has learnt from: eight
networks on ISBI 2012 had V_rand 0.01 higher in the mean with four of those beside two that were held out, and steadier
thresholds."""
WHOLE_PIXELS = 1 << 22
"""Pixels of an image up to which it is predicted and judged as a whole, 2048 x 2048; of larger ones windows are."""
JUDGED_SIDE = 1 << 11
"""Side in pixels of a window on which a model is judged."""
WINDOWS = 4
"""Windows of a large image."""


def judged_pixels(pixels: int, side: int) -> int:
    """Pixels of an image that a validation looks at, at most."""
    return pixels if pixels <= WHOLE_PIXELS else min(pixels, WINDOWS * side * side)


def most_chosen(pixels: float) -> int:
    """Most images on which the cut is chosen, by their mean number of pixels."""
    return int(min(max(CHOOSING_PIXELS / pixels, CHOOSING[0]), CHOOSING[1]))
