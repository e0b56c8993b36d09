"""Meaning of the samples of a pixel, by the tags Photometric and ExtraSamples; their number says nothing.

TIFF 6.0, sections 3 and 18: after the colours of the photometric interpretation come the extra samples, of which 1 and
2 are alpha and 0 is unspecified. Four samples of an RGB picture whose fourth is unspecified or not announced are RGBA,
as libtiff takes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tifffile

from cellseg.errors import InputError

WHITE_IS_ZERO, RGB, PALETTE, YCBCR = 0, 2, 3, 6
COLOURS = {RGB: ("red", "green", "blue"), YCBCR: ("red", "green", "blue")}
GREY = {WHITE_IS_ZERO, 1, PALETTE, 4, 34892}
"""Photometric interpretations whose samples are values of their own: grey, palette numbers, masks, linear raw."""
OTHERS = {
    YCBCR: "YCbCr",
    5: "CMYK, the inks of a printer",
    8: "CIE L*a*b*",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32803: "the mosaic of a colour camera's sensor",
    32844: "LogL",
    32845: "LogLuv",
}
DECODED_TO_RGB = (6, 7, 33007, 34892)
"""JPEG compressions, whose decoder gives RGB for YCbCr."""
UNSPECIFIED, ALPHA = 0, 1
"""Kinds of extra samples."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a pixel that are channels of the image."""

    kept: tuple[int, ...]
    names: tuple[str, ...]
    """Names of the channels; empty where the colours have none."""


def samples_of(page: tifffile.TiffPage, path: Path) -> Samples:
    """Channels among the samples of a page; alpha is left out.

    Raises:
        InputError: colours that are neither grey values nor red, green and blue.
    """
    photometric, count = int(page.photometric), page.samplesperpixel
    _refuse_colours(page, photometric, path)
    names = COLOURS.get(photometric, ())
    colours = len(names) or max(count - len(page.extrasamples), 1)
    extra = _extra_samples(page, count - colours, bool(names))
    kept = (*range(min(colours, count)), *(colours + k for k, kind in enumerate(extra) if kind == UNSPECIFIED))
    return Samples(kept, (*names, *map(str, kept[len(names) :])) if names else ())


def _extra_samples(page: tifffile.TiffPage, number: int, coloured: bool) -> tuple[int, ...]:
    """Kinds of the samples after the colours; those that are not announced are unspecified."""
    announced = tuple(map(int, page.extrasamples))
    extra = announced + (UNSPECIFIED,) * (number - len(announced))
    return (ALPHA,) if coloured and extra == (UNSPECIFIED,) else extra


def _refuse_colours(page: tifffile.TiffPage, photometric: int, path: Path) -> None:
    decoded = photometric == YCBCR and int(page.compression) in DECODED_TO_RGB
    if decoded or photometric in (*GREY, RGB):
        return
    stored = OTHERS.get(photometric, f"photometric interpretation {photometric}")
    raise InputError(f"holds colours as {stored}", "Convert it to RGB or to grey, for instance with Fiji.", path=path)
