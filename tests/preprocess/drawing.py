"""Label images drawn as text, or made by hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


def draw(text: str) -> np.ndarray:
    """(H, W) int32; a letter is a cell (a = 1, b = 2, ...), a dot the background."""
    return np.array([[0 if c == "." else ord(c) - 96 for c in row] for row in text.split()], np.int32)


def drawn(labels: np.ndarray) -> list[str]:
    """The rows of a drawing."""
    return ["".join("." if n == 0 else chr(96 + n) for n in row) for row in labels]


@st.composite
def label_images(draw_from: st.DrawFn, side: int = 14, cells: int = 5) -> np.ndarray:
    """(H, W) int32 up to `side`: squares on top of one another, or noise; touching, thin, in pieces."""
    shape = draw_from(st.tuples(st.integers(1, side), st.integers(1, side)))
    labels = np.zeros(shape, np.int32)
    if draw_from(st.booleans()):
        rng = np.random.default_rng(draw_from(st.integers(0, 999)))
        return rng.integers(0, draw_from(st.integers(1, 40)), shape).astype(np.int32)
    for cell in range(1, draw_from(st.integers(0, cells)) + 1):
        y, x, height, width = (draw_from(st.integers(0, side)) for _ in range(4))
        labels[y : y + height + 1, x : x + width + 1] = cell
    return labels


def touching_pairs(labels: np.ndarray) -> np.ndarray:
    """(H, W) bool: pixels with a 4-neighbour in another cell."""
    touching = np.zeros(labels.shape, bool)
    for turned, found in ((labels, touching), (labels.T, touching.T)):
        meet = (turned[1:] != turned[:-1]) & (turned[1:] > 0) & (turned[:-1] > 0)
        found[1:] |= meet
        found[:-1] |= meet
    return touching


def voronoi_cells(shape: tuple[int, int], count: int, radius: float, seed: int) -> np.ndarray:
    """Round cells (H, W) int32 that are flat where they touch."""
    rng = np.random.default_rng(seed)
    spots = rng.uniform(0, 1, (count, 2)) * shape
    y, x = np.mgrid[: shape[0], : shape[1]]
    squares = (y - spots[:, :1, None]) ** 2 + (x - spots[:, 1:, None]) ** 2
    return np.where(squares.min(0) <= radius**2, squares.argmin(0) + 1, 0).astype(np.int32)
