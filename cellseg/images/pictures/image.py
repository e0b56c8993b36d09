"""PNG, JPEG, BMP and WebP as image sources.

Pillow reads them, as it does for imageio, but for colours of 16 bits, of which it keeps 8; imagecodecs decodes these.
Each is decoded whole when it is first looked at, as any reader has to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Shape, UInt8
from cellseg.errors import InputError
from cellseg.images.axes import kept_axes, parse_axes
from cellseg.images.cache import new_token, shared_blocks
from cellseg.images.palette import PalettePixels, PaletteRule, lookup_table
from cellseg.images.pictures.header import Picture, opened, read_header
from cellseg.images.pictures.lossy import refuse_lossy
from cellseg.images.samples import without_alpha
from cellseg.images.segments import refuse_huge_piece
from cellseg.images.source import ImageSource, Pixels, make_source
from cellseg.images.transparent import refuse_transparent

BLACK, WHITE = [0, 0, 0], [255, 255, 255]


@dataclass(frozen=True, slots=True, eq=False)
class PicturePixels:
    """The samples of a picture, one sheet each."""

    picture: Picture
    _token: int = field(default_factory=new_token, init=False)

    @property
    def block(self) -> Shape:
        """All of it."""
        return self.picture.size

    def read(self, sheet: int, rows: slice, columns: slice) -> NDArray[Any]:
        whole = shared_blocks.get((self._token, 0), lambda: _decoded(self.picture))
        return whole[rows, columns, sheet].copy()


def open_picture(
    path: str | Path, *, axes: str | None = None, channel: int | str | None = None, palette: PaletteRule = "lookup"
) -> ImageSource:
    """Open a PNG, JPEG, BMP or WebP.

    Values are given out as every viewer shows them (of 2 and 4 bits a pixel those of 8; of 1 bit 0 and 1). Alpha is
    dropped and palettes are looked up as in TIFFs; see `cellseg.images.samples` and `cellseg.images.palette`.

    Args:
        path: the file; its first bytes tell what it is.
        axes: YX, or YXS and YXC of several samples, of which C keeps alpha.
        channel: take only this channel, by number from 0 or by name.
        palette: `index`, for label images, leaves the numbers of palette images; lossy compression is refused then.

    Raises:
        InputError: damaged, moving pictures, colours of a printer, axes that do not fit, or no such channel.
    """
    picture = read_header(Path(path))
    if palette == "index":
        refuse_lossy(picture.kind, picture.path)
    refuse_huge_piece(picture.size, picture.nbytes, picture.path)
    return _as_source(picture, axes, palette).only(channel)


def _as_source(picture: Picture, axes: str | None, palette: PaletteRule) -> ImageSource:
    names, shape = _named_axes(picture, axes)
    pixels, table = PicturePixels(picture), _table(picture, palette)
    if table is not None:
        return _source(picture, PalettePixels(pixels, table), f"{names}S", (*shape, len(table)))
    source = _source(picture, pixels, names, shape)
    if palette == "index":
        refuse_transparent(source, picture.channels, picture.samples)
    return without_alpha(source, picture.channels, names, shape)


def _source(picture: Picture, pixels: Pixels, axes: str, shape: tuple[int, ...]) -> ImageSource:
    path = picture.path
    return make_source(pixels, axes, shape, picture.dtype, name=path.name, path=path, physical=picture.physical)


def _named_axes(picture: Picture, axes: str | None) -> tuple[str, tuple[int, ...]]:
    """Axes as the user names them, and their lengths; a single sample is no axis."""
    names, shape = kept_axes("YXS", (*picture.size, picture.samples), lambda axis, length: length > 1 or axis != "S")
    said = parse_axes(axes) if axes else names
    if len(said) != len(names) or said[:2] != "YX" or said[2:] not in ("", "S", "C"):
        found = f"has the axes {names} of shape {shape}, which {axes!r} does not fit"
        raise InputError(found, "A picture is YX, or YXS in colours.", path=picture.path)
    return said, shape


def _table(picture: Picture, palette: PaletteRule) -> UInt8 | None:
    """The palette by which numbers are looked up; None where they stay.

    In label images palettes are for display, but for that of a mask in black and white, which may store white as 0.
    """
    if picture.colours is None:
        return None
    table = np.zeros((3, 256), np.uint16)
    table[:, : picture.colours.shape[1]] = picture.colours
    mask = picture.colours.T.tolist() in ([WHITE, BLACK], [BLACK, WHITE])
    return lookup_table(table) if palette == "lookup" or mask else None


def _decoded(picture: Picture) -> Array:
    """All samples (H, W, S)."""
    with opened(picture.kind, picture.path) as image:
        values = _deep_values(picture.path) if picture.deep else np.asarray(image)
        if values.shape[:2] != picture.size:
            raise InputError("was changed meanwhile", "Start again.", path=picture.path)
        decoded: Array = values.reshape(*picture.size, -1)[..., : picture.samples].astype(picture.dtype)
        return decoded


def _deep_values(path: Path) -> Array:
    from imagecodecs import png_decode

    values: Array = png_decode(path.read_bytes())
    return values
