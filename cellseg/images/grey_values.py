"""Grey values as a network sees them, and the rules by which they follow from those of an image.

`contrast`: the dark and the bright level of what there is to see become -2 and 2 (see `contrast`); beyond them values
grow as a logarithm, so that a hot pixel is hardly brighter than a bright cell, and margins get the usual grey value at
their rim.
`mean`: the mean of the plane becomes 0 and its deviation 1; models of earlier versions have learnt from that.
Two numbers, `LOW,HIGH`: the same levels for all images, for grey values that are calibrated.
`steps`: what a package of another program names (see `grey_steps`); its card holds them as JSON.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from scipy import ndimage

from cellseg.arrays import Array, Float32, Mask
from cellseg.errors import InputError
from cellseg.images.contrast import Levels, is_flat, measure_levels
from cellseg.images.filled_areas import numbers_of, parts_of
from cellseg.images.grey_steps import GreyStep, SteppedGreys, measure_steps, read_steps
from cellseg.images.normalise import LARGEST, Normalisation, apply, measure
from cellseg.images.rescale import rescaled
from cellseg.images.source import ImageSource

CONTRAST, MEAN, STEPS = "contrast", "mean", "steps"
SPAN = 4.0
"""Network's grey values from the dark to the bright level."""
GAIN = 0.5
"""Beyond the levels v becomes 2 + GAIN * log(1 + (v - 2) / GAIN)."""
MARGIN = 2
"""A pixel is no data where it lies in 5 x 5 pixels of that value: 2 on each side."""

PlaneGreys = Normalisation | tuple[Levels, ...] | SteppedGreys
"""Grey values of a plane, of each channel."""


@dataclass(frozen=True, slots=True)
class GreyRule:
    """Rule of grey values: contrast, mean, a low and a high level for all images, or steps."""

    name: str
    low: float = 0.0
    high: float = 0.0
    steps: tuple[GreyStep, ...] = ()

    def measure(self, source: ImageSource, plane: int) -> PlaneGreys:
        """Grey values of a plane by this rule; the plane is read once, by numbers only until it has a second value.

        Raises InputError for values that are not finite.
        """
        if self.name == MEAN:
            return measure(source, plane)
        if self.name == CONTRAST:
            return measure_levels(source, plane)
        if self.name == STEPS:
            return measure_steps(self.steps, source, plane)
        flat = is_flat(source, plane)
        return (Levels(self.low, self.high, empty=flat, constant=flat),) * source.channels


def grey_rule(text: str) -> GreyRule:
    """The rule that a text names: contrast, mean, LOW,HIGH, or steps as JSON. Raises InputError for any other text."""
    if text in (CONTRAST, MEAN):
        return GreyRule(text)
    if text.startswith("["):
        return GreyRule(STEPS, steps=read_steps(text))
    remedy = "Give contrast, mean, or the values of dark and bright, such as 100,4000."
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise InputError(f"--grey-values is {text!r}", remedy) from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high and max(abs(low), abs(high)) <= LARGEST):
        raise InputError(f"--grey-values is {text!r}: the second number must be the larger one", remedy)
    return GreyRule(text, low, high)


def seen_pixels(
    source: ImageSource, rule: GreyRule, height: int, width: int, noted: PlaneGreys | None = None
) -> ImageSource:
    """An image at the size and in the grey values that the network sees, float32; planes are measured when first read.

    Args:
        source: the image.
        rule: of the grey values.
        height, width: of a plane as the network sees it, in pixels.
        noted: grey values of its planes, where they are known.
    """
    other = (height, width) != (source.height, source.width)
    if rule.name == MEAN:  # as ever: of the rescaled image
        return _normalised(rescaled(source, height, width) if other else source, rule, noted)
    normalised = _normalised(source, rule, noted)
    return rescaled(normalised, height, width) if other else normalised


def greys_of(seen: ImageSource, plane: int) -> PlaneGreys:
    """Grey values of a plane of an image from `seen_pixels`. Raises InputError where it is damaged or holds NaN."""
    return _sheets(seen).greys(plane)


def known_greys(seen: ImageSource) -> dict[int, PlaneGreys]:
    """Grey values of the planes of an image from `seen_pixels` that were measured so far."""
    return dict(_sheets(seen).measured)


def note_greys(seen: ImageSource, plane: int, greys: PlaneGreys) -> None:
    """Give an image from `seen_pixels` the grey values of a plane, which then is not measured."""
    _sheets(seen).measured[plane] = greys


