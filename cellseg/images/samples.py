"""Samples of a pixel that are channels of the image, of every format by one rule.

After the colours come the extra samples: alpha is left out, unspecified ones are channels. Four samples of an RGB
picture whose fourth is unspecified or not announced are RGBA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cellseg.errors import InputError
from cellseg.images.axes import CHANNEL_AXES, kept_axes
from cellseg.images.source import ImageSource

RGB_NAMES = ("red", "green", "blue")
ORIENTED = "%s: its Orientation tag (%s) is ignored; pixels are read as stored"
"""Warning on a file and the tag's value."""
CMYK = "CMYK, the inks of a printer"
UNSPECIFIED, ALPHA = 0, 1
"""Kinds of extra samples, by TIFF's numbers."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a pixel that are channels of the image."""

    kept: tuple[int, ...]
    names: tuple[str, ...] = ()
    """Names of the channels; empty where the colours have none."""


def channels_among(count: int, colours: int, names: tuple[str, ...], announced: Sequence[int]) -> Samples:
    """Channels among the samples of a pixel.

    Args:
        count: samples of a pixel.
        colours: how many of them, the first, are no extra samples.
        names: names of the colours; empty for grey values.
        announced: kinds of the extra samples, as far as the file tells; others are unspecified.
    """
    extra = (*announced, *(UNSPECIFIED,) * (count - colours - len(announced)))
    if names and extra == (UNSPECIFIED,):
        extra = (ALPHA,)
    kept = (*range(min(colours, count)), *(colours + k for k, kind in enumerate(extra) if kind == UNSPECIFIED))
    return Samples(kept, (*names, *map(str, kept[len(names) :])) if names else ())


def without_alpha(source: ImageSource, samples: Samples, axes: str, shape: Sequence[int]) -> ImageSource:
    """The channels that are no alpha, red, green and blue by their names.

    Args:
        source: the image with all samples.
        samples: which of them are channels.
        axes: axes of the image, where S counts samples; any other name keeps them all.
        shape: their lengths.
    """
    named, lengths = kept_axes(axes, shape, lambda axis, _: axis in CHANNEL_AXES)
    at = named.find("S")
    if at < 0 or lengths[at] <= max(samples.kept):
        return source
    numbers = np.arange(source.channels).reshape(lengths)
    kept = source.select(np.take(numbers, samples.kept, at).ravel().tolist())
    return replace(kept, channel_names=samples.names) if kept.channels == len(samples.names) else kept


def refuse_colours(stored: str, path: Path) -> None:
    """InputError for colours that are neither grey values nor red, green and blue."""
    raise InputError(f"holds colours as {stored}", "Convert it to RGB or to grey, for instance with Fiji.", path=path)
