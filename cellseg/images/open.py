"""Any image file or folder as an image source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypedDict

from cellseg.errors import InputError, reading
from cellseg.extensions import load_extension
from cellseg.images.fileformat import MICROSCOPES, NUMPY, PICTURES, format_of_file
from cellseg.images.listing import SUFFIXES, is_broken, nothing_there
from cellseg.images.omezarr.folder import SUFFIX, is_zarr
from cellseg.images.omezarr.remote import address_of
from cellseg.images.palette import PaletteRule
from cellseg.images.source import ImageSource


class ReadWishes(TypedDict):
    """The same arguments of every reader."""

    axes: str | None
    channel: int | str | None
    palette: PaletteRule


def open_image(
    path: str | Path,
    *,
    axes: str | None = None,
    channel: int | str | None = None,
    palette: PaletteRule = "lookup",
    scene: str | None = None,
) -> ImageSource:
    """Open an image file, or an OME-Zarr folder, for reading by region.

    TIFF, PNG, JPEG, BMP, WebP, NumPy's files, CZI, ND2 and LIF are told apart by their first bytes; see `open_tiff`,
    `open_picture`, `open_npy`, `open_microscope` and `open_omezarr`.

    Args:
        path: a file, or the folder of an OME-Zarr image, which may be an address (s3://, https://).
        axes: axes of the image in its own order, if its metadata do not say or say the wrong thing.
        channel: take only this channel, by number from 0 or by name.
        palette: of images with a palette, `index` leaves the values as they are: for labels.
        scene: name or number of the image in a microscope's file that holds several.

    Raises:
        InputError: it is not there, cannot be read, or has no such axes or channel.
    """
    address = address_of(path)
    if address is not None:
        return _remote(address, axes, channel, scene)
    path = Path(path)
    _refuse_nothing(path)
    kind = format_of_file(path)
    if kind in MICROSCOPES:
        from cellseg.images.microscopes.image import open_microscope

        return open_microscope(path, axes=axes, channel=channel, scene=scene)
    if scene is not None and path.exists():
        found = f"has no scenes, as {kind or 'a folder'} has none"
        raise InputError(found, "Leave out --scene; it names an image in a CZI, ND2 or LIF.", path=path)
    if is_zarr(path) or (path.suffix.lower() == SUFFIX and not path.exists()):
        from cellseg.images.omezarr.image import open_omezarr

        return open_omezarr(path, axes=axes, channel=channel)
    brought = _of_another_package(path)
    if brought is not None:
        return brought.only(channel)
    return READERS.get(kind, _tiff)(path, {"axes": axes, "channel": channel, "palette": palette})


def _of_another_package(path: Path) -> ImageSource | None:
    """An image in a format of another package, by the ending of its name; None for formats of ours."""
    ending = path.suffix.lower()
    if not ending or ending in SUFFIXES or not path.is_file():
        return None
    read = load_extension("cellseg.formats", ending.removeprefix("."))
    if read is None:
        return None
    with reading(path, f"is no {ending} that its reader takes", "The reader is that of another package."):
        found = read(path)
        if not isinstance(found, ImageSource):
            raise TypeError(f"it gives {type(found).__name__}, and no ImageSource")
        return replace(found, name=path.name, path=path)


def _refuse_nothing(path: Path) -> None:
    """InputError for a link to nothing, and for a pipe or a device, whose end may never come."""
    if is_broken(path):
        raise InputError(nothing_there(path), path=path)
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError("is a pipe or a device, where a file is wanted", "Save it as a file first.", path=path)


def _remote(address: str, axes: str | None, channel: int | str | None, scene: str | None) -> ImageSource:
    from cellseg.images.omezarr.remote import open_remote

    if scene is not None:
        raise InputError("has no scenes", "Leave out --scene; it names an image in a CZI, ND2 or LIF.", path=address)
    return open_remote(address, axes=axes, channel=channel)


def _tiff(path: Path, wishes: ReadWishes) -> ImageSource:
    from cellseg.images.tiff.image import open_tiff

    return open_tiff(path, **wishes)


def _picture(path: Path, wishes: ReadWishes) -> ImageSource:
    from cellseg.images.pictures.image import open_picture

    return open_picture(path, **wishes)


def _npy(path: Path, wishes: ReadWishes) -> ImageSource:
    from cellseg.images.npy import open_npy

    return open_npy(path, **wishes)


READERS: dict[str, Callable[[Path, ReadWishes], ImageSource]] = {**dict.fromkeys(PICTURES, _picture), NUMPY: _npy}
"""Readers by the format that the first bytes tell; a TIFF's is for all others."""
