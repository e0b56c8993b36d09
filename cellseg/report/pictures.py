"""Pictures of an image and its cells, small and large, as they stand in a page."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from cellseg.arrays import Array, Float32, UInt8
from cellseg.images.display import factor_for, outlines, small_copy, small_labels, stretched
from cellseg.images.source import ImageSource

LARGE = 1024
"""Longest side of the large picture in pixels, at most."""
SMALL = 288
"""The same of the small one."""
COLOUR = (255, 176, 0)
"""Outlines: a yellow that people with every kind of colour vision see on grey."""


@dataclass(frozen=True, slots=True)
class ImagePictures:
    """Pictures of one plane, as addresses that hold the data themselves."""

    small: str
    """The image with its outlines."""
    large: str
    """The image alone."""
    outlines: str
    """The outlines alone, to lie over it."""
    shape: tuple[int, int]
    """Height and width of the large ones in pixels."""
    factor: int
    """Pixels of the image along an axis that are one of the large picture."""
    plane: int
    """Number of the plane."""


def pictures_of(image: ImageSource, labels: ImageSource) -> ImagePictures:
    """Pictures of the middle plane; it is read in pieces.

    Args:
        image: of one channel, of three (red, green, blue), or of others, of which the first is shown.
        labels: its cells.

    Raises:
        InputError: a damaged file.
    """
    plane, factor = image.planes // 2, factor_for(image, LARGE)
    grey = _in_bytes(_shown(small_copy(image, plane, factor)))
    cells = small_labels(labels, plane, factor)
    smaller = -(-max(cells.shape) // SMALL)
    return ImagePictures(
        small=_jpeg(_drawn_over(_reduced(grey, smaller), outlines(cells[::smaller, ::smaller]))),
        large=_jpeg(grey),
        outlines=_overlay(outlines(cells)),
        shape=(cells.shape[0], cells.shape[1]),
        factor=factor,
        plane=plane,
    )


def _shown(values: Float32) -> Float32:
    """(H, W) grey, or (H, W, 3) colours, from 0 to 1."""
    return stretched(np.moveaxis(values, 0, -1) if len(values) == 3 else values[0])


def _in_bytes(shown: Float32) -> UInt8:
    return np.asarray(np.rint(shown * 255), np.uint8)


def _reduced(pixels: UInt8, factor: int) -> UInt8:
    """The same with a pixel for each square; a rest at the edge is one, too."""
    if factor == 1:
        return pixels
    size = -(-pixels.shape[1] // factor), -(-pixels.shape[0] // factor)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def _drawn_over(pixels: UInt8, lines: Array) -> UInt8:
    """Colours (H, W, 3) with the lines drawn."""
    colours = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)
    colours = colours.copy()
    colours[lines] = COLOUR
    return colours


def _jpeg(pixels: UInt8) -> str:
    return _address(Image.fromarray(pixels), "jpeg", quality=82)


def _overlay(lines: Array) -> str:
    """A picture with the lines, clear elsewhere."""
    picture = Image.fromarray(lines.astype(np.uint8), "P")
    picture.putpalette([0, 0, 0, *COLOUR])
    return _address(picture, "png", transparency=0, bits=1)


def _address(picture: Image.Image, kind: str, **options: Any) -> str:
    """The picture's file in an address that any browser opens."""
    file = BytesIO()
    picture.save(file, kind, **options)
    return f"data:image/{kind};base64,{b64encode(file.getvalue()).decode()}"
