"""Label images drawn as text: a letter is an object, a dot the background."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


def draw(text: str) -> np.ndarray:
    """(H, W) int32; a = 1, b = 2, ...; # = 1."""
    rows = text.split()
    numbers = [[c != "." and (1 if c == "#" else ord(c) - ord("a") + 1) for c in row] for row in rows]
    return np.array(numbers, dtype=np.int32)


TRUTH = draw("""
    aaaa.bbbbbb..ccc
    aaaa.bbbbbb..ccc
    ................
    dddd.eeee.......
    dddd.eeee.......
""")
PREDICTION = draw("""
    aaaa.bbccdd.....
    aaaa.bbccdd.....
    ................
    eeeeeeeee...fff.
    eeeeeeeee...fff.
""")
"""Every kind of mistake: split, merged, missed, invented."""


def label_images(side: int = 8, highest: int = 4) -> st.SearchStrategy[np.ndarray]:
    """Images (H, W) of labels from 0 to `highest`, with flat patches as in real ones."""

    def make(seed: int, height: int, width: int, grain: int) -> np.ndarray:
        coarse = np.random.default_rng(seed).integers(0, highest + 1, (height, width))
        return np.kron(coarse, np.ones((grain, grain), dtype=np.int64))[:height, :width]

    sides = st.integers(1, side)
    return st.builds(make, st.integers(0, 2**32 - 1), sides, sides, st.integers(1, 4))


@st.composite
def label_pairs(draw_from: st.DrawFn, side: int = 8, highest: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Two label images of equal shape."""
    first = draw_from(label_images(side, highest))
    seed = draw_from(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    changed = rng.random(first.shape) < draw_from(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    return np.where(changed, rng.integers(0, highest + 1, first.shape), first), first
