"""Annotation of a project as TIFFs for `cellseg train`.

Of each plane only the annotated places are written, with surroundings: a training on a few strokes in a large image
reads little, and its samples lie where something is known. In a process of its own, since grey values of whole planes
are measured: `python -m napari_cellseg.project.training_set PROJECT FOLDER [CHANGED]` prints one JSON object in a line.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.arrays import UInt8, UInt32
from napari_cellseg.annotation import IGNORE, NOT_ANNOTATED, is_cell, to_training
from napari_cellseg.forms.words import words_of
from napari_cellseg.project.changed import changed_file
from napari_cellseg.project.folder import Project

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from napari_cellseg.project.cell_classes import CellClassTable
    from napari_cellseg.project.chunks import ChunkIndex
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.store import LabelStore

SURROUNDINGS = 128
"""Pixels around what is annotated: the 2015 network looks 92 px far, and samples are deformed."""
_NOTE = "training_set.json"
NO_CLASS = 255
"""In labels that number classes: nobody annotated this, or gave its cell a class."""

RectangleEdges = tuple[int, int, int, int]
"""Top, left, bottom, right; the last two are outside."""


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """Pairs of TIFFs of the same names."""

    images: Path
    labels: Path
    ignore_label: int
    """What pixels have that nobody annotated; 0 is background, 1 and up are cells, or classes."""
    classes: tuple[str, ...] = ()
    """Names of the classes 1, 2, ... that the labels number; empty where they number cells."""
    painted: bool = True
    """Whether they were painted on the very images: then they belong to them, whatever grey values seem to say."""

    @property
    def options(self) -> dict[str, Any]:
        """Options by which a training reads them."""
        known: dict[str, Any] = {"trust_pairs": True} if self.painted else {}
        known |= {"labels_are": "classes" if self.classes else "instances", "ignore_label": self.ignore_label}
        return {**known, "class_names": ",".join(self.classes)} if self.classes else known

    @property
    def arguments(self) -> list[str]:
        """For the command line of `cellseg train`."""
        return ["--images", str(self.images), "--labels", str(self.labels), *words_of(self.options)]


def write_training_set(project: Project, folder: Path, changed: Path | None = None) -> TrainingFiles:
    """Write images and labels of all annotated places.

    Args:
        project: whose annotation.
        folder: a new folder, or one that holds an earlier training set, which is replaced.
        changed: where the images lie that were changed in the window (see `changed`); by default none was.

    Raises:
        InputError: no cells or no background are annotated, an image is gone, or the folder is in use.
    """
    classes = project.classes if len(project.classes) > 1 else ()
    ignore = NO_CLASS if classes else IGNORE
    files = TrainingFiles(folder / "images", folder / "labels", ignore, classes)
    _empty(folder, files)
    found: set[int] = set()
    for image in project.annotated:
        encode = partial(_classes, project.cell_classes(image)) if classes else _cells
        found |= _write_places(project.labels(image), _source(project, image, changed), image, files, encode)
    _check(cells=bool(found - {0}), background=0 in found)
    _check_classes(classes, found)
    return files


Encode = Callable[[int, UInt32], NDArray[Any]]
"""Labels for a training, of a plane and its annotation (h, w): 0 is background."""


def _cells(_plane: int, values: UInt32) -> UInt32:
    return to_training(values)


def _classes(table: CellClassTable, plane: int, values: UInt32) -> UInt8:
    """Class numbers (h, w), with a line of background between cells that touch; cells without a class are left out."""
    kinds = table.kinds(plane)
    classes = kinds[np.minimum(values, len(kinds) - 1)]
    apart = np.asarray(cellseg.separate(np.where(is_cell(values), values, 0).astype(np.int64)))
    known = np.where(apart > 0, np.where(classes > 0, classes, NO_CLASS), 0)
    return np.where(values == NOT_ANNOTATED, NO_CLASS, known).astype(np.uint8)


def _write_places(
    labels: LabelStore, source: ImageSource, image: ProjectImage, files: TrainingFiles, encode: Encode
) -> set[int]:
    """Write the annotated places of an image; which labels there are, of cells one at least."""
    found: set[int] = set()
    for plane, places in _places(labels, image):
        names = {f"{image.name}_p{plane:04}_{number:03}.tif": at for number, at in enumerate(places)}
        cellseg.cut_out(source, plane, {files.images / name: at for name, at in names.items()})
        for name, at in names.items():
            values = encode(plane, labels[(plane, *at)[-labels.ndim :]])
            found.update(np.unique(values).tolist())
            cellseg.write_stack(files.labels / name, values, "YX")
    return found - {files.ignore_label}


def _source(project: Project, image: ProjectImage, changed: Path | None) -> ImageSource:
    """Pixels of an image as the window shows it."""
    file = None if changed is None else changed_file(changed, image)
    return project.source(image) if file is None or not file.exists() else cellseg.open_image(file)


def rectangles(boxes: list[RectangleEdges], height: int, width: int) -> list[RectangleEdges]:
    """Rectangles that hold boxes with their surroundings, no two of which share a pixel.

    Args:
        boxes: of annotated pixels.
        height: of the plane.
        width: of the plane.
    """
    apart: list[RectangleEdges] = []
    for box in boxes:
        new = _widened(box, height, width)
        while met := _meeting(new, apart):
            apart = [old for old in apart if old not in met]
            new = _around(new, *met)
        apart.append(new)
    return sorted(apart)


def _meeting(new: RectangleEdges, others: list[RectangleEdges]) -> list[RectangleEdges]:
    """Rectangles that share a pixel with one."""
    return [old for old in others if _meet(old, new)]


def _widened(box: RectangleEdges, height: int, width: int) -> RectangleEdges:
    top, left, bottom, right = box
    return (
        max(top - SURROUNDINGS, 0),
        max(left - SURROUNDINGS, 0),
        min(bottom + SURROUNDINGS, height),
        min(right + SURROUNDINGS, width),
    )


def _around(*boxes: RectangleEdges) -> RectangleEdges:
    """The smallest rectangle that holds some."""
    top, left, bottom, right = zip(*boxes, strict=True)
    return min(top), min(left), max(bottom), max(right)


def _places(labels: LabelStore, image: ProjectImage) -> Iterator[tuple[int, list[tuple[slice, slice]]]]:
    """For each annotated plane the rows and columns of what is written of it."""
    planes: dict[int, list[RectangleEdges]] = {}
    for index in labels.annotated_blocks():
        found = _annotated_in(labels, index)
        if found is not None:
            planes.setdefault((0, *index)[-3], []).append(found)
    for plane, boxes in sorted(planes.items()):
        apart = rectangles(boxes, *image.shape[1:])
        yield plane, [(slice(top, bottom), slice(left, right)) for top, left, bottom, right in apart]


def _annotated_in(labels: LabelStore, index: ChunkIndex) -> RectangleEdges | None:
    """The smallest rectangle around what is annotated in a block; None where nothing is."""
    *before, rows, columns = labels.box(index)
    values = labels[(*before, rows, columns)].reshape(rows.stop - rows.start, -1)
    down, across = np.flatnonzero(values.any(1)), np.flatnonzero(values.any(0))
    if not down.size:
        return None
    top, left = rows.start, columns.start
    return top + int(down[0]), left + int(across[0]), top + int(down[-1]) + 1, left + int(across[-1]) + 1


def _meet(one: RectangleEdges, other: RectangleEdges) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _empty(folder: Path, files: TrainingFiles) -> None:
    if folder.exists() and not (folder / _NOTE).exists() and any(folder.iterdir()):
        raise cellseg.InputError("exists and holds other files", "Choose a new folder.", path=folder)
    for part in (files.images, files.labels):
        shutil.rmtree(part, ignore_errors=True)
    with cellseg.complete_file(folder / _NOTE) as temporary:
        temporary.write_text(json.dumps({"ignore_label": files.ignore_label}), encoding="utf-8")


def _check(*, cells: bool, background: bool) -> None:
    why = "a network learns the difference."
    if not cells and not background:
        raise cellseg.InputError("nothing is annotated", "Paint some cells (2 and up) and some background (1).")
    if not background:
        raise cellseg.InputError("no background is annotated", f"Paint some background (1), too: {why}")
    if not cells:
        raise cellseg.InputError("no cells are annotated", f"Paint some cells (2 and up), too: {why}")


def _check_classes(names: Sequence[str], found: set[int]) -> None:
    missing = [name for number, name in enumerate(names, 1) if number not in found]
    if missing:
        wrong = f"no cell of the class {missing[0]} is annotated"
        raise cellseg.InputError(wrong, "Paint one, or take that class off the list.")


def main(project: str, folder: str, changed: str = "") -> int:
    """Write a training set and tell its files, or what was wrong, as one JSON object; `changed` is cleared away."""
    shown = Path(changed) if changed else None
    try:
        files = write_training_set(Project.open(Path(project)), Path(folder).absolute(), shown)
    except cellseg.InputError as error:
        _say({"error": str(error)})
        return 2
    finally:
        if shown is not None:
            shutil.rmtree(shown, ignore_errors=True)
    _say({**asdict(files), "arguments": files.arguments})
    return 0


def _say(words: dict[str, Any]) -> None:
    print(json.dumps(words, default=str), flush=True)  # noqa: T201 - it is how a child speaks


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
