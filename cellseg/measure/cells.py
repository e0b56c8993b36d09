"""One row a cell: where it is, how large, of what shape and how bright."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Array, Float64
from cellseg.errors import InputError
from cellseg.measure.brightness import brightness
from cellseg.measure.ellipse import covariances, ellipse_columns
from cellseg.measure.hull import hull_areas
from cellseg.measure.outline import perimeters
from cellseg.measure.table import CellTable, from_columns
from cellseg.metrics.components import bool_instances
from cellseg.metrics.inputs import check_labels
from cellseg.metrics.overlap import object_index
from cellseg.metrics.regions import Regions, regions


def measure_cells(
    labels: Array,
    images: Mapping[str, Array] | Array | None = None,
    spacing: Sequence[float] | None = None,
    unit: str = "px",
) -> CellTable:
    """Measure every cell as scikit-image's `regionprops` does, all at once.

    Columns of a plane: cell, area, centroid_y, centroid_x, first_y, first_x, last_y, last_x (the bounding box, in
    pixels), perimeter (where pixels are square), major_axis, minor_axis, eccentricity, orientation (degrees from the
    y axis, counterclockwise), solidity; of a volume: cell, volume, centroids, bounding box, major_axis, minor_axis; and
    mean, min, max, std of every image. What has a unit says it: `area_um2`, `volume_px3`.

    Args:
        labels: (H, W) or (Z, H, W) cell numbers, 0 = background; a boolean mask counts as its components.
        images: by name, each of the shape of the labels; one nan makes a cell's values nan. A single array is called
            image.
        spacing: height and width of a pixel (for a volume with the distance of planes before them), in `unit`.
        unit: of the spacing.

    Returns:
        A table in the order of the cell numbers; lengths in `unit`, areas and volumes in its square and cube.

    Raises:
        InputError: the labels are no label image, or an image or the spacing does not fit them.

    Source:
        scikit-image's regionprops, for the definitions; `solidity` by exact arithmetic.
    """
    check_labels("label image", labels)
    images = {"image": images} if isinstance(images, np.ndarray) else dict(images or {})
    steps = _steps(labels, spacing)
    _refuse_other_sizes(images, labels)
    labels = bool_instances(labels)
    ids, flat = object_index(labels.reshape(-1))
    index = flat.astype(np.int32).reshape(labels.shape)
    where = regions(labels, ids)
    columns = {"cell": ids, **_places(where, steps, unit), **_shapes(index, where, steps, unit)}
    for name, image in images.items():
        columns |= {f"{what}_{name}": values for what, values in brightness(index, image, ids.size).items()}
    return from_columns(columns, ids.size)


def _refuse_other_sizes(images: Mapping[str, Array], labels: Array) -> None:
    for name, image in images.items():
        if image.shape != labels.shape:
            found = f"the image {name} is {_size(image)} and the labels {_size(labels)}"
            raise InputError(found, "They must show the same pixels.")


def _places(where: Regions, steps: Float64, unit: str) -> dict[str, Array]:
    """Size, centroid and bounding box."""
    return {
        _size_column(steps.size, unit): where.areas * steps.prod(),
        **_along_axes("centroid", unit, where.centroids * steps),
        **_along_axes("first", "px", where.starts),
        **_along_axes("last", "px", where.stops - 1),
    }


def _size_column(axes: int, unit: str) -> str:
    """Name of the area or volume; an area in pixels is a number of pixels, and has no square in its name."""
    if axes == 3:
        return f"volume_{unit}3"
    return "area_px" if unit == "px" else f"area_{unit}2"


def _along_axes(name: str, unit: str, values: Array) -> dict[str, Array]:
    """A column for each axis of values (n, D), such as first_y_px and first_x_px."""
    return {f"{name}_{axis}_{unit}": values[:, k] for k, axis in enumerate("zyx"[-values.shape[1] :])}


def _shapes(index: NDArray[np.int32], where: Regions, steps: Float64, unit: str) -> dict[str, Array]:
    """The ellipse with the same moments, and of a plane the outline."""
    ellipses = ellipse_columns(covariances(index, where) * np.outer(steps, steps), unit)
    if steps.size == 3:
        return ellipses
    square = bool(np.isclose(steps[0], steps[1]))
    outline = {f"perimeter_{unit}": perimeters(index, where.areas.size) * steps[0]} if square else {}
    return {**outline, **ellipses, "solidity": where.areas / hull_areas(index, where)}


def _steps(labels: Array, spacing: Sequence[float] | None) -> Float64:
    steps = np.array([1.0] * labels.ndim if spacing is None else spacing, np.float64)
    if steps.shape != (labels.ndim,) or not (steps > 0).all() or not np.isfinite(steps).all():
        found = f"the spacing {tuple(steps.tolist())} does not fit labels of {labels.ndim} axes"
        raise InputError(found, "Give a length above 0 for each axis.")
    return steps


def _size(array: Array) -> str:
    return " x ".join(map(str, array.shape))
