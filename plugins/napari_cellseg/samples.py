"""Sample stacks under File > Open Sample: generated cells with their labels."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

import cellseg
from napari_cellseg.image_reader import LayerData

SHAPE = 512, 512
PLANES = 3


def make_stack(kind: Literal["blobs", "touching", "em"]) -> list[LayerData]:
    """Three planes (3, 512, 512) of a kind of `cellseg sample`, and their labels, as layers."""
    planes = [cellseg.make_sample(kind, SHAPE, np.random.default_rng([0, plane])) for plane in range(PLANES)]
    image = np.stack([image for image, _ in planes])
    labels = np.stack([labels for _, labels in planes]).astype(np.uint32)
    return [(image, {"name": kind}, "image"), (labels, {"name": f"{kind} labels"}, "labels")]


blobs = partial(make_stack, "blobs")
touching = partial(make_stack, "touching")
em = partial(make_stack, "em")
