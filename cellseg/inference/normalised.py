"""The image as the network sees it: in its grey values, at its size, mirrored outside."""

from __future__ import annotations

import numpy as np

from cellseg.arrays import Float32, Shape
from cellseg.images.grey_notes import grey_notes, is_constant, is_framed_noise
from cellseg.images.grey_values import MEAN, GreyRule, PlaneGreys, greys_of, known_greys, note_greys, seen_pixels
from cellseg.images.rescale import rescaled
from cellseg.images.source import ImageSource
from cellseg.inference.mirror import read_mirrored
from cellseg.inference.statistics import CANDIDATES, sample_boxes, strongest
from cellseg.inference.tiling import Box
from cellseg.models.geometry import Geometry


class NormalisedImage:
    """Regions of an image in the network's grey values; each plane is measured when it is first read.

    Attributes:
        source: the image at the size that the network sees, in its own grey values.
    """

    def __init__(
        self, own: ImageSource, rule: GreyRule, size: Shape, inverted: bool = False, noted: PlaneGreys | None = None
    ) -> None:
        """See `own` at a size (height, width) by a rule; `inverted` grey values are those of the negative.

        `noted` are the grey values of its planes where they are known.
        """
        self.source = own if size == (own.height, own.width) else rescaled(own, *size)
        self._seen = seen_pixels(own, rule, *size, noted)
        self._rule = rule
        self._sign = np.float32(-1 if inverted else 1)

    def read(self, plane: int, box: Box) -> Float32:
        """Pixels float32 (C, h, w) of a box that may reach outside the plane."""
        seen: Float32 = read_mirrored(self._seen, plane, box)
        return self._sign * seen

    def measure(self, plane: int) -> PlaneGreys:
        """The grey values of a plane; it is read once. Raises InputError where it is damaged or holds NaN."""
        return greys_of(self._seen, plane)

    def know(self, plane: int, greys: PlaneGreys) -> None:
        """Take the grey values of a plane from elsewhere; it is not measured then."""
        note_greys(self._seen, plane, greys)

    def holds_nothing(self, plane: int, *, adaptive: bool) -> bool:
        """True for a plane in which there is nothing to find: of one grey value.

        An `adaptive` network, which takes its statistics from the image, would take those of noise in a margin and find
        cells in it.
        """
        greys = self.measure(plane)
        return is_constant(greys) or (adaptive and is_framed_noise(greys))

    @property
    def notes(self) -> list[str]:
        """Sentences on the grey values of the planes that were measured so far."""
        return grey_notes(known_greys(self._seen), self.source.planes)

    def sample(self, plane: int, geometry: Geometry) -> Float32:
        """Boxes of a plane from which the network takes its statistics, float32 (N, C, h, w)."""
        return np.stack([self.read(plane, box) for box in self._boxes(plane, geometry)])

    def _boxes(self, plane: int, geometry: Geometry) -> list[Box]:
        """Boxes where there is something to see; with the rule of the mean spread evenly, as ever."""
        size = self.source.height, self.source.width
        few = sample_boxes(*size, geometry)
        if len(few) == 1 or self._rule.name == MEAN:
            return few
        many, edge = sample_boxes(*size, geometry, per_axis=CANDIDATES), geometry.margin
        inner = [Box(box.top + edge, box.left + edge, box.height - 2 * edge, box.width - 2 * edge) for box in many]
        return strongest(many, [float(self.read(plane, box).std()) for box in inner], len(few))

    def sample_shape(self, geometry: Geometry) -> tuple[int, ...]:
        """The shape that `sample` has at most, without reading it."""
        boxes = sample_boxes(self.source.height, self.source.width, geometry)
        return len(boxes), self.source.channels, boxes[0].height, boxes[0].width
