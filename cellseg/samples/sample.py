"""Generated images with known cells, for demonstrations and tests."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.options import SampleKind
from cellseg.samples.cells import draw_blobs, draw_touching
from cellseg.samples.em import draw_em

_DRAWN = {"blobs": draw_blobs, "touching": draw_touching, "em": draw_em}


def make_sample(
    kind: SampleKind, shape: tuple[int, int], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[Any]]:
    """Draw an image and its labels; the same generator state gives the same pixels.

    Args:
        kind: blobs = bright nuclei that lie apart; touching = crowded cells with dim seams between them;
            em = pale cells with dark membranes, as in electron microscopy.
        shape: height and width in pixels.
        rng: source of all chance.

    Returns:
        image (H, W) uint8, and labels (H, W) uint16 or, for more than 65,535 cells, uint32; 0 is
        background or membrane, cells are 1..n.

    Raises:
        InputError: there is no such kind.
    """
    if kind not in _DRAWN:
        raise InputError(f"there is no sample {kind!r}", f"Choose one of: {', '.join(get_args(SampleKind))}.")
    light, cells = _DRAWN[kind](shape, rng)
    image = np.clip(light * 255 + 0.5, 0, 255).astype(np.uint8)
    found, labels = np.unique(cells, return_inverse=True)
    labels = labels.reshape(shape) + (0 if found[0] == 0 else 1)
    return image, labels.astype(np.uint16 if labels.max() < 2**16 else np.uint32)