def _sheets(seen: ImageSource) -> NormalisedSheets:
    pixels = getattr(seen.pixels, "pixels", seen.pixels)
    assert isinstance(pixels, NormalisedSheets)
    return pixels


def _normalised(source: ImageSource, rule: GreyRule, noted: PlaneGreys | None) -> ImageSource:
    places = {int(sheet): divmod(k, source.channels) for k, sheet in enumerate(source.sheets.ravel())}
    sheets = NormalisedSheets(source, rule, places, noted)
    return replace(source, pixels=sheets, dtype=np.dtype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedSheets:
    """Sheets of an image in the network's grey values.

    Attributes:
        source: the image.
        rule: of the grey values.
        places: plane and channel of each sheet.
        noted: grey values of all planes, where they are known.
        measured: grey values of the planes that were measured so far.
    """

    source: ImageSource
    rule: GreyRule
    places: dict[int, tuple[int, int]]
    noted: PlaneGreys | None
    measured: dict[int, PlaneGreys] = field(default_factory=dict)

    @property
    def block(self) -> tuple[int, int]:
        return self.source.pixels.block

    def greys(self, plane: int) -> PlaneGreys:
        """Grey values of a plane; it is measured once."""
        if self.noted is not None:
            return self.noted
        if plane not in self.measured:
            self.measured[plane] = self.rule.measure(self.source, plane)
        return self.measured[plane]

    def read(self, sheet: int, rows: slice, columns: slice) -> Float32:
        """A region (h, w) float32 of one sheet."""
        plane, channel = self.places[sheet]
        greys = self.greys(plane)
        read = partial(self.source.pixels.read, sheet)
        if isinstance(greys, Normalisation):
            alone: Float32 = apply(read(rows, columns)[None], greys.only(channel))[0]
            return alone
        if isinstance(greys, SteppedGreys):
            return greys.of(read(rows, columns), channel)
        levels = greys[channel]
        if not levels.no_data:
            return between(read(rows, columns), levels)
        wide = _wider(rows, self.source.height), _wider(columns, self.source.width)
        inner = tuple(_within(part, more) for part, more in zip((rows, columns), wide, strict=True))
        return between(_filled(read(*wide), levels)[inner], levels)


def _wider(part: slice, length: int) -> slice:
    """The part with all pixels that tell whether one of it is no data."""
    return slice(max(part.start - 2 * MARGIN, 0), min(part.stop + 2 * MARGIN, length))


def _within(part: slice, more: slice) -> slice:
    return slice(part.start - more.start, part.stop - more.start)


def between(pixels: Array, levels: Levels) -> Float32:
    """Pixels (h, w) of any type in the network's grey values: -2 at the low level, 2 at the high one."""
    wide = np.result_type(pixels.dtype, np.float32)
    middle, unit = (wide.type(value) for value in ((levels.low + levels.high) / 2, (levels.high - levels.low) / SPAN))
    return bent(((pixels - middle) / unit).astype(np.float32, copy=False))


def bent(values: Float32) -> Float32:
    """Grey values as they are between -SPAN / 2 and SPAN / 2, and beyond as a logarithm that begins with slope 1."""
    beyond = np.abs(values) - np.float32(SPAN / 2)
    far = beyond > 0
    if far.any():
        values = values.copy()
        gain, end = np.float32(GAIN), np.float32(SPAN / 2)
        values[far] = np.copysign(end + gain * np.log1p(beyond[far] / gain), values[far])
    return values


def _filled(pixels: Array, levels: Levels) -> Array:
    """Pixels (h, w) with the usual grey value at its rim where there is no data."""
    filled = pixels.copy()
    parts = parts_of(numbers_of(pixels, levels.no_data), len(levels.no_data), MARGIN)
    for value, usual, part in zip(levels.no_data, levels.fills, parts, strict=True):
        if part is not None:
            filled[part][missing(pixels[part], value)] = usual
    return filled


def missing(pixels: Array, value: float) -> Mask:
    """True in (h, w) for pixels of 5 x 5 pixels of this value; what lies outside counts as of this value, too."""
    same = pixels == value
    side = 2 * MARGIN + 1
    core = ndimage.minimum_filter(same, side, mode="constant", cval=1)
    found: Mask = ndimage.maximum_filter(core, side, mode="constant", cval=0)
    return found
