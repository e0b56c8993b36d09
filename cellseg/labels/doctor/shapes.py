"""Shapes that tell an encoding: outlines, brush strokes, and cells that are the holes of a mask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from cellseg.arrays import Int64, Mask
from cellseg.labels.doctor.finding import Finding, RepairPlan

FEWEST = 3
"""Regions that an outline or an upside-down mask encloses at least, over the set as a whole."""
MOST_PLANES = 0.8
"""Part of the planes with labels that must look so."""
WHOLE = 0.95
"""Part of an upside-down mask's foreground that lies in one piece."""
ROUND = 0.5
"""Part of its box that a cell fills at least."""
SMALLEST_CELL = 9
THIN = 2.0
"""Half the width in pixels of most of an outline."""
EMPTY_INSIDE = 1.5
"""Area within outlines, in areas of the outlines themselves."""
STROKE = 2.5
"""Area of a brush stroke, in squares of its width; a disc has 0.8, a square 1."""
SMALLEST_STROKE = 10
MOST_CODES = 4
"""Labels of brush strokes at most: background, and some classes."""


@dataclass(frozen=True, slots=True)
class LabelShapes:
    """Shapes of one plane."""

    name: str
    labelled: bool
    enclosed: int
    """Cell-like holes, where most of the plane is foreground in one piece; else 0."""
    outlined: int
    """Regions within thin closed lines, where all that is labelled is such lines; else 0."""
    strokes: bool
    """Whether each class lies in thin, long pieces."""


def look_at_shapes(labels: Int64, plan: RepairPlan, name: str) -> LabelShapes:
    """Shapes of plain labels (H, W), as far as they tell something of labels of this kind."""
    cells = labels == 0 if plan.inverted else labels > 0
    mask = plan.kind == "binary"
    return LabelShapes(
        name=name,
        labelled=bool(cells.any()),
        enclosed=_enclosed(cells, labels >= 0) if mask else 0,
        outlined=0 if plan.kind == "classes" else _outlined(cells),
        strokes=plan.kind == "classes" and _are_strokes(labels),
    )


def judge_shapes(planes: Sequence[LabelShapes], plan: RepairPlan) -> list[Finding]:
    """Warnings where the shapes of a set tell that it is meant otherwise than it is read."""
    labelled = [plane for plane in planes if plane.labelled]
    judges: tuple[Callable[[Sequence[LabelShapes], RepairPlan], Iterable[Finding]], ...] = (
        _upside_down,
        _outlines,
        _of_strokes,
    )
    return [finding for judge in judges for finding in judge(labelled, plan)]


def _upside_down(planes: Sequence[LabelShapes], plan: RepairPlan) -> Iterable[Finding]:
    names = tuple(plane.name for plane in planes if plane.enclosed)
    count = sum(plane.enclosed for plane in planes)
    if count >= FEWEST and len(names) >= MOST_PLANES * len(planes):
        value, other = ("0", "nonzero") if plan.inverted else ("not 0", "zero")
        said = f"the masks look inverted: what is {value} lies in one piece around {count} round holes"
        yield Finding("upside-down", "warning", names, said, f"Say --foreground {other} if the holes are the cells.")


def _outlines(planes: Sequence[LabelShapes], _: RepairPlan) -> Iterable[Finding]:
    names = tuple(plane.name for plane in planes if plane.outlined)
    count = sum(plane.outlined for plane in planes)
    if count >= FEWEST and len(names) >= MOST_PLANES * len(planes):
        said = f"the labels are outlines: thin lines around {count} regions that are background"
        remedy = "Fill them (Fiji: Process > Binary > Fill Holes) unless the lines are what is looked for."
        yield Finding("outlines", "warning", names, said, remedy)


def _of_strokes(planes: Sequence[LabelShapes], plan: RepairPlan) -> Iterable[Finding]:
    names = tuple(plane.name for plane in planes if plane.strokes)
    told = plan.options.ignore_label is not None or plan.options.background_label is not None
    if names and len(names) >= MOST_PLANES * len(planes) and not told:
        said = "the classes look like brush strokes on images that are not annotated elsewhere"
        remedy = "Say --ignore-label 0 --background-label 1 if they are those of ilastik or Labkit."
        yield Finding("strokes", "warning", names, said, remedy)


def _enclosed(cells: Mask, known: Mask) -> int:
    """Cell-like holes of a foreground that is most of what is known, in one piece."""
    if 2 * cells.sum() < known.sum():
        return 0
    areas = np.bincount(ndimage.label(cells)[0].ravel())[1:]
    if areas.max(initial=0) < WHOLE * areas.sum():
        return 0
    holes, _ = ndimage.label(known & ~cells)
    sizes = np.bincount(holes.ravel())
    cut = _at_edge(holes)
    fill = [sizes[k] / _box(part) for k, part in _inner(holes, cut) if sizes[k] >= SMALLEST_CELL]
    return len(fill) if fill and float(np.median(fill)) >= ROUND else 0


def _outlined(cells: Mask) -> int:
    """Regions within thin lines, where nothing else is labelled."""
    if not cells.any() or float(np.percentile(ndimage.distance_transform_cdt(cells)[cells], 95)) > THIN:
        return 0
    outside, _ = ndimage.label(~cells)
    sizes = np.bincount(outside.ravel())
    found = [sizes[k] for k, _ in _inner(outside, _at_edge(outside)) if sizes[k] >= SMALLEST_CELL]
    return len(found) if sum(found) >= EMPTY_INSIDE * cells.sum() else 0


def _are_strokes(labels: Int64) -> bool:
    codes = [value for value in np.unique(labels) if value > 0]
    return 2 <= len(codes) <= MOST_CODES and all(_length(labels == value) >= STROKE for value in codes)


def _length(mask: Mask) -> float:
    """Median area of the pieces, in squares of their widths."""
    pieces, count = ndimage.label(mask, np.ones((3, 3)))
    areas = np.bincount(pieces.ravel())[1:]
    wide = 2 * ndimage.maximum(ndimage.distance_transform_cdt(np.pad(mask, 1))[1:-1, 1:-1], pieces, range(1, count + 1))
    lengths = (areas / np.maximum(np.asarray(wide) - 1, 1) ** 2)[areas >= SMALLEST_STROKE]
    return float(np.median(lengths)) if lengths.size else 0.0


def _inner(pieces: Int64, cut: set[int]) -> Iterable[tuple[int, tuple[slice, slice]]]:
    """Numbers and boxes of the pieces that do not touch the edge of the image."""
    return [(k, part) for k, part in enumerate(ndimage.find_objects(pieces), 1) if k not in cut]


def _at_edge(pieces: Int64) -> set[int]:
    return {int(k) for side in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]) for k in np.unique(side)}


def _box(part: tuple[slice, slice]) -> int:
    return int((part[0].stop - part[0].start) * (part[1].stop - part[1].start))
