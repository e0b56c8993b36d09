"""The files of a zarr array (version 3): one zstd-packed block a file, replaced as a whole.

Written here and not through zarr, which takes eight times as long for a block (2.2 against 0.3 ms of processor time)
and hands the work to another thread, while a hand waits that paints. The files are those that zarr reads and writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np

import cellseg
from cellseg.arrays import UInt32
from napari_cellseg.pixels.selection import Slices

ChunkIndex = tuple[int, ...]

_SIDE = 256
LEVEL = 1
"""Of compression: a stroke must not wait."""


def create(folder: Path, shape: tuple[int, ...], attributes: dict[str, Any]) -> None:
    """An empty array of uint32 whose blocks are 256 x 256 pixels of a plane.

    Raises:
        InputError: it cannot be written.
    """
    import zarr
    from zarr.codecs import BytesCodec, ZstdCodec

    try:
        zarr.create_array(
            str(folder),
            shape=shape,
            chunks=block_shape(len(shape)),
            dtype="uint32",
            serializer=BytesCodec(endian="little"),
            compressors=ZstdCodec(level=LEVEL),
            fill_value=0,
            attributes=attributes,
        )
    except OSError as error:
        remedy = "Free space, or copy the project to a folder that you may write to."
        raise cellseg.InputError(f"cannot be written ({error.strerror})", remedy, path=folder) from error


def exists(folder: Path) -> bool:
    """True if there is an array in a folder."""
    return (folder / "zarr.json").exists()


def read_shape(folder: Path) -> tuple[int, ...]:
    """Shape of an array that `create` made.

    Raises:
        InputError: there is none, or another kind of array.
    """
    import zarr

    try:
        array = zarr.open_array(str(folder), mode="r")
        fits = array.dtype == np.uint32 and array.chunks == block_shape(array.ndim) and array.metadata.zarr_format == 3
    except Exception as error:  # zarr has no exception of its own for each way in which metadata may be wrong
        raise cellseg.InputError(
            f"is no label store ({type(error).__name__})", "Put it back from a copy of the project.", path=folder
        ) from error
    if not fits:
        raise cellseg.InputError("is a zarr array, but none that cellseg made", "Move it away.", path=folder)
    return tuple(array.shape)


def block_shape(ndim: int) -> tuple[int, ...]:
    """Shape of the blocks of an array with so many axes."""
    return (*(1,) * (ndim - 2), _SIDE, _SIDE)


def blocks_of(box: Slices) -> Iterator[ChunkIndex]:
    """Blocks that share a pixel with a box."""
    sides = block_shape(len(box))
    return product(*(range(part.start // n, -(-part.stop // n)) for part, n in zip(box, sides, strict=True)))


def overlap(box: Slices, index: ChunkIndex) -> tuple[Slices, Slices]:
    """Overlap of a box and a block: its place in the box, and its place in the block."""
    sides = block_shape(len(box))
    return common(box, tuple(slice(k * side, (k + 1) * side) for k, side in zip(index, sides, strict=True)))


def box_of(index: ChunkIndex, shape: tuple[int, ...]) -> Slices:
    """Pixels of a block, cut at the edges of an array of this shape."""
    cut = zip(index, block_shape(len(shape)), shape, strict=True)
    return tuple(slice(k * side, min((k + 1) * side, length)) for k, side, length in cut)


def within_one(box: Slices) -> tuple[ChunkIndex, Slices] | None:
    """The block that holds a box, and the place in it; None where the box has pixels of several blocks, or none."""
    index, place = [], []
    for part, side in zip(box, block_shape(len(box)), strict=True):
        number, start = divmod(part.start, side)
        stop = start + part.stop - part.start
        if not start < stop <= side:
            return None
        index.append(number)
        place.append(slice(start, stop))
    return tuple(index), tuple(place)


def common(one: Slices, other: Slices) -> tuple[Slices, Slices]:
    """Overlap of two boxes, empty where they are apart: its place in each of them."""
    in_one, in_other = [], []
    for a, b in zip(one, other, strict=True):
        start = max(a.start, b.start)
        stop = max(min(a.stop, b.stop), start)
        in_one.append(slice(start - a.start, stop - a.start))
        in_other.append(slice(start - b.start, stop - b.start))
    return tuple(in_one), tuple(in_other)


def file_of(folder: Path, index: ChunkIndex) -> Path:
    """File of a block."""
    return folder.joinpath("c", *map(str, index))


def files_in(folder: Path) -> dict[ChunkIndex, Path]:
    """Blocks that hold anything."""
    depth = len(read_shape(folder))
    found = ((file.relative_to(folder / "c").parts, file) for file in (folder / "c").glob("/".join("*" * depth)))
    return {tuple(map(int, parts)): file for parts, file in found if all(part.isdecimal() for part in parts)}


def read(folder: Path, index: ChunkIndex) -> UInt32 | None:
    """A block, or None where nothing was ever written.

    Raises:
        InputError: the file is damaged.
    """
    file = file_of(folder, index)
    try:
        packed = file.read_bytes()
    except FileNotFoundError:
        return None
    shape = block_shape(len(index))
    try:
        values = np.frombuffer(imagecodecs.zstd_decode(packed), "<u4").reshape(shape)
    except (ValueError, RuntimeError, MemoryError) as error:  # imagecodecs' errors are RuntimeErrors
        remedy = "Restore a state that the project has kept, or remove the file: this block is empty then."
        raise cellseg.InputError(f"a block of {_SIDE} x {_SIDE} labels is damaged", remedy, path=file) from error
    return values.astype(np.uint32)


def write(folder: Path, index: ChunkIndex, block: UInt32, *, keep_empty: bool = False) -> None:
    """Replace a block; whoever reads, also after a crash in between, finds the old one or the new one.

    Args:
        folder: of the array.
        index: of the block.
        block: its values.
        keep_empty: a block of zeros has a file, too, since without one something else is seen there.

    Raises:
        InputError: it cannot be written, such as on a full disk; the old one is still there.
    """
    file = file_of(folder, index)
    temporary = file.with_name(f".{file.name}.part")
    try:
        if not keep_empty and not block.any():
            file.unlink(missing_ok=True)
            return
        packed = imagecodecs.zstd_encode(block.astype("<u4", copy=False).tobytes(), LEVEL)
        try:
            temporary.write_bytes(packed)
        except FileNotFoundError:
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(packed)
        os.replace(temporary, file)
    except OSError as error:
        remedy = "What was annotated before is safe; free space, then paint this again."
        raise cellseg.InputError(f"cannot be written ({error.strerror or error})", remedy, path=file) from error
