"""Training pairs from the folders of the Cell Tracking Challenge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource, array_source
from cellseg.labels.ctc.frames import CtcFrame, frames, is_sequence, sequences
from cellseg.labels.ctc.truth import annotate, strip_width
from cellseg.labels.meaning import read_values
from cellseg.labels.pairs import Pair


def is_ctc(labels: str | Path) -> bool:
    """True if labels are a sequence's folder, or a data set's folder with sequences and no files of its own."""
    labels = _without_seg(labels)
    return is_sequence(labels) or bool(sequences(labels) and not list(labels.glob("*.tif*")))


def find_ctc_pairs(images: str | Path, labels: str | Path) -> list[Pair]:
    """Pair the frames of sequences with what is known of them; see `cellseg.labels.ctc.truth`.

    Args:
        images: `.../01`, or a data set's folder.
        labels: `.../01_GT`: the frames with gold truth, silver truth filling in where it is there; `.../01_ST`: those
            with silver truth, gold going before it; `.../01` or a data set's folder: gold where there is some.

    Returns:
        A pair for each plane, in order, with labels and annotated pixels in memory.

    Raises:
        InputError: images and labels of different sequences, frames without an image, or files that do not fit.
    """
    labels = _without_seg(labels)
    wanted = [labels] if is_sequence(labels) else sequences(labels)
    pairs = [pair for folder in wanted for pair in _pairs_of(folder, Path(images), several=len(wanted) > 1)]
    if not pairs:
        raise InputError("has no frame with gold or silver truth", "Choose a training sequence.", path=labels)
    return pairs


def _without_seg(labels: str | Path) -> Path:
    """`.../01_GT` for `.../01_GT/SEG`."""
    return Path(labels).parent if Path(labels).name == "SEG" else Path(labels)


@dataclass(frozen=True, slots=True)
class _Plane:
    """A plane of a frame with all that is known of it; (H, W) each."""

    name: str
    image: ImageSource
    plane: int
    gold: NDArray[Any]
    silver: NDArray[Any] | None
    markers: NDArray[Any] | None


def _pairs_of(folder: Path, images: Path, *, several: bool) -> Iterator[Pair]:
    planes = [plane for frame in _with_truth(folder) for plane in _planes(frame, folder, images, several=several)]
    strip = strip_width(seen for plane in planes for seen in (plane.gold, plane.silver) if seen is not None)
    for plane in planes:
        grey = plane.image.read(plane.plane).mean(axis=0, dtype=np.float32)
        cells, known = annotate(plane.gold, plane.silver, plane.markers, grey, strip)
        truth, annotated = (array_source(array, name=folder.name) for array in (cells, known))
        yield Pair(plane.name, plane.image, plane.plane, truth, 0, annotated)


def _with_truth(folder: Path) -> list[CtcFrame]:
    """The frames to learn from: with gold truth, or with silver truth where that is named or all there is."""
    found = frames(folder)
    gold = [frame for frame in found if frame.gold]
    return [frame for frame in found if frame.silver] if folder.name.endswith("_ST") or not gold else gold


def _planes(frame: CtcFrame, folder: Path, images: Path, *, several: bool) -> Iterator[_Plane]:
    if frame.image is None:
        raise InputError(f"has truth of frame {frame.time}, which has no image", "Copy it beside it.", path=folder)
    place = frame.image.parent
    if images.resolve() not in (place.resolve(), place.parent.resolve()):
        raise InputError(f"holds labels of other images than {images}", f"Wanted is --images {place}.", path=folder)
    image = open_image(frame.image)
    truths = {part: _truth(path, frame, image) for part, path in _truth_files(frame).items()}
    name = f"{place.name}/{image.name}" if several else image.name
    for plane in range(image.planes) if frame.plane is None else [frame.plane]:
        read = {part: read_values(source, plane if source.planes > 1 else 0) for part, source in truths.items()}
        gold = read.pop("gold", np.zeros((image.height, image.width), np.uint8))
        yield _Plane(
            f"{name}[{plane}]" if image.planes > 1 else name,
            image,
            plane,
            gold,
            read.get("silver"),
            read.get("markers"),
        )


def _truth_files(frame: CtcFrame) -> dict[str, Path]:
    files = {"gold": frame.gold, "silver": frame.silver, "markers": frame.markers}
    return {part: path for part, path in files.items() if path is not None}


def _truth(path: Path, frame: CtcFrame, image: ImageSource) -> ImageSource:
    """A label file, which has the planes of the image; gold truth may have one alone."""
    source = open_image(path, palette="index")
    planes = 1 if path == frame.gold and frame.plane is not None else image.planes
    if frame.plane is not None and frame.plane >= image.planes:
        raise InputError(f"is of plane {frame.plane}, {image.name} has {image.planes}", "They must fit.", path=path)
    if (source.planes, source.height, source.width) != (planes, image.height, image.width):
        ours, theirs = (f"{s.planes} x {s.height} x {s.width}" for s in (source, image))
        raise InputError(f"is {ours}, {image.name} {theirs}", "They must show the same pixels.", path=path)
    return source
