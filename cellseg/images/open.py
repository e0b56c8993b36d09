"""Any image file or folder as an image source."""

from __future__ import annotations

from pathlib import Path

from cellseg.images.omezarr.folder import SUFFIX, is_zarr
from cellseg.images.palette import PaletteRule
from cellseg.images.source import ImageSource


def open_image(
    path: str | Path,
    *,
    axes: str | None = None,
    channel: int | str | None = None,
    palette: PaletteRule = "lookup",
) -> ImageSource:
    """Open a TIFF or an OME-Zarr folder for reading by region; see `open_tiff` and `open_omezarr`.

    Args:
        path: a file, or the folder of an OME-Zarr image.
        axes: axes of the image in its own order, if its metadata do not say or say the wrong thing.
        channel: take only this channel, by number from 0 or by name.
        palette: of TIFFs with a palette, `index` leaves the values as they are.

    Raises:
        InputError: it is not there, cannot be read, or has no such axes or channel.
    """
    path = Path(path)
    if is_zarr(path) or (path.suffix.lower() == SUFFIX and not path.exists()):
        from cellseg.images.omezarr.image import open_omezarr

        return open_omezarr(path, axes=axes, channel=channel)
    from cellseg.images.tiff.image import open_tiff

    return open_tiff(path, axes=axes, channel=channel, palette=palette)
