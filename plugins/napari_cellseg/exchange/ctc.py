"""Folders of the Cell Tracking Challenge: gold truth (SEG), and where all cells are annotated their tracks (TRA)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotation import Rest, from_file, shift_of, to_file
from napari_cellseg.exchange.target import Incoming, Target

MOST = np.iinfo(np.uint16).max
"""The challenge's files are uint16."""


def read_ctc(folder: Path, target: Target, rest: Rest) -> Incoming:
    """Planes of a sequence that have truth, as `cellseg train` understands it: unlabelled is background only where
    markers, silver truth and grey values say so, else not annotated.

    Args:
        folder: `.../01_GT` or `.../01_ST`; the images are looked for beside it, in `.../01`.
        target: a layer of all frames, or of one whose image is a file of the sequence.
        rest: what background becomes.

    Raises:
        InputError: no such layout, no images beside it, or frames that do not fit the layer.
    """
    images = folder.with_name(folder.name.split("_")[0])
    pairs = cellseg.find_annotated_pairs(images, folder)
    times = sorted(time for file in images.iterdir() if (time := _time(file.name)) is not None)
    alone = _time(target.image.name) if target.image and target.image.parent.resolve() == images.resolve() else None
    for pair in pairs:
        assert pair.image.path is not None
        time = _time(pair.image.path.name)
        if alone is not None and time != alone:
            continue
        frames = 1 if alone is not None else len(times)
        if (frames * pair.image.planes, pair.image.height, pair.image.width) != (target.planes, *target.shape):
            found = f"has {frames * pair.image.planes} x {pair.image.height} x {pair.image.width} pixels"
            remedy = f"{target.name} is {target.says()}: open the images of {images.name} as one stack first."
            raise cellseg.InputError(found, remedy, path=images)
        at = (0 if alone is not None else times.index(time or 0)) * pair.image.planes + pair.image_plane
        cells = pair.labels.read(pair.label_plane)[0].astype(np.int64)
        assert pair.annotated is not None
        known = pair.annotated.read(pair.annotated_plane)[0] != 0
        numbers = np.where(known, cells, -1)
        yield at, from_file(numbers, target.annotation, rest, target.read(at), shift_of(1, target.annotation))


def write_ctc(folder: Path, target: Target, sequence: str = "01") -> str:
    """Write `SEQUENCE_GT` into a data set's folder.

    Planes along Z are written alone (man_seg_TTT_ZZZ.tif), other planes are frames (man_segTTT.tif). Tracks, by the
    cells' numbers, are written where no pixel of a sequence of frames is unknown: markers say that all cells have one.

    Args:
        folder: of the data set.
        target: the layer.
        sequence: its number.

    Returns:
        What is to be said of it.

    Raises:
        InputError: there is such a folder already, no cell, or a number above 65,535.
    """
    place = folder / f"{sequence}_GT"
    if place.exists():
        raise cellseg.InputError("is there already", "Choose another folder.", path=place)
    planes = [to_file(target.read(plane), target.annotation) for plane in range(target.planes)]
    highest = max(int(cells.max(initial=0)) for cells, _ in planes)
    if not 0 < highest <= MOST:
        found = f"the highest number of a cell is {highest}"
        raise cellseg.InputError(found, f"It must be 1 to {MOST}.", path=place)
    flat = "Z" not in target.axes
    with cellseg.complete_folder(place) as part:
        for plane, (cells, _) in enumerate(planes):
            if cells.any():
                cellseg.write_stack(part / "SEG" / _name(plane, target), cells.astype(np.uint16))
        tracked = flat and not any(unknown.any() for _, unknown in planes)
        if tracked:
            _write_tracks(part / "TRA", [cells for cells, _ in planes])
    known = "with tracks" if tracked else "without tracks, which would say that all cells are annotated"
    said = known if flat else "a file a plane, without tracks"
    return f"wrote {place}, {said}; the images belong beside it, in {sequence}/t000.tif and so on"


def _time(name: str) -> int | None:
    """The number of an image's file."""
    found = re.fullmatch(r"t(\d{3,})\.tiff?", name)
    return int(found[1]) if found else None


def _name(plane: int, target: Target) -> str:
    if "Z" not in target.axes:
        return f"man_seg{plane:03}.tif"
    at = dict(zip(target.axes, target.index(plane), strict=True))
    return f"man_seg_{at.get('T', 0):03}_{at['Z']:03}.tif"


def _write_tracks(folder: Path, frames: list[NDArray[np.uint32]]) -> None:
    """Markers, which are the cells, and man_track.txt: number, first and last frame, parent."""
    tracks: list[tuple[int, int, int, int]] = []
    present = [set(np.unique(cells[cells > 0]).tolist()) for cells in frames]
    free = max((max(cells, default=0) for cells in present), default=0) + 1
    names: list[dict[int, int]] = [{} for _ in frames]
    for cell in sorted(set().union(*present)):
        parent = 0
        for first, last in _runs([cell in cells for cells in present]):
            number = free if parent else cell
            free += bool(parent)
            tracks.append((number, first, last, parent))
            for time in range(first, last + 1):
                names[time][cell] = number
            parent = number
    for time, cells in enumerate(frames):
        table = np.zeros(int(cells.max(initial=0)) + 1, np.uint32)
        for cell, number in names[time].items():
            table[cell] = number
        cellseg.write_stack(folder / f"man_track{time:03}.tif", table[cells].astype(np.uint16))
    (folder / "man_track.txt").write_text("".join(f"{a} {b} {c} {d}\n" for a, b, c, d in sorted(tracks)))


def _runs(there: list[bool]) -> list[tuple[int, int]]:
    """First and last place of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(int)))
    return [(int(first), int(last) - 1) for first, last in zip(edges[::2], edges[1::2], strict=True)]
