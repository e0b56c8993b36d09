"""Masks drawn in ASCII, and references from scipy that see the whole mask."""

from __future__ import annotations

import numpy as np
import scipy.ndimage as ndi
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cellseg.inference.instances import InstanceOptions, label_plane

masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))
blocks = st.integers(1, 7)


def draw(text: str) -> np.ndarray:
    """(H, W) bool: # = cell."""
    return np.array([[c == "#" for c in row] for row in text.split()])


def numbers(text: str) -> np.ndarray:
    """(H, W) uint32: digits, . = 0."""
    return np.array([[0 if c == "." else int(c) for c in row] for row in text.split()], np.uint32)


def by_blocks(mask: np.ndarray, block: int, scratch=None, **options) -> np.ndarray:
    """Labels of a whole mask, made block by block."""
    found = label_plane(
        lambda y, x: mask[y, x], *mask.shape, options=InstanceOptions(**options), block=block, scratch=scratch
    )
    return found.read(slice(None), slice(None))


def filled(mask: np.ndarray, largest: int) -> np.ndarray:
    """Holes of at most `largest` pixels filled, by scipy."""
    holes, _ = ndi.label(~mask, np.ones((3, 3)))
    edge = np.unique(np.concatenate([holes[0], holes[-1], holes[:, 0], holes[:, -1]]))
    sizes = np.bincount(holes.ravel())
    small = (sizes <= largest) & ~np.isin(np.arange(len(sizes)), edge)
    return mask | small[holes]
