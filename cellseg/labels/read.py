"""Label files read as the options say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from cellseg.images.made import result_mark
from cellseg.images.source import ImageSource
from cellseg.labels.cell_classes import classes_file, is_classes_file
from cellseg.labels.formats.drawn import are_drawn
from cellseg.labels.meaning import LabelPlane, Meaning, detect_kind, interpret, read_values
from cellseg.options import LabelOptions, LabelType


def kind_of(planes: Sequence[tuple[ImageSource, int]], options: LabelOptions) -> Meaning:
    """Meaning of the values of label planes: as the option says, else detected over all of them.

    A mask of two values is a mask even where the option says classes. Outlines are cells, also where there is one, and
    so are the instances that `cellseg predict` numbered, and labels with a table of classes of cells beside them.
    """
    if are_instances([source for source, _ in planes], options):
        return "instances"
    values = (read_values(source, plane) for source, plane in planes)
    kind = detect_kind(values, options, path=planes[0][0].path)
    return "classes" if options.labels_are == "classes" and kind != "binary" else kind


def are_instances(sources: Sequence[ImageSource], options: LabelOptions) -> bool:
    """True if labels number cells, whatever their values: the option, their format, the mark of a result or a table
    of classes beside them says so."""
    if options.labels_are is not None or options.foreground == "zero":
        return options.labels_are == "instances"
    return are_drawn(sources) or all(map(_is_numbered, {source.path: source for source in sources}.values()))


def _is_numbered(source: ImageSource) -> bool:
    """True of labels whose cells have classes in a table, and of a result of `cellseg predict` whose values number
    cells: those of classes and probabilities are of other types, see `LabelType`."""
    if source.path is None:
        return False
    if is_classes_file(classes_file(source.path)):
        return True
    return source.dtype.name in get_args(LabelType) and result_mark(source.path) is not None


def read_labels(source: ImageSource, plane: int, kind: Meaning, options: LabelOptions) -> LabelPlane:
    """Cells, classes and ignored pixels of a plane of a label image."""
    return interpret(read_values(source, plane), kind, options, path=source.path)
