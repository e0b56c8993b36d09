"""Transparent pixels of label images, of which the colours alone say something else than what is seen."""

from __future__ import annotations

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.samples import RGB_NAMES, Samples
from cellseg.images.source import ImageSource


def refuse_transparent(source: ImageSource, samples: Samples, count: int) -> None:
    """InputError for labels whose background is transparent, and without its transparency no background.

    Args:
        source: the image with all samples; its first plane is looked at.
        samples: which of them are channels.
        count: samples of a pixel.
    """
    if source.channels != count or len(samples.kept) == count:
        return
    plane = source.read(0)
    hidden = plane[_alpha(samples, count)] == 0
    shown = plane[list(samples.kept)]
    if hidden.any() and not _is_background(shown[:, hidden], shown[:, ~hidden]):
        found = "has transparent pixels whose colour is not that of a background"
        raise InputError(found, "Save the labels without transparency, on black.", path=source.path)


def _alpha(samples: Samples, count: int) -> int:
    """Number of the sample that is no channel."""
    return next(number for number in range(count) if number not in samples.kept)


def _is_background(hidden: Array, visible: Array) -> bool:
    """True of colours (C, n) of transparent pixels that are black, or white among colours, as no visible one is."""
    colours = np.unique(hidden, axis=1)
    plain = (0, np.iinfo(hidden.dtype).max) if len(hidden) == len(RGB_NAMES) and hidden.dtype.kind == "u" else (0,)
    known = colours.shape[1] == 1 and any(bool((colours == value).all()) for value in plain)
    return known and not bool((visible == colours).all(axis=0).any())
