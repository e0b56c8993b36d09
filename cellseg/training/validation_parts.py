"""The parts of annotated images that a validation looks at: whole images, and windows of large ones."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cellseg.arrays import Float32
from cellseg.evaluation.windows import Window, windows_of
from cellseg.inference.predict import unfilled
from cellseg.inference.tiling import Box
from cellseg.models.trained import TrainedModel
from cellseg.training.cut_images import judged_pixels
from cellseg.training.data import Annotated


@dataclass(frozen=True, slots=True, eq=False)
class ShownPart:
    """A part of an image: the whole of it, or a window.

    Attributes:
        whole: the image.
        image: the part, named with its place where it is a window.
        window: its place.
    """

    whole: Annotated
    image: Annotated
    window: Window

    @property
    def pixels(self) -> int:
        """Number of its pixels."""
        return self.image.truth.ignore.size

    def predicted(self, model: TrainedModel) -> Generator[int, None, Float32]:
        """Probabilities (classes, h, w) of the part, with the surroundings and the grey values of the whole image.

        Yields the number of its pixels that are done after each tile.
        """
        prediction = unfilled(model, self.whole.image)
        box = Box(self.window.rows.start, self.window.columns.start, *self.window.shape)
        wanted = [tile for tile in prediction.planned if tile.write.overlap(box)]
        for count, _ in enumerate(prediction.fill(tiles=wanted), 1):
            yield self.pixels * count // len(wanted)
        found = prediction.read(0, self.window.rows, self.window.columns)
        return found if self.image is self.whole else np.ascontiguousarray(found)


def parts_of(images: Sequence[Annotated], side: int) -> list[ShownPart]:
    """The images, or windows with this side of those larger than `WHOLE_PIXELS`."""
    return [part for image in images for part in _parts(image, side)]


def _parts(image: Annotated, side: int) -> list[ShownPart]:
    windows = windows_of(image.truth, judged_pixels(image.truth.ignore.size, side), side)
    if windows[0].shape == image.truth.ignore.shape:
        return [ShownPart(image, image, windows[0])]
    return [ShownPart(image, _cut_out(image, window), window) for window in windows]


def _cut_out(image: Annotated, window: Window) -> Annotated:
    rows, columns = window.rows, window.columns
    name = f"{image.name} [{rows.start}:{rows.stop}, {columns.start}:{columns.stop}]"
    return replace(image, name=name, image=image.image[:, rows, columns].copy(), truth=window.of(image.truth))
