"""An image of which each channel is a file of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.source import ImageSource


@dataclass(frozen=True, slots=True, eq=False)
class ChannelFiles:
    """Sheets of several images of one channel: those of the first, then those of the second, ..."""

    images: tuple[ImageSource, ...]

    @property
    def block(self) -> tuple[int, int]:
        """As the first is stored."""
        return self.images[0].block

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        number, plane = divmod(sheet, self.images[0].planes)
        region: NDArray[Any] = self.images[number].read(plane, rows, columns)[0]
        return region


def open_channels(images: Sequence[ImageSource], name: str) -> ImageSource:
    """Images of one channel as one image of several; a single one is given back as it is.

    Raises:
        InputError: they differ in size, planes or type, or one has several channels.
    """
    first, *others = images
    if not others:
        return first
    for other in images:
        if _kind(other) != (*_kind(first)[:-1], 1):
            found = f"does not go with the other channels, such as {first.name}"
            raise InputError(found, "Channels of an image have one size and type, and a file each.", path=other.path)
    sheets = np.arange(len(images) * first.planes).reshape(len(images), first.planes).T
    names = tuple(str(number) for number in range(len(images)))
    return replace(first, name=name, pixels=ChannelFiles(tuple(images)), sheets=sheets, channel_names=names)


def _kind(image: ImageSource) -> tuple[object, ...]:
    return image.height, image.width, image.plane_shape, image.dtype, image.channels
