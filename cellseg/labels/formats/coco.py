"""Annotations of COCO: cells of many images in one JSON file, as polygons or run lengths (RLE)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from cellseg.arrays import Labels, Shape
from cellseg.errors import InputError, reading
from cellseg.extras import wanted
from cellseg.images.source import ImageSource
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.formats.drawn import CellMask, cropped, drawn_source
from cellseg.labels.formats.drawn_outlines import PixelBox, cut_note, refuse_no_places, refuse_outside
from cellseg.labels.formats.json_files import Tree, read_json, whole_number
from cellseg.labels.formats.rois import LARGEST_NUMBER

WHAT = "annotations of COCO"
NUMBER = "cell"
"""Key of an annotation by which cellseg keeps a cell's number."""


@dataclass(frozen=True, slots=True, eq=False)
class CocoImage:
    """The annotations of one image."""

    path: Path
    annotations: tuple[Tree, ...]
    shape: Shape
    notes: tuple[str, ...]

    def cells(self, plane: int) -> Sequence[CellMask]:
        """The cells in the order of the file."""
        return [self._decoded(annotation) for annotation in self.annotations]

    def _decoded(self, annotation: Tree) -> CellMask:
        from pycocotools import mask as codec

        with reading(self.path, f"the annotation {annotation.get('id')} cannot be read", "Export it again."):
            runs = codec.merge(_runs(annotation["segmentation"], self.shape))
            return cropped(codec.decode(runs).astype(bool), _number(annotation.get(NUMBER)))


def _number(told: Any) -> int:
    """Number of a cell; 0 where another program means something else by the word."""
    return told if isinstance(told, int) and 0 < told <= LARGEST_NUMBER else 0


def coco_entries(path: Path) -> list[UnopenedImage]:
    """The labels of each image of a file, under the image's name.

    Raises:
        InputError: it is damaged, has boxes only, or an annotation is of an image that it does not tell of.
    """
    with wanted("labels", WHAT):
        import pycocotools.mask  # noqa: F401
    tree = read_json(path)
    with reading(path, "holds annotations of COCO that cannot be read", "Export them again."):
        return [*_entries(tree, path)]


def annotation_of(number: int, labels: Labels, corner: tuple[int, int], shape: Shape) -> Tree:
    """A cell as an annotation with compressed run lengths.

    Args:
        number: of the cell.
        labels: (h, w) part of the label image that holds all of the cell.
        corner: row and column of its first pixel.
        shape: (H, W) of the image.
    """
    from pycocotools import mask as codec

    whole = np.zeros(shape, np.uint8, order="F")
    high, wide = labels.shape
    whole[corner[0] : corner[0] + high, corner[1] : corner[1] + wide] = labels == number
    runs = codec.encode(whole)
    return {
        "segmentation": {"size": [*shape], "counts": runs["counts"].decode("ascii")},
        "area": int(codec.area(runs)),
        "bbox": codec.toBbox(runs).tolist(),
        "iscrowd": 0,
        NUMBER: number,
    }


def _entries(tree: Tree, path: Path) -> Sequence[UnopenedImage]:
    images = {image["id"]: image for image in tree["images"]}
    drawn: dict[Any, list[Tree]] = {key: [] for key in images}
    for annotation in tree["annotations"]:
        if annotation["image_id"] not in drawn:
            found = f"the annotation {annotation.get('id')} is of an image that the file does not name"
            raise InputError(f"{found} (image_id {annotation['image_id']})", "Export it again.", path=path)
        drawn[annotation["image_id"]].append(annotation)
    notes = tuple(_notes(tree, path))
    return [_entry(images[key], found, path, notes) for key, found in drawn.items()]


def _entry(image: Mapping[str, Any], found: Sequence[Tree], path: Path, notes: tuple[str, ...]) -> UnopenedImage:
    file = PurePosixPath(str(image["file_name"]).replace("\\", "/"))
    name = Path(file.parent, file.stem)
    cells = tuple(one for one in found if one.get("segmentation") and not one.get("iscrowd"))
    shape = whole_number(image["height"]), whole_number(image["width"])
    opened = partial(_open, CocoImage(path, cells, shape, notes), name.name)
    return UnopenedImage(name, opened, file=file.name, inside=path.name)


