"""Label files read as the options say."""

from __future__ import annotations

from collections.abc import Sequence

from cellseg.images.source import ImageSource
from cellseg.labels.formats.drawn import are_drawn
from cellseg.labels.meaning import LabelPlane, Meaning, detect_kind, interpret, read_values
from cellseg.options import LabelOptions


def kind_of(planes: Sequence[tuple[ImageSource, int]], options: LabelOptions) -> Meaning:
    """Meaning of the values of label planes: as the option says, else detected over all of them.

    A mask of two values is a mask even where the option says classes. Outlines are cells, also where there is one.
    """
    if options.labels_are == "instances" or (options.labels_are is None and are_drawn(source for source, _ in planes)):
        return "instances"
    values = (read_values(source, plane) for source, plane in planes)
    kind = detect_kind(values, options, path=planes[0][0].path)
    return "classes" if options.labels_are == "classes" and kind != "binary" else kind


def read_labels(source: ImageSource, plane: int, kind: Meaning, options: LabelOptions) -> LabelPlane:
    """Cells, classes and ignored pixels of a plane of a label image."""
    return interpret(read_values(source, plane), kind, options, path=source.path)
