"""The image as the network sees it: normalised once a plane, mirrored outside."""

from __future__ import annotations

import numpy as np

from cellseg.arrays import Float32
from cellseg.images.normalise import Normalisation, apply, measure
from cellseg.images.source import ImageSource
from cellseg.inference.mirror import read_mirrored
from cellseg.inference.statistics import sample_boxes
from cellseg.inference.tiling import Box
from cellseg.models.geometry import Geometry


class NormalisedImage:
    """Regions of an image in normalised grey values; each plane is measured when it is first read.

    `inverted` grey values are those of the negative.
    """

    def __init__(self, source: ImageSource, inverted: bool = False) -> None:
        self.source = source
        self._sign = np.float32(-1 if inverted else 1)
        self._known: dict[int, Normalisation] = {}

    def read(self, plane: int, box: Box) -> Float32:
        """Pixels float32 (C, h, w) of a box that may reach outside the plane."""
        return self._sign * apply(read_mirrored(self.source, plane, box), self.measure(plane))

    def measure(self, plane: int) -> Normalisation:
        """The grey values of a plane; it is read once. Raises InputError where it is damaged or holds NaN."""
        if plane not in self._known:
            self._known[plane] = measure(self.source, plane)
        return self._known[plane]

    def sample(self, plane: int, geometry: Geometry) -> Float32:
        """Boxes of a plane from which the network takes its statistics, float32 (N, C, h, w)."""
        boxes = sample_boxes(self.source.height, self.source.width, geometry)
        return np.stack([self.read(plane, box) for box in boxes])

    def sample_shape(self, geometry: Geometry) -> tuple[int, ...]:
        """The shape of `sample`, without reading it."""
        boxes = sample_boxes(self.source.height, self.source.width, geometry)
        return len(boxes), self.source.channels, boxes[0].height, boxes[0].width
