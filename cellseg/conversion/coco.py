"""Cells of one or several images as annotations of COCO, with run lengths (RLE)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import find_objects

from cellseg.conversion.numbers import numbers_of
from cellseg.conversion.pictures import refuse_stack
from cellseg.extras import wanted
from cellseg.files import write_json
from cellseg.images.names import names_of
from cellseg.labels.cell_classes import CellClasses
from cellseg.labels.formats.coco import NUMBER, WHAT, annotation_of
from cellseg.measure.files import MeasurePlan


def write_coco(path: Path, plans: Sequence[MeasurePlan]) -> int:
    """Write an annotation for each cell.

    Raises:
        InputError: a stack, or pycocotools is missing.
    """
    with wanted("labels", WHAT):
        import pycocotools.mask  # noqa: F401
    kinds = plans[0].classes if len(plans) == 1 else None
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    names = names_of([plan.labels for plan in plans])
    for number, (name, plan) in enumerate(zip(names, plans, strict=True), 1):
        refuse_stack(plan, "an image of COCO")
        labels = plan.labels
        images.append({"id": number, "file_name": name, "height": labels.height, "width": labels.width})
        for annotation in _annotations(plan):
            annotations.append({"id": len(annotations) + 1, "image_id": number, "category_id": 1, **annotation})
    tree = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "cell"}]}
    if kinds is not None:
        _put_classes(tree, kinds)
    write_json(path, tree)
    return len(annotations)


def _put_classes(tree: dict[str, Any], classes: CellClasses) -> None:
    """Make a category of each class of cells, behind the one of cells without."""
    tree["categories"] += [{"id": k, "name": name} for k, name in enumerate(classes.names, 2)]
    numbers = classes.of([one[NUMBER] for one in tree["annotations"]])
    for one, number in zip(tree["annotations"], numbers.tolist(), strict=True):
        one["category_id"] = 1 + number


def _annotations(plan: MeasurePlan) -> Iterator[dict[str, Any]]:
    numbers = numbers_of(plan, 0)
    known = np.unique(numbers[numbers > 0])
    places = find_objects(np.searchsorted(known, numbers, side="right"))  # by rank: gaps would make empty places
    for cell, place in zip(known.tolist(), places, strict=True):
        yield annotation_of(cell, numbers[place], (place[0].start, place[1].start), numbers.shape)
