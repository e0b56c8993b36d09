"""Meaning of the samples of a pixel, by the tags Photometric and ExtraSamples; their number says nothing.

TIFF 6.0, sections 3 and 18: after the colours of the photometric interpretation come the extra samples, of which 1 and
2 are alpha and 0 is unspecified. What of them are channels: see `cellseg.images.samples`, which takes four samples
of RGB as libtiff does.
"""

from __future__ import annotations

from pathlib import Path

import tifffile

from cellseg.images.samples import CMYK, RGB_NAMES, Samples, channels_among, refuse_colours

WHITE_IS_ZERO, RGB, PALETTE, YCBCR = 0, 2, 3, 6
COLOURS = {RGB: RGB_NAMES, YCBCR: RGB_NAMES}
GREY = {WHITE_IS_ZERO, 1, PALETTE, 4, 34892}
"""Photometric interpretations whose samples are values of their own: grey, palette numbers, masks, linear raw."""
OTHERS = {
    YCBCR: "YCbCr",
    5: CMYK,
    8: "CIE L*a*b*",
    9: "ICC L*a*b*",
    10: "ITU L*a*b*",
    32803: "the mosaic of a colour camera's sensor",
    32844: "LogL",
    32845: "LogLuv",
}
DECODED_TO_RGB = (6, 7, 33007, 34892)
"""JPEG compressions, whose decoder gives RGB for YCbCr."""


def samples_of(page: tifffile.TiffPage, path: Path) -> Samples:
    """Channels among the samples of a page; alpha is left out.

    Raises:
        InputError: colours that are neither grey values nor red, green and blue.
    """
    photometric, count = int(page.photometric), page.samplesperpixel
    _refuse_colours(page, photometric, path)
    names = COLOURS.get(photometric, ())
    colours = len(names) or max(count - len(page.extrasamples), 1)
    return channels_among(count, colours, names, tuple(map(int, page.extrasamples)))


def _refuse_colours(page: tifffile.TiffPage, photometric: int, path: Path) -> None:
    decoded = photometric == YCBCR and int(page.compression) in DECODED_TO_RGB
    if decoded or photometric in (*GREY, RGB):
        return
    refuse_colours(OTHERS.get(photometric, f"photometric interpretation {photometric}"), path)
