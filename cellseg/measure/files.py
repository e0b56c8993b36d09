"""The table of the cells in a label file: planes one by one, or volumes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Array
from cellseg.errors import InputError
from cellseg.images.axes import plane_axes
from cellseg.images.listing import stem
from cellseg.images.names import numbered
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource
from cellseg.labels.cell_classes import CellClasses
from cellseg.labels.meaning import Meaning, mask_of, read_values
from cellseg.labels.opened import open_labels
from cellseg.labels.read import kind_of
from cellseg.labels.values import IGNORED, plain_values, values_in
from cellseg.measure.places import CellGrid, measure_place
from cellseg.measure.table import CellTable, joined, with_words
from cellseg.metrics.components import bool_instances
from cellseg.options import LabelOptions

CLASS = "class"
"""Column of the classes of cells."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasurePlan:
    """The plan of a table: which planes or volumes, and how they are read and measured."""

    labels: ImageSource
    image: ImageSource | None
    """Of the same planes, height and width; its channels are measured each by itself."""
    kind: Meaning
    """What the values of the labels mean; of classes and masks the connected regions are the cells."""
    grid: CellGrid
    options: LabelOptions
    names: tuple[str, ...] = ()
    """What its channels are called in columns; by default by their own names, a single one by that of the file."""
    classes: CellClasses | None = None
    """Classes of the cells, where the file of the labels has some beside it."""

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the image's channels in columns."""
        return () if self.image is None else self.names or _channels(self.image)

    @property
    def places(self) -> list[tuple[int, ...]]:
        """The planes or volumes in the order of the file, by their index along the axes before them."""
        return [*np.ndindex(*self.labels.plane_shape[: self.grid.leading])]

    def tables(self) -> Iterator[CellTable]:
        """The table of each plane or volume; reads one at a time.

        Raises:
            InputError: values that are no labels, or a damaged file.
        """
        every = np.arange(self.labels.planes).reshape(*self.labels.plane_shape[: self.grid.leading], -1)
        for place in self.places:
            planes = every[place].tolist()
            table = measure_place(self._cells(planes), dict(self._images(planes)), self.grid, place)
            yield self.with_classes(table, planes)

    def with_classes(self, table: CellTable, planes: list[int]) -> CellTable:
        """The table of cells in some planes with their classes, behind what says where they lie."""
        if self.classes is None:
            return table
        numbers = self.classes.of(table["cell"], planes)
        return with_words(table, 1 + len(self.grid.keys), CLASS, numbers, self.classes.names)

    def numbers(self, plane: int) -> Array:
        """Cell numbers (H, W) of a plane, as its table has them.

        Raises:
            InputError: values that are no labels, or a damaged file.
        """
        return bool_instances(_cells(self._values(plane), self.kind))

    def _cells(self, planes: list[int]) -> Array:
        return _cells(self._stack([self._values(k) for k in planes]), self.kind)

    def _values(self, plane: int) -> Array:
        plain = plain_values(read_values(self.labels, plane), self.options, self.labels.path)
        cells = plain if self.kind != "binary" else mask_of(plain, self.options, self.labels.path)
        return np.where(plain == IGNORED, 0, cells)

    def _images(self, planes: list[int]) -> Iterator[tuple[str, Array]]:
        if self.image is None:
            return
        read = [self.image.read(k) for k in planes]
        for channel, name in enumerate(self.channels):
            yield name, self._stack([plane[channel] for plane in read])

    def _stack(self, planes: list[Array]) -> Array:
        return planes[0] if len(self.grid.spacing) == 2 else np.stack(planes)


def plan_measuring(
    labels: str | Path,
    image: str | Path | None = None,
    *,
    volume: bool = False,
    axes: str | None = None,
    reading: LabelOptions = LabelOptions(),
) -> MeasurePlan:
    """Open a label file and the image in which brightness is measured.

    Args:
        labels: a TIFF or OME-Zarr folder with cell numbers, a mask or classes.
        image: the same of its image.
        volume: measure a stack as a volume, and not plane by plane.
        axes: what the axes mean, such as TZYX, where the files do not say.
        reading: how the labels are read.

    Raises:
        InputError: no such file, no labels, an image that does not fit them, or no volume.
    """
    axes = axes.upper() if axes else None
    grey = None if image is None else open_image(image, axes=axes)
    cells = open_labels(labels, axes=f"{plane_axes(axes)}YX" if axes else None, like=grey)
    return plan_of(cells, grey, volume=volume, reading=reading)


