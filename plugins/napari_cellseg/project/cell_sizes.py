"""Sizes of the annotated cells of a project: what is much smaller in a prediction is no cell."""

from __future__ import annotations

import numpy as np

from cellseg.metrics.candidates import smallest_cell as smallest_of_annotated
from napari_cellseg.annotation import FIRST_CELL
from napari_cellseg.project.folder import Project

_MOST_BLOCKS = 400
"""Blocks of an annotation that are looked at; a larger one is not for a default."""


def smallest_cell(project: Project) -> int:
    """Pixels that a cell has at least, as the annotation says; 0 where no cell is annotated."""
    areas = [area for image in project.annotated for area in _areas(project, image.name)]
    return smallest_of_annotated(np.array(areas, np.int64))


def _areas(project: Project, name: str) -> list[int]:
    """Areas of the cells of an image, each plane by itself."""
    labels = project.labels(project.image(name))
    areas: dict[tuple[int, int], int] = {}
    for index in labels.annotated_blocks()[:_MOST_BLOCKS]:
        plane = (0, *index)[-3]
        numbers, counts = np.unique(labels[labels.box(index)], return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            if number >= FIRST_CELL:
                areas[plane, number] = areas.get((plane, number), 0) + count
    return list(areas.values())
