"""Pairs of predictions and ground truths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array
from cellseg.errors import InputError

if TYPE_CHECKING:
    from cellseg.images.listing import Paths
    from cellseg.images.source import ImageSource
    from cellseg.labels.ctc.frames import CtcFrame

BORDERS = {
    50: (
        "DIC-C2DH-HeLa",
        "Fluo-C2DL-Huh7",
        "Fluo-C2DL-MSC",
        "Fluo-C3DH-H157",
        "Fluo-N2DH-GOWT1",
        "Fluo-N3DH-CE",
        "Fluo-N3DH-CHO",
        "PhC-C2DH-U373",
    ),
    25: ("BF-C2DL-HSC", "BF-C2DL-MuSC", "Fluo-C3DL-MDA231", "Fluo-N2DL-HeLa", "PhC-C2DL-PSC"),
}
"""Pixels at the edge in which the Cell Tracking Challenge annotates no cell, by data set ("Annotations", field E)."""


@dataclass(frozen=True, slots=True, eq=False)
class Planes:
    """Planes of a file: one is an image, several are a volume."""

    source: ImageSource
    numbers: tuple[int, ...]

    @property
    def each(self) -> list[tuple[ImageSource, int]]:
        """Source and number of each plane."""
        return [(self.source, number) for number in self.numbers]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An image and its ground truth, scored as one."""

    name: str
    prediction: Planes
    truth: Planes | None
    """None where a frame has only markers."""
    markers: Planes | None = None
    border: int = 0
    """Strip at the edge in which nobody annotated, in pixels."""
    image: tuple[Path, int] | None = None
    """File and plane of what was segmented, where it is known."""

    @property
    def sources(self) -> list[ImageSource]:
        """The files of the prediction and of the truth."""
        return [planes.source for planes in (self.prediction, self.truth) if planes is not None]


def find_cases(prediction: Paths, truth: Paths, planes: str = "", volume: bool = False, images: str = "") -> list[Case]:
    """Pair predictions with truths: a sequence of the Cell Tracking Challenge by frame, else by name and page.

    Args:
        prediction: TIFF, folder or glob, or several of these; of 01_GT and 01_ST its SEG.
        truth: the same, or a folder of the Cell Tracking Challenge's layout.
        planes: which of the pairs, such as 20:24.
        volume: take all planes of a file as one case.
        images: what was segmented, to draw on.

    Raises:
        InputError: nothing there, or a partner is missing.
    """
    sequence = sequence_of(truth)
    cases = _of_sequence(str(prediction), sequence) if sequence else _of_files(prediction, truth, volume)
    cases = _chosen(cases, planes)
    return _with_images(cases, images, prediction) if images else cases


def array_cases(prediction: Any, truth: Any, planes: str = "", volume: bool = False) -> list[Case]:
    """Pair the planes of two arrays, (H, W) or (Z, H, W), or of as many on each side.

    Raises:
        InputError: the two do not show the same pixels, or their numbers differ.
    """
    from cellseg.labels.arrays_or_paths import arrays_in

    ours, true = arrays_in(prediction, "prediction"), arrays_in(truth, "truth")
    if len(ours) != len(true):
        raise InputError(f"there are {len(ours)} predictions and {len(true)} truths", "Give one truth a prediction.")
    cases = [case for one, other in zip(ours, true, strict=True) for case in _cases_of_two(one, other, volume)]
    return cases if volume else _chosen(cases, planes)


def _cases_of_two(prediction: tuple[str, Array], truth: tuple[str, Array], volume: bool) -> list[Case]:
    from cellseg.images.source import array_source

    (name, ours), (true_name, true) = prediction, truth
    _refuse_other_shape(ours, true)
    axes = "ZYX"[-true.ndim :] if true.ndim in (2, 3) else None
    found, wanted = array_source(ours, axes=axes, name=name), array_source(true, axes=axes, name=true_name)
    if volume:
        return [Case(name, _all(found), _all(wanted))]
    return [_plane_case(found, wanted, number) for number in range(found.planes)]


def _refuse_other_shape(prediction: NDArray[np.generic], truth: NDArray[np.generic]) -> None:
    if prediction.shape != truth.shape:
        sizes = [" x ".join(map(str, array.shape)) for array in (prediction, truth)]
        raise InputError(f"the prediction is {sizes[0]} and the truth {sizes[1]}", "They must show the same pixels.")


def predicted_planes(cases: Iterable[Case]) -> list[tuple[ImageSource, int]]:
    """Source and number of each plane of all predictions."""
    return [plane for case in cases for plane in case.prediction.each]


def _plane_case(found: ImageSource, true: ImageSource, number: int) -> Case:
    name = f"{found.name}[{number}]" if found.planes > 1 else found.name
    return Case(name, Planes(found, (number,)), Planes(true, (number,)))


def _chosen(cases: list[Case], planes: str) -> list[Case]:
    """The cases of a range such as 20:24; all where there is none."""
    return cases[_slice(planes, len(cases))] if planes else cases


def _with_images(cases: list[Case], images: str, prediction: Paths) -> list[Case]:
    from cellseg.labels.pairs import find_pairs

    found = {
        (pair.labels.path, pair.labels.name, pair.label_plane): (pair.image.path, pair.image_plane)
        for pair in find_pairs(images, prediction)
        if pair.image.path is not None
    }
    return [replace(case, image=found.get(_plane_key(case.prediction))) for case in cases]