def _open(reader: CocoImage, name: str, _: ImageSource | None) -> ImageSource:
    every = (_box(annotation, reader.path) for annotation in reader.annotations)
    boxes = {number: box for number, box in enumerate(every) if box is not None}
    for number, box in boxes.items():
        refuse_outside(box, reader.shape, f"the annotation {reader.annotations[number].get('id')}", reader.path)
    notes = (*reader.notes, *cut_note(boxes.values(), reader.shape, reader.path))
    return drawn_source(replace(reader, notes=notes), reader.shape, name, reader.path)


def _box(annotation: Tree, path: Path) -> PixelBox | None:
    """Box around the polygons of a cell; None of run lengths, which cannot lie outside."""
    polygons = annotation["segmentation"]
    with reading(path, f"the annotation {annotation.get('id')} cannot be read", "Export it again."):
        flat = [float(value) for polygon in polygons for value in polygon] if isinstance(polygons, list) else []
    if not flat:
        return None
    refuse_no_places([flat], f"the annotation {annotation.get('id')}", path)
    columns, rows = flat[::2], flat[1::2]
    return min(rows), min(columns), max(rows), max(columns)


def _notes(tree: Tree, path: Path) -> list[str]:
    """Words for what is left out of a file. Raises InputError where nothing is left."""
    annotations, classes = tree["annotations"], len({one.get("category_id") for one in tree["annotations"]})
    crowds = sum(bool(one.get("iscrowd")) for one in annotations)
    boxes = sum(not one.get("segmentation") for one in annotations)
    if annotations and boxes == len(annotations):
        raise InputError("holds boxes only, no outlines", "Export segmentations.", path=path)
    said = {
        f"{crowds} annotations are crowds of several cells and left out": crowds,
        f"{boxes} annotations are boxes without an outline and left out": boxes,
        f"its {classes} categories are not told apart: cells are numbered": classes > 1,
    }
    return [f"{path.name}: {words}" for words, count in said.items() if count]


def _runs(segmentation: Any, shape: Shape) -> list[Any]:
    """Compressed run lengths of a segmentation: polygons, run lengths, or compressed ones. Raises ValueError."""
    from pycocotools import mask as codec

    if isinstance(segmentation, list):
        return list(codec.frPyObjects([[*map(float, polygon)] for polygon in segmentation], *shape))
    size, counts = tuple(map(whole_number, segmentation["size"])), segmentation["counts"]
    if size != shape:
        raise ValueError(f"its size is {list(size)}, the image's {list(shape)}")
    lengths = [*map(whole_number, counts)] if isinstance(counts, list) else run_lengths(counts)
    _refuse_misfit(lengths, shape)
    return [codec.frPyObjects({"size": [*size], "counts": lengths}, *shape)]


def _refuse_misfit(lengths: Sequence[int], shape: Shape) -> None:
    """ValueError for runs that are not as long as the image has pixels: the library would write beyond its memory."""
    if min(lengths, default=0) < 0 or sum(lengths) != shape[0] * shape[1]:
        raise ValueError(f"its runs have {sum(lengths)} pixels, the image {shape[0] * shape[1]}")


def run_lengths(text: str) -> list[int]:
    """Run lengths of their compressed text: digits of 5 bits, lowest first; from the third on differences to the last
    but one (`rleFrString` of pycocotools). Raises ValueError for other text."""
    lengths: list[int] = []
    value = shift = 0
    for sign in text:
        bits = ord(sign) - ord("0")
        if not 0 <= bits < 64 or shift > 60:
            raise ValueError(f"its runs have the sign {sign!r}")
        value |= (bits & 31) << shift
        shift += 5
        if bits < 32:
            value -= (bits & 16) << (shift - 4)
            lengths.append(value + lengths[-2] if len(lengths) > 2 else value)
            value = shift = 0
    if shift:
        raise ValueError("its runs are cut off")
    return lengths
