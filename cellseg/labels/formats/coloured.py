"""Label images in colours, one for each cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Int64, UInt32
from cellseg.errors import InputError
from cellseg.images.cache import new_token, shared_blocks
from cellseg.images.source import ImageSource, Physical, make_source
from cellseg.labels.values import BLURRED_SHARE, blurred_share

RGB = ("red", "green", "blue")
MOST_COLOURS = 0.02
"""A picture has more colours for each pixel than this; a cell of 50 pixels is small."""
FEW_COLOURS = 32
"""So many a small image may have in any case."""
BLACK = 0


@dataclass(frozen=True, slots=True, eq=False)
class ColouredLabels:
    """Sheets of numbers, 1 and up by the order of the colours, from an RGB image."""

    image: ImageSource
    white: bool
    """White is background, for there is no black."""
    _token: int = field(default_factory=new_token, init=False)

    @property
    def block(self) -> tuple[int, int]:
        """Height and width of a whole sheet: numbers are given to all its colours at once."""
        return self.image.height, self.image.width

    @property
    def background(self) -> str:
        """Name of the colour that is no cell."""
        return "white" if self.white else "black"

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        numbers = shared_blocks.get((self._token, sheet), lambda: self._numbered(sheet))
        return numbers[rows, columns].copy()

    def _numbered(self, sheet: int) -> UInt32:
        codes = codes_of(self.image.read(sheet))
        background = _white(self.image.dtype) if self.white else BLACK
        colours = np.unique(codes)
        colours = np.concatenate([[background], colours[colours != background]])
        order = np.argsort(colours)
        return order[np.searchsorted(colours, codes, sorter=order)].astype(np.uint32)


def without_colours(source: ImageSource) -> ImageSource:
    """An RGB label image as numbers: the grey values where all of it is grey, else one number for each colour.

    Other images are given back as they are.

    Raises:
        InputError: it is a picture, with more colours than cells could have or with soft edges.
    """
    if source.channel_names != RGB or source.dtype.kind != "u":
        return source
    first = source.read(0)
    if (first == first[0]).all():
        return source.select([0])
    codes = codes_of(first)
    _refuse_picture(first, codes, source)
    pixels = ColouredLabels(source, white=not (codes == BLACK).any() and bool((codes == _white(source.dtype)).any()))
    return make_source(
        pixels,
        f"{source.plane_axes}YX",
        (*source.plane_shape, source.height, source.width),
        np.dtype(np.uint32),
        name=source.name,
        path=source.path,
        physical=Physical(source.pixel_size_um, source.spacing_um),
    )


def codes_of(image: Array) -> Int64:
    """One number (H, W) for each colour of an image (3, H, W)."""
    red, green, blue = image.astype(np.int64)
    bits = 8 * image.dtype.itemsize
    codes: Int64 = (red << 2 * bits) + (green << bits) + blue
    return codes


def _white(dtype: np.dtype[Any]) -> int:
    return int((1 << 24 * dtype.itemsize) - 1)


def _refuse_picture(image: Array, codes: Int64, source: ImageSource) -> None:
    soft = max(blurred_share(channel.astype(np.int64)) for channel in image)
    if soft > BLURRED_SHARE or np.unique(codes).size > FEW_COLOURS + MOST_COLOURS * codes.size:
        found = f"has {source.channels} channels ({', '.join(RGB)}), where labels have one value or colour a cell"
        raise InputError(found, "Save the labels as a grey image with one number for each cell.", path=source.path)