def _plane_key(planes: Planes) -> tuple[Path | None, str, int]:
    return planes.source.path, planes.source.name, planes.numbers[0]


def sequence_of(truth: object) -> Path | None:
    """The folder of a CTC sequence's truth, `.../01_GT` or `.../01_ST`, also if its SEG was named; else None."""
    from cellseg.labels.ctc.frames import is_sequence

    if not isinstance(truth, (str, Path)):
        return None
    path = Path(truth).expanduser()
    folder = path.parent if path.name == "SEG" else path
    return folder if folder.name[-3:] in ("_GT", "_ST") and is_sequence(folder) else None


def _of_files(prediction: Paths, truth: Paths, volume: bool) -> list[Case]:
    from cellseg.images.names import names_of
    from cellseg.labels.layouts import tell_below
    from cellseg.labels.pairs import find_pairs

    tell_below(prediction, truth)
    pairs = find_pairs(prediction, truth, palette="index")
    if not volume:
        return [Case(p.name, Planes(p.image, (p.image_plane,)), Planes(p.labels, (p.label_plane,))) for p in pairs]
    first = [pair for pair in pairs if pair.image_plane == 0]
    names = names_of([pair.image for pair in first])
    return [Case(name, _all(pair.image), _all(pair.labels)) for name, pair in zip(names, first, strict=True)]


def _of_sequence(prediction: str, truth: Path) -> list[Case]:
    """The frames that have a truth; DET is taken from the markers, where there are some."""
    from cellseg.labels.ctc.frames import frames

    silver = truth.name.endswith("_ST")
    results = _results(prediction)
    wanted = [frame for frame in frames(truth) if _has_truth(frame, silver)]
    _refuse_missing(wanted, results, prediction)
    border = _border_of(truth)
    return [_frame(frame, results[frame.time], silver, border) for frame in wanted]


def _results(prediction: str) -> dict[int, Path]:
    """Files of a sequence's results by the number of the frame."""
    from cellseg.images.listing import list_images

    inside = Path(prediction).expanduser() / "SEG"
    return _by_time(list_images(inside if inside.is_dir() else prediction))


def _refuse_missing(wanted: Sequence[CtcFrame], results: Mapping[int, Path], prediction: str) -> None:
    missing = sorted({frame.time for frame in wanted} - results.keys())
    if missing:
        listed = ", ".join(f"{time:03}" for time in missing[:5]) + (", ..." if len(missing) > 5 else "")
        raise InputError(
            f"{prediction}: no result for {len(missing)} of {len(wanted)} frames with a truth ({listed})",
            "Results are files with the number of the frame in their names, such as mask013.tif.",
        )


def _border_of(truth: Path) -> int:
    """Pixels at the edge in which nobody annotated, by the name of the data set."""
    data_set = truth.resolve().parent.name
    return next((width for width, names in BORDERS.items() if data_set in names), 0)


def _has_truth(frame: CtcFrame, silver: bool) -> bool:
    return bool(_truth_of(frame, silver) or (frame.markers and not silver))


def _truth_of(frame: CtcFrame, silver: bool) -> Path | None:
    return frame.silver if silver else frame.gold


def _frame(frame: CtcFrame, result: Path, silver: bool, border: int) -> Case:
    at = "" if frame.plane is None else f"[{frame.plane}]"
    return Case(
        name=f"{result.name}{at}",
        prediction=_open(result, frame.plane),
        truth=_open_known(_truth_of(frame, silver), None),
        markers=_open_known(None if silver else frame.markers, frame.plane),
        border=border,
        image=None if frame.image is None else (frame.image, frame.plane or 0),
    )


def _open_known(path: Path | None, plane: int | None) -> Planes | None:
    return None if path is None else _open(path, plane)


def _open(path: Path, plane: int | None) -> Planes:
    """One plane of a file, or all of them."""
    from cellseg.images.open import open_image

    source = open_image(path, palette="index")
    if plane is not None and plane >= source.planes:
        raise InputError(f"has {source.planes} planes, but the truth shows plane {plane}", path=path)
    return _all(source) if plane is None else Planes(source, (plane,))


def _all(source: ImageSource) -> Planes:
    return Planes(source, tuple(range(source.planes)))


def _by_time(files: Iterable[Path]) -> dict[int, Path]:
    """Files by the last number in their names."""
    found: dict[int, Path] = {}
    for file in files:
        numbers = re.findall(r"\d+", file.stem)
        if numbers and found.setdefault(int(numbers[-1]), file) is not file:
            earlier = found[int(numbers[-1])]
            raise InputError(f"two results for one frame: {earlier.name} and {file.name}", "Remove one.")
    return found


def _slice(planes: str, count: int) -> slice:
    found = _range(planes, count)
    if not range(count)[found]:
        raise InputError(f"--planes {planes} holds none of the {count} images", "Count from 0.")
    return found


def _range(planes: str, count: int) -> slice:
    first, _, last = planes.partition(":")
    try:
        return slice(int(first or 0), int(last or count))
    except ValueError:
        raise InputError(f"--planes {planes} is no range", "Give one such as 20:24.") from None
