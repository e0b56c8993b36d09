"""The code of an annotation: 0 = not annotated, 1 = background, 2 and up = cells.

In files, and in layers that are no annotation, 0 is background and cells are 1 and up. Whatever turns one into the
other stands here. Layers say in their metadata which of the two they hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Mask, UInt32

NOT_ANNOTATED, BACKGROUND, FIRST_CELL = 0, 1, 2
MEANINGS = {str(NOT_ANNOTATED): "not annotated", str(BACKGROUND): "background", f"{FIRST_CELL} and up": "cells"}
"""Written into every label store, for people and other programs."""
IGNORE = 2**32 - 1
"""In files for a training: nobody annotated this."""

RESULT = "instances"
"""Role of layers with the cells that a network found, or of a file of such."""
LIVE = "live"
"""Role of the cells that a network finds while it is learning; they are taken into the annotation, never edited."""


@dataclass(frozen=True, slots=True)
class LabelCode:
    """Values of a layer that is painted on."""

    first_cell: int
    background: int
    """Value of pixels that are known to be no cell."""


ANNOTATION_CODE = LabelCode(FIRST_CELL, BACKGROUND)
RESULT_CODE = LabelCode(1, 0)

Rest = Literal["background", "unknown", "kept"]
"""Value of pixels that are no cell in a file: background, not annotated, or as they are."""


def notes_on(layer: Any) -> Mapping[str, Any]:
    """Notes of this plugin on a layer, such as project, image, what, channel; empty for a layer of the user's."""
    return _notes_in(layer.metadata)


def what_of(layer: Any) -> str:
    """Role of a layer, such as "annotation"; empty for a layer of the user's."""
    return role_in(layer.metadata)


def role_in(metadata: Mapping[str, Any]) -> str:
    """Role that a layer's metadata gives it."""
    return str(_notes_in(metadata).get("what", ""))


def _notes_in(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    notes = metadata.get("cellseg")
    return notes if isinstance(notes, Mapping) else {}


def is_annotation(layer: Any) -> bool:
    """True if a layer holds the values of an annotation; else 0 is background."""
    return what_of(layer) == "annotation"


def is_result(layer: Any) -> bool:
    """True if a layer holds cells that a network found: 0 is background, 1 and up are cells."""
    return what_of(layer) == RESULT


def code_of(layer: Any) -> LabelCode:
    """Values of a layer of labels that is painted on."""
    return RESULT_CODE if is_result(layer) else ANNOTATION_CODE


def background_of(metadata: Mapping[str, Any]) -> int:
    """Largest value that is no cell in a layer with this metadata."""
    return BACKGROUND if role_in(metadata) == "annotation" else 0


def is_cell(values: NDArray[Any]) -> Mask:
    """Mask of cells, of an annotation's values."""
    return values >= FIRST_CELL


def cells_in(values: NDArray[Any], annotation: bool) -> NDArray[Any]:
    """Values of cells, 0 elsewhere; of the same type. `annotation`: the values are those of an annotation."""
    return np.where(is_cell(values), values, values.dtype.type(0)) if annotation else values


def unknown_in(values: NDArray[Any], annotation: bool) -> Mask | None:
    """Mask of what nobody annotated; None for labels that are no annotation."""
    return values == NOT_ANNOTATED if annotation else None


def shift_of(lowest: int, annotation: bool) -> int:
    """Number to add to a file's cells, whose lowest is this, so that they are cells of the layer as well."""
    return FIRST_CELL - lowest if annotation and 0 < lowest < FIRST_CELL else 0


def from_file(numbers: NDArray[Any], annotation: bool, rest: Rest, before: UInt32, shift: int = 0) -> UInt32:
    """Values of a layer from a file's numbers. Cells keep their numbers, or all move up where a file has a cell 1.

    Args:
        numbers: (H, W), 0 = no cell, negative = not annotated, other values = cells.
        annotation: whether the layer is an annotation.
        rest: value of pixels that are no cell.
        before: (H, W) values of the layer so far.
        shift: see `shift_of`.

    Returns:
        (H, W) uint32.
    """
    kept = rest == "kept"
    none: Any = before if kept else np.uint32(BACKGROUND if annotation and rest == "background" else NOT_ANNOTATED)
    values = np.where(numbers > 0, (numbers + shift).astype(np.uint32), none)
    return np.where(numbers < 0, before if kept else np.uint32(NOT_ANNOTATED), values).astype(np.uint32)


def to_file(values: NDArray[Any], annotation: bool) -> tuple[UInt32, Mask]:
    """Cells (H, W) uint32, 0 = none, and a mask (H, W) of what nobody annotated, from the values of a layer."""
    values = np.asarray(values).astype(np.uint32, copy=False)
    unknown = unknown_in(values, annotation)
    return cells_in(values, annotation), np.zeros(values.shape, bool) if unknown is None else unknown


def from_instances(instances: NDArray[Any], after: int) -> UInt32:
    """Values of predicted cells: cell k is `after` + k, and at least k + 1; 0 becomes background."""
    cells = instances.astype(np.uint32)
    return np.where(cells > 0, cells + np.uint32(max(after, BACKGROUND)), np.uint32(BACKGROUND))


def to_training(values: NDArray[Any]) -> UInt32:
    """Labels for a training: `IGNORE` where nothing is annotated, 0 = background, 1 and up = cells."""
    return values.astype(np.uint32) - np.uint32(BACKGROUND)  # 0 - 1 is 2**32 - 1