def plan_of(
    labels: ImageSource,
    image: ImageSource | None = None,
    *,
    volume: bool = False,
    reading: LabelOptions = LabelOptions(),
    kind: Meaning | None = None,
) -> MeasurePlan:
    """The same for images that are open, and of which it may be known what their values mean.

    Raises InputError as `plan_measuring`.
    """
    _check_sizes(labels, image)
    image = None if image is None else image.in_order_of(labels)
    known = kind or kind_of([(labels, k) for k in range(labels.planes)], reading)
    classes = CellClasses.beside(labels.path) if known == "instances" and labels.path is not None else None
    return MeasurePlan(labels, image, known, _grid(labels, image, volume), reading, classes=classes)


def measure_file(
    labels: str | Path,
    image: str | Path | None = None,
    *,
    volume: bool = False,
    axes: str | None = None,
    **options: Any,
) -> CellTable:
    """The table of all cells in a label file, as `cellseg measure` writes it.

    Args:
        labels: a TIFF or OME-Zarr folder with cell numbers, a mask or classes.
        image: the same of its image, whose brightness is measured.
        volume: measure a stack as a volume, and not plane by plane.
        axes: what the axes mean, such as TZYX, where the files do not say.
        options: fields of LabelOptions: labels_are, foreground, ignore_label, background_label.

    Returns:
        A row a cell: the columns of `measure_cells`, in micrometres where the file knows the size of a pixel; of a
        stack also `plane` (with `volume` of several ones `frame`; of time and depth both).

    Raises InputError as `plan_measuring`.
    """
    plan = plan_measuring(labels, image, volume=volume, axes=axes, reading=LabelOptions(**options))
    return joined([*plan.tables()])


def _grid(labels: ImageSource, image: ImageSource | None, volume: bool) -> CellGrid:
    """Micrometres where the labels, or else the image, know them along every axis that is measured together."""
    if volume:
        _check_volume(labels)
    leading, together = len(labels.plane_shape) - volume, 2 + volume
    axes = labels.plane_axes[:leading]
    for source in filter(None, (labels, image)):
        steps = _steps(source)[-together:]
        if all(steps):
            return CellGrid(steps, "um", leading=leading, axes=axes)
    return CellGrid((1.0,) * together, "px", leading=leading, axes=axes)


def _steps(source: ImageSource) -> tuple[float, ...]:
    """Distance of planes, height and width of a pixel in micrometres; 0 where it is not known."""
    return source.spacing_um or 0.0, *(source.pixel_size_um or (0.0, 0.0))


def _check_volume(labels: ImageSource) -> None:
    if not labels.plane_shape:
        raise InputError("is a single plane, no volume", "Leave --volume out.", path=labels.path)
    if labels.plane_axes.endswith("T"):
        raise InputError("its planes are points in time, no volume", "Leave --volume out.", path=labels.path)


def _cells(values: Array, kind: Meaning) -> Array:
    """Cell numbers or a mask (H, W) or (Z, H, W) of the values of a label file."""
    if kind == "instances":
        return values
    if kind == "binary":
        return values > 0
    return _regions(values)


def _regions(classes: Array) -> Array:
    """Connected regions of equal class, numbered class by class."""
    cells = np.zeros(classes.shape, np.int64)
    for number in filter(None, values_in(classes)):
        regions = bool_instances(classes == number)
        cells += np.where(regions > 0, regions + cells.max(), 0)
    return cells


def _check_sizes(labels: ImageSource, image: ImageSource | None) -> None:
    if image is not None and not (_size(labels) == _size(image) and labels.has_planes_of(image)):
        found = f"the image is {_words(image)} and the labels {_words(labels)}"
        raise InputError(found, "They must show the same pixels.", path=image.path)


def _size(source: ImageSource) -> tuple[int, int]:
    return source.height, source.width


def _words(source: ImageSource) -> str:
    planes = f"{source.planes_in_words} planes of " if source.planes > 1 else ""
    return f"{planes}{source.height} x {source.width}"


def _channels(source: ImageSource) -> tuple[str, ...]:
    """Names of the channels, no two alike; of a single one that of the image."""
    return tuple(numbered(source.channel_names)) if source.channels > 1 else (_name(source),)


def _name(source: ImageSource) -> str:
    return stem(source.path) if source.path is not None else source.name
