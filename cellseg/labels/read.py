"""Label files read as the options say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cellseg.arrays import Int64
from cellseg.images.source import ImageSource
from cellseg.labels.cell_classes import classes_file, is_classes_file
from cellseg.labels.formats.drawn import are_drawn
from cellseg.labels.meaning import LabelPlane, Meaning, interpret, kind_of_plain, read_values
from cellseg.labels.results import all_hold, is_numbered, once_each
from cellseg.labels.values import plain_values
from cellseg.options import LabelKind, LabelOptions


def kind_of(planes: Sequence[tuple[ImageSource, int]], options: LabelOptions) -> Meaning:
    """Meaning of the values of label planes, see `kind_among`."""
    plain = (plain_values(read_values(source, plane), options, source.path) for source, plane in planes)
    return kind_among([source for source, _ in planes], plain, options)


def kind_among(sources: Sequence[ImageSource], plain: Iterable[Int64], options: LabelOptions) -> Meaning:
    """Meaning of labels: as the option says, else as their files say of themselves, else detected.

    A mask of two values is a mask even where the option says classes. Outlines are cells, also where there is one, and
    so are the instances that `cellseg predict` numbered, and labels with a table of classes of cells beside them.

    Args:
        sources: of the planes.
        plain: (H, W) values of each plane, see `plain_values`; all are looked at, or as many as it takes.
        options: how they are read.
    """
    told = kind_told(sources, options)
    if told == "classes" and options.labels_are is None:
        return "classes" if any(values.max(initial=0) > 1 for values in plain) else "binary"
    if told == "instances":
        return "instances"
    kind = kind_of_plain(plain)
    return "classes" if told == "classes" and kind != "binary" else kind


def kind_told(sources: Sequence[ImageSource], options: LabelOptions) -> LabelKind | None:
    """Meaning of labels as the option, or else their files say; None where their values have to be looked at."""
    if options.labels_are is not None or options.foreground == "zero":
        return options.labels_are
    if all_hold(sources, "classes"):
        return "classes"
    return "instances" if are_drawn(sources) or _are_numbered(sources) else None


def _are_numbered(sources: Sequence[ImageSource]) -> bool:
    """True of labels whose cells have classes in a table, and of results that number cells."""
    return all(_has_table(source) or is_numbered(source) for source in once_each(sources))


def _has_table(source: ImageSource) -> bool:
    return source.path is not None and is_classes_file(classes_file(source.path))


def read_labels(source: ImageSource, plane: int, kind: Meaning, options: LabelOptions) -> LabelPlane:
    """Cells, classes and ignored pixels of a plane of a label image."""
    return interpret(read_values(source, plane), kind, options, path=source.path)
