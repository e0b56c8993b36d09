"""Tiled, compressed BigTIFF files with OME-XML, written tile by tile and complete or not at all."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import tifffile
from numpy.typing import NDArray

from cellseg.files import complete_file
from cellseg.images.layout import ResultLayout
from cellseg.images.made import SOFTWARE, maker
from cellseg.images.pyramid import Shapes, level_shapes, with_copies
from cellseg.images.tiff.tilespool import TileSpool

COMPRESSION_LEVEL = 1
"""Deflate opens everywhere. A network gives 10 to 20 MB of probabilities a second; level 6 shrinks them no further
and takes twice as long, and a predictor makes labels and probabilities larger."""
PYRAMID_FROM = 4096
"""Larger sides get smaller copies, without which viewers that show the whole have to read the whole."""
NOT_IN_XML = str.maketrans(dict.fromkeys('<>&"', "_"))
"""Most versions of tifffile write these as they are, and the file loses its metadata."""
ENCODER_BYTES = 2**24
"""Tiles waiting for the compressor."""


def write_tiff(path: str | Path, layout: ResultLayout, blocks: Iterator[NDArray[Any]]) -> None:
    """Write a tiled BigTIFF from a stream of tiles; the same input gives the same bytes.

    A large image gets smaller copies (SubIFDs), which QuPath and Bio-Formats show first.

    Args:
        path: where it appears when it is complete.
        layout: what it is.
        blocks: (h, w) tiles of the layout's type: for each plane, for each channel, those of `layout.tiles`.

    Raises:
        InputError: it cannot be written.
    """
    names, lengths = layout.ome_planes
    with_channels = layout.channels > 1
    leading = (*lengths, *[layout.channels] * with_channels)
    axes = f"{names}{'C' * with_channels}YX"
    first, *smaller = _levels(layout)
    how = _encoding(layout)
    path = Path(path)
    with ExitStack() as stack:
        temporary = stack.enter_context(complete_file(path))
        tif = stack.enter_context(tifffile.TiffWriter(temporary, bigtiff=True, byteorder="<", ome=True))
        files = [stack.enter_context(tempfile.TemporaryFile(dir=temporary.parent)) for _ in smaller]
        spools = [TileSpool(file, layout.tile, COMPRESSION_LEVEL) for file in files]
        tif.write(
            _spooled(layout, blocks, [first, *smaller], spools) if smaller else blocks,
            shape=(*leading, *first),
            subifds=len(smaller),
            metadata=_ome_metadata(layout, axes),
            **how,
            **_resolution(layout),
        )
        for level, (shape, spool) in enumerate(zip(smaller, spools, strict=True), 1):
            scaled = _resolution(layout, 2.0**level)
            tif.write(spool.tiles(), shape=(*leading, *shape), subfiletype=1, **how, **scaled)


def _levels(layout: ResultLayout) -> Shapes:
    """Height and width of the image and of its smaller copies, which only large images get."""
    large = max(layout.height, layout.width) > PYRAMID_FROM
    return level_shapes(layout.height, layout.width) if large else [(layout.height, layout.width)]


def _encoding(layout: ResultLayout) -> dict[str, Any]:
    """Arguments of tifffile for the image and its copies."""
    return {
        "dtype": layout.dtype,
        "tile": layout.tile,
        "photometric": "minisblack",
        "compression": "zlib",
        "compressionargs": {"level": COMPRESSION_LEVEL},
        "buffersize": ENCODER_BYTES,
        "software": maker(layout.mark, layout.holds),
    }


def _spooled(
    layout: ResultLayout, blocks: Iterator[NDArray[Any]], shapes: Shapes, spools: Sequence[TileSpool]
) -> Iterator[NDArray[Any]]:
    """Hand on the tiles of the image; those of its copies go to the spools."""

    def keep(level: int, top: int, rows: NDArray[Any]) -> None:
        if level:
            spools[level - 1].add(rows)

    return with_copies(layout, blocks, shapes, lambda sheet: keep)


def _ome_metadata(layout: ResultLayout, axes: str) -> dict[str, Any]:
    """Nothing in it changes from run to run."""
    known = {f"PhysicalSize{axis}": size for axis, size in layout.sizes_um.items()}
    units = {f"PhysicalSize{axis}Unit": "µm" for axis in layout.sizes_um}
    names = [name.translate(NOT_IN_XML) for name in layout.channel_names]
    channels = {"Channel": {"Name": names}} if names else {}
    identity = str(uuid.uuid5(uuid.NAMESPACE_OID, repr(layout)))
    return {"axes": axes, "Creator": SOFTWARE, "UUID": identity, **known, **units, **channels}


def _resolution(layout: ResultLayout, factor: float = 1.0) -> dict[str, Any]:
    """Pixels per centimetre, for programs that read no OME-XML."""
    if layout.pixel_size_um is None:
        return {}
    down, across = (1e4 / (factor * size) for size in layout.pixel_size_um)
    return {"resolution": (across, down), "resolutionunit": "CENTIMETER"}
