"""Folders of the Cell Tracking Challenge: gold truth (SEG), and where all cells are annotated their tracks (TRA)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.arrays import UInt32
from napari_cellseg.annotation import Rest, from_file, shift_of
from napari_cellseg.exchange.target import Incoming, Target
from napari_cellseg.exchange.tracks import CellTrack, find_tracks

if TYPE_CHECKING:
    from cellseg.labels.pairs import Pair

_MOST = np.iinfo(np.uint16).max
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
    sequence = _Sequence.of(images, target)
    for pair in pairs:
        at = sequence.plane_of(pair, target)
        if at is not None:
            assert pair.annotated is not None
            cells = pair.labels.read(pair.label_plane)[0].astype(np.int64)
            known = pair.annotated.read(pair.annotated_plane)[0] != 0
            numbers = np.where(known, cells, -1)
            yield at, from_file(numbers, target.annotation, rest, target.read(at), shift_of(1, target.annotation))


@dataclass(frozen=True, slots=True)
class _Sequence:
    """The frames that a layer shows: all of a sequence, or one."""

    images: Path
    """Their folder."""
    times: tuple[int, ...]
    """Numbers of the frames, in the order of the layer's planes."""

    @classmethod
    def of(cls, images: Path, target: Target) -> Self:
        """Frames that are in a layer: the one that is its file, else all."""
        file = target.image
        alone = _time(file.name) if file is not None and file.parent.resolve() == images.resolve() else None
        if alone is not None:
            return cls(images, (alone,))
        return cls(images, _times(images))

    def plane_of(self, pair: Pair, target: Target) -> int | None:
        """The layer's plane that a pair of image and truth is of; None where the layer does not show that frame.

        Raises:
            InputError: the layer has another size.
        """
        image = pair.image
        assert image.path is not None
        time = _time(image.path.name)
        if time not in self.times:
            return None
        planes = len(self.times) * image.planes
        if (planes, image.height, image.width) != (target.planes, *target.shape):
            found = f"has {planes} x {image.height} x {image.width} pixels"
            remedy = f"{target.name} is {target.says()}: open the images of {self.images.name} as one stack first."
            raise cellseg.InputError(found, remedy, path=self.images)
        return self.times.index(time) * image.planes + pair.image_plane


def _times(images: Path) -> tuple[int, ...]:
    """Numbers of all images of a sequence, in order."""
    found = (_time(file.name) for file in images.iterdir())
    return tuple(sorted(time for time in found if time is not None))


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
    cells, unknown = zip(*target.cells(), strict=True)
    _check_numbers(cells, place)
    flat = "Z" not in target.axes
    tracked = flat and not np.any(unknown)
    with cellseg.complete_folder(place) as part:
        _write_cells(part / "SEG", cells, target)
        if tracked:
            _write_tracks(part / "TRA", cells)
    said = _SAID[flat, tracked]
    return f"wrote {place}, {said}; the images belong beside it, in {sequence}/t000.tif and so on"


_SAID = {
    (True, True): "with tracks",
    (True, False): "without tracks, which would say that all cells are annotated",
    (False, False): "a file a plane, without tracks",
}
"""What was written, by whether planes are frames, and whether there are tracks."""


def _check_numbers(planes: Sequence[UInt32], place: Path) -> None:
    highest = max(int(cells.max(initial=0)) for cells in planes)
    if not 0 < highest <= _MOST:
        found = f"the highest number of a cell is {highest}"
        raise cellseg.InputError(found, f"It must be 1 to {_MOST}.", path=place)


def _write_cells(folder: Path, planes: Sequence[UInt32], target: Target) -> None:
    for plane, cells in enumerate(planes):
        if cells.any():
            cellseg.write_stack(folder / _name(plane, target), cells.astype(np.uint16))


def _time(name: str) -> int | None:
    """The number of an image's file."""
    found = re.fullmatch(r"t(\d{3,})\.tiff?", name)
    return int(found[1]) if found else None


def _name(plane: int, target: Target) -> str:
    if "Z" not in target.axes:
        return f"man_seg{plane:03}.tif"
    at = dict(zip(target.axes, target.index(plane), strict=True))
    return f"man_seg_{at.get('T', 0):03}_{at['Z']:03}.tif"


def _write_tracks(folder: Path, frames: Sequence[UInt32]) -> None:
    """Markers, which are the cells, and man_track.txt: number, first and last frame, parent."""
    tracks = find_tracks([set(np.unique(cells[cells > 0]).tolist()) for cells in frames])
    for time, cells in enumerate(frames):
        alive = [track for track in tracks if track.first <= time <= track.last]
        cellseg.write_stack(folder / f"man_track{time:03}.tif", _markers(cells, alive))
    (folder / "man_track.txt").write_text(_track_table(tracks))


def _track_table(tracks: list[CellTrack]) -> str:
    return "".join(f"{track.number} {track.first} {track.last} {track.parent}\n" for track in sorted(tracks))


def _markers(cells: UInt32, tracks: list[CellTrack]) -> NDArray[np.uint16]:
    """The cells of a frame (H, W) with the numbers of their tracks."""
    numbers = np.zeros(int(cells.max(initial=0)) + 1, np.uint16)
    for track in tracks:
        numbers[track.cell] = track.number
    return numbers[cells]
