"""Pictures as their headers tell of them.

The classes of Pillow are taken by the file's first bytes: `Image.open` refuses more than 179 million pixels, of which a
microscope's mosaic has more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from cellseg.arrays import Shape
from cellseg.errors import InputError
from cellseg.images.fileformat import BMP, JPEG, PNG, WEBP, format_of_file
from cellseg.images.physical import UM_PER, by_density
from cellseg.images.samples import ALPHA, CMYK, ORIENTED, RGB_NAMES, Samples, channels_among, refuse_colours
from cellseg.images.source import Physical

logger = logging.getLogger(__name__)

READERS: dict[str, type[ImageFile]] = {PNG: PngImageFile, JPEG: JpegImageFile, BMP: BmpImageFile, WEBP: WebPImageFile}
GREY = channels_among(1, 1, (), ())
SAMPLES: dict[str, tuple[int, Samples]] = {
    "1": (1, GREY),
    "L": (1, GREY),
    "P": (1, GREY),
    "I": (1, GREY),
    "I;16": (1, GREY),
    "LA": (2, channels_among(2, 1, (), (ALPHA,))),
    "RGB": (3, channels_among(3, 3, RGB_NAMES, ())),
    "RGBA": (4, channels_among(4, 3, RGB_NAMES, (ALPHA,))),
}
"""Samples of a pixel, and the channels among them, by Pillow's modes."""
OTHERS = {"CMYK": CMYK}
SHORT = np.dtype(np.uint16)
TYPES = {"I": SHORT, "I;16": SHORT}
"""Types of grey values by mode; uint8 where none is named. Older versions of Pillow call 16 bits I."""
DEEP_MODES = {(16, 2): "RGB", (16, 4): "LA", (16, 6): "RGBA"}
"""Modes of a PNG with several samples of 16 bits, by the depth and the colour type in its header."""
ORIENTATION = 0x0112
"""Number of the Exif tag."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as its header tells of it."""

    path: Path
    kind: str
    """Its format."""
    size: Shape
    """Height and width in pixels."""
    mode: str
    """Pillow's word for its samples."""
    dtype: np.dtype[Any]
    deep: bool
    """It has several samples of 16 bits, of which Pillow keeps 8."""
    colours: NDArray[np.uint16] | None
    """Its palette (3, values), of 8 bits; None where it has none."""
    physical: Physical

    @property
    def samples(self) -> int:
        """Samples of a pixel."""
        return SAMPLES[self.mode][0]

    @property
    def channels(self) -> Samples:
        """Those of them that are channels."""
        return SAMPLES[self.mode][1]

    @property
    def nbytes(self) -> int:
        """Bytes of the decoded picture."""
        return self.size[0] * self.size[1] * self.samples * self.dtype.itemsize


def read_header(path: Path) -> Picture:
    """A picture of one of the formats in `READERS`, by its first bytes.

    Raises:
        InputError: damaged, moving pictures, or colours of a printer.
    """
    kind = format_of_file(path)
    with opened(kind, path) as image:
        if image.mode not in SAMPLES:
            refuse_colours(OTHERS.get(image.mode, image.mode), path)
        _refuse_frames(image, path)
        _warn_of_orientation(image, path)
        deep = _deep_mode(path) if kind == PNG else ""
        return Picture(
            path=path,
            kind=kind,
            size=(image.height, image.width),
            mode=deep or image.mode,
            dtype=SHORT if deep else TYPES.get(image.mode, np.dtype(np.uint8)),
            deep=bool(deep),
            colours=_palette_of(image),
            physical=_physical(image),
        )


@contextmanager
def opened(kind: str, path: Path) -> Iterator[ImageFile]:
    """Pillow's view of the file; what it cannot read is an error for people."""
    try:
        with READERS[kind](str(path)) as image:
            yield image
    except InputError:
        raise
    except Exception as error:  # a damaged file makes Pillow fail in many ways
        reason = " ".join(str(error).split()) or type(error).__name__
        found = f"is {kind} that cannot be read ({reason})"
        raise InputError(found, "It is cut off or damaged; copy or export it again.", path=path) from error


def _deep_mode(path: Path) -> str:
    """The mode of a PNG with several samples of 16 bits; empty of any other."""
    with open(path, "rb") as file:
        depth, colours = file.read(26)[24:]
    return DEEP_MODES.get((depth, colours), "")


def _palette_of(image: ImageFile) -> NDArray[np.uint16] | None:
    listed = image.getpalette("RGB") if image.mode == "P" else None
    return None if listed is None else np.array(listed, np.uint16).reshape(-1, 3).T


def _physical(image: ImageFile) -> Physical:
    """The pixel size by the density (a PNG's pHYs, dots per inch of others), where it can be a microscope's."""
    across, down = image.info.get("dpi") or (0, 0)
    inch = UM_PER["inch"]
    return by_density((inch / float(down), inch / float(across)) if across > 0 and down > 0 else None)


def _refuse_frames(image: ImageFile, path: Path) -> None:
    count = getattr(image, "n_frames", 1)
    if count > 1:
        remedy = "Save them as a TIFF stack, for instance with Fiji."
        raise InputError(f"holds {count} moving pictures", remedy, path=path)


def _warn_of_orientation(image: ImageFile, path: Path) -> None:
    orientation = image.getexif().get(ORIENTATION, 1)
    if orientation != 1:
        logger.warning(ORIENTED, path, orientation)
