"""OME-Zarr 0.5 folders with a pyramid, written row of tiles by row of tiles, complete or not at all.

Specification: https://ngff.openmicroscopy.org/0.5
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.folders import complete_folder
from cellseg.images.layout import ResultLayout
from cellseg.images.made import made_by_cellseg, maker
from cellseg.images.pyramid import Shapes, Sink, level_shapes, with_copies

ORDER = "TCZYX"
"""OME-Zarr wants time before channels before space."""
KINDS = {"T": "time", "C": "channel"}
ZSTD_LEVEL = 1
CHUNKS_IN_A_FILE = 16
"""Of one row: so a file is written once, when the row is complete."""


def write_omezarr(path: str | Path, layout: ResultLayout, blocks: Iterator[NDArray[Any]]) -> None:
    """Write an image from a stream of tiles; the same input gives the same files.

    Chunks are the layout's tiles, 16 of a row in one file (a shard), compressed by zstd. Label images carry
    `image-label`, others the names of their channels.

    Args:
        path: folder that appears when it is complete.
        layout: what it is.
        blocks: (h, w) tiles of the layout's type: for each plane, for each channel, those of `layout.tiles`.

    Raises:
        InputError: it cannot be written, or something that cellseg did not make stands there.
    """
    path = Path(path)
    with complete_folder(path, made_by_cellseg) as temporary:
        begin_omezarr(temporary, layout, path.name)
        arrays = open_levels(temporary, layout)
        for _ in with_copies(layout, blocks, level_shapes(layout.height, layout.width), partial(_sink, arrays, layout)):
            pass


def begin_omezarr(folder: Path, layout: ResultLayout, name: str) -> None:
    """Make the arrays of an image that will be called `name` in a folder, empty."""
    import zarr

    axes, sizes = _axes(layout)
    shapes = level_shapes(layout.height, layout.width)
    attributes = {"ome": _metadata(layout, axes, shapes, name), "_creator": {"name": maker(layout.mark, layout.holds)}}
    group = zarr.create_group(str(folder), zarr_format=3, attributes=attributes)
    for level, shape in enumerate(shapes):
        _create(group, level, axes, sizes, shape, layout)


def open_levels(folder: Path, layout: ResultLayout) -> list[Any]:
    """The arrays of the levels that were begun in a folder."""
    import zarr

    levels = range(len(level_shapes(layout.height, layout.width)))
    return [zarr.open_array(str(folder / str(level)), mode="r+") for level in levels]


def index_of(layout: ResultLayout, sheet: int) -> tuple[int, ...]:
    """The place of a sheet along the axes that count sheets."""
    names, lengths = layout.ome_planes
    places = np.unravel_index(sheet, (*lengths, layout.channels))
    at = dict(zip(names + "C", (int(place) for place in places), strict=True))
    return tuple(at[axis] for axis in _axes(layout)[0] if axis not in "YX")


def stored_places(layout: ResultLayout) -> NDArray[np.intp]:
    """(planes,) where each plane lies among those of the folder, which are counted in the order of OME-Zarr."""
    names, lengths = layout.ome_planes
    if not names:
        return np.zeros(1, np.intp)
    turned = sorted(range(len(names)), key=lambda k: ORDER.index(names[k]))
    numbers = np.arange(int(np.prod(lengths))).reshape(lengths).transpose(turned).ravel()
    return np.argsort(numbers)


def _axes(layout: ResultLayout) -> tuple[str, tuple[int, ...]]:
    """Axes as they are stored, and the lengths of those that count sheets."""
    sizes = dict(zip(*layout.ome_planes, strict=True))
    if layout.channels > 1 or _names_one_channel(layout):
        sizes["C"] = layout.channels
    counted = [axis for axis in ORDER if axis in sizes]
    return "".join([*counted, "YX"]), tuple(sizes[axis] for axis in counted)


def _names_one_channel(layout: ResultLayout) -> bool:
    """A name that gets lost where there is no axis of channels."""
    return bool(layout.channel_names) and not layout.holds_labels


def _create(
    group: Any, level: int, axes: str, sizes: tuple[int, ...], shape: tuple[int, int], layout: ResultLayout
) -> Any:
    from zarr.codecs import ZstdCodec

    high, wide = (min(side, length) for side, length in zip(layout.tile, shape, strict=True))
    ones = (1,) * len(sizes)
    return group.create_array(
        str(level),
        shape=(*sizes, *shape),
        dtype=layout.dtype.newbyteorder("="),
        chunks=(*ones, high, wide),
        shards=(*ones, high, wide * min(CHUNKS_IN_A_FILE, -(-shape[1] // wide))),
        compressors=ZstdCodec(level=ZSTD_LEVEL),
        dimension_names=list(axes.lower()),
    )


def _sink(arrays: list[Any], layout: ResultLayout, sheet: int) -> Sink:
    """A writer of the rows of one sheet."""
    index = index_of(layout, sheet)

    def write(level: int, top: int, rows: NDArray[Any]) -> None:
        arrays[level][(*index, slice(top, top + len(rows)))] = rows

    return write


def _metadata(layout: ResultLayout, axes: str, shapes: Shapes, name: str) -> dict[str, Any]:
    kind = {"image-label": {}} if layout.holds_labels else _omero(layout)
    return {"version": "0.5", "multiscales": [_multiscale(layout, axes, len(shapes), name)], **kind}


def _multiscale(layout: ResultLayout, axes: str, levels: int, name: str) -> dict[str, Any]:
    known = layout.sizes_um
    method = "mode" if layout.holds_labels else "mean"
    return {
        "name": name.removesuffix(".zarr").removesuffix(".ome"),
        "axes": [_axis(axis, axis in known) for axis in axes],
        "datasets": [
            {"path": str(level), "coordinateTransformations": _transforms(axes, known, level)}
            for level in range(levels)
        ],
        "type": method,
        "metadata": {
            "description": f"each level is the {method} of 2 x 2 pixels of the one before",
            "method": "cellseg",
        },
    }


def _axis(axis: str, known: bool) -> dict[str, str]:
    unit = {"unit": "micrometer"} if known else {}
    return {"name": axis.lower(), "type": KINDS.get(axis, "space"), **unit}


def _transforms(axes: str, known: dict[str, float], level: int) -> list[dict[str, Any]]:
    """A pixel of a level covers 2**level of the first one's, and its centre is theirs."""
    factor = dict.fromkeys("YX", 2.0**level)
    scale = [known.get(axis, 1.0) * factor.get(axis, 1.0) for axis in axes]
    shift = [known.get(axis, 1.0) * (factor.get(axis, 1.0) - 1) / 2 for axis in axes]
    moved = [{"type": "translation", "translation": shift}] if level else []
    return [{"type": "scale", "scale": scale}, *moved]


def _omero(layout: ResultLayout) -> dict[str, Any]:
    """Channel names and how to show them, which all viewers read though the specification calls it transitional."""
    if not layout.channel_names:
        return {}
    end = 1.0 if layout.dtype.kind == "f" else float(np.iinfo(layout.dtype).max)
    window = {"start": 0.0, "min": 0.0, "end": end, "max": end}
    shown = [{"label": name, "color": "FFFFFF", "active": True, "window": window} for name in layout.channel_names]
    return {"omero": {"channels": shown}}
