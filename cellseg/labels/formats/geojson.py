"""GeoJSON as QuPath writes and opens it: a feature for each cell, polygons with holes, pixels as unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float64
from cellseg.errors import InputError, reading
from cellseg.images.source import ImageSource
from cellseg.labels.formats.drawn_outlines import (
    CellOutline,
    OutlinesOfCells,
    numbered,
    outline_source,
    plane_of,
    shape_of,
)
from cellseg.labels.formats.json_files import read_json
from cellseg.labels.formats.outline import fill
from cellseg.labels.formats.rois import number_in

CELLS = ("cell", "detection")
"""Types of QuPath's objects that are cells where a file has annotations as well, which are regions then."""
POLYGONS = ("Polygon", "MultiPolygon")
Feature = Mapping[str, Any]


def is_geojson(tree: Any) -> bool:
    """True of a feature, a collection of these, or a list."""
    first = tree[0] if isinstance(tree, list) and tree else tree
    return isinstance(first, dict) and first.get("type") in ("Feature", "FeatureCollection")


def open_geojson(path: Path, like: ImageSource | None) -> ImageSource:
    """The labels in a GeoJSON file, drawn on an image of the size of `like`.

    Raises:
        InputError: it is damaged, has no area, or a cell lies outside the image or on a plane that is not there.
    """
    image = shape_of(like, path)
    with reading(path, "is no GeoJSON that can be read", "Export it again."):
        features = _features(read_json(path), path)
        cells, notes = _cells(features)
        outlines = [_outline(feature, image, path) for feature in cells]
    if not outlines and features:
        raise InputError("holds no polygon", "Points and lines are no cells.", path=path)
    notes += _left_out(sum(one["geometry"].get("type") not in POLYGONS for one in features), path)
    found = OutlinesOfCells(numbered(outlines), path, (image.height, image.width), tuple(notes))
    return outline_source(found, image, path.name)


def feature_of(
    number: int,
    paths: Sequence[NDArray[np.int32]],
    measurements: Mapping[str, float],
    plane: tuple[int, int] | None,
    kind: str = "",
) -> dict[str, Any]:
    """A cell as a feature: outline, name, measurements; `plane`: frame and slice, from 0; `kind`: its class."""
    rings = [_ring(path) for path in paths]
    polygons = _polygons(paths, rings)
    one = len(polygons) == 1
    geometry: dict[str, Any] = {
        "type": "Polygon" if one else "MultiPolygon",
        "coordinates": polygons[0] if one else polygons,
    }
    if plane is not None:
        geometry["plane"] = {"c": -1, "z": plane[1], "t": plane[0]}
    properties = {"objectType": "annotation", "name": f"cell {number}", "measurements": dict(measurements)}
    if kind:
        properties["classification"] = {"name": kind}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _features(tree: Any, path: Path) -> list[Feature]:
    """All features of a file."""
    trees = tree if isinstance(tree, list) else [tree]
    found = [feature for one in trees for feature in (one.get("features") or [] if "features" in one else [one])]
    if not all(isinstance(feature, dict) and isinstance(feature.get("geometry"), dict) for feature in found):
        raise InputError("has a feature without a geometry", "Export it again.", path=path)
    return found


def _cells(features: Iterable[Feature]) -> tuple[list[Feature], list[str]]:
    """The features that are cells, and words for those that are not taken for such."""
    areas = [feature for feature in features if feature["geometry"].get("type") in POLYGONS]
    cells = [feature for feature in areas if _property(feature, "objectType") in CELLS]
    regions = len(areas) - len(cells)
    if not cells or not regions:
        return areas, []
    return cells, [f"{regions} annotations are regions beside {len(cells)} detected cells, and left out"]


def _left_out(count: int, path: Path) -> list[str]:
    return [f"{path.name}: {count} of its objects are points or lines and left out"] if count else []


def _property(feature: Feature, name: str) -> Any:
    return (feature.get("properties") or {}).get(name)


def _outline(feature: Feature, image: ImageSource, path: Path) -> CellOutline:
    geometry, name = feature["geometry"], str(_property(feature, "name") or "")
    try:
        paths = tuple(_rings(geometry))
        where = geometry.get("plane") or {}
        position = int(where.get("t", 0)), int(where.get("z", 0))
    except (TypeError, ValueError, KeyError) as error:
        found = f"the geometry of {name or 'a cell'} cannot be read ({error})"
        raise InputError(found, "Export it again.", path=path) from error
    plane = plane_of(image, position)
    if not paths or plane >= image.planes:
        what = "is empty" if not paths else f"is of a plane that {image.name} has not ({image.planes} planes)"
        raise InputError(f"the region {name!r} {what}", "Choose the regions of the same image.", path=path)
    return CellOutline(number_in(name), plane, paths, name=name)


def _rings(geometry: Feature) -> Iterator[Float64]:
    """Closed paths (n, 2) of a geometry; holes are paths as well."""
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    for polygon in polygons:
        for ring in polygon:
            points = np.array([point[:2] for point in ring], np.float64)
            if len(points) > 2:
                if points.shape[1:] != (2,):
                    raise ValueError("a corner is no pair of numbers")
                yield points


def _ring(path: NDArray[np.int32]) -> list[list[int]]:
    """Corners of a closed path, the first once more at the end."""
    points: list[list[int]] = path.tolist()
    return [*points, points[0]]


def _polygons(paths: Sequence[NDArray[np.int32]], rings: Sequence[list[list[int]]]) -> list[list[list[list[int]]]]:
    """Rings of each polygon: an outer one, then its holes, which run the other way round."""
    outer = [k for k, path in enumerate(paths) if _area(path) > 0]
    polygons = {k: [rings[k]] for k in outer}
    for k, path in enumerate(paths):
        if k not in polygons:
            polygons[_owner(path, paths, outer)].append(rings[k])
    return list(polygons.values())


def _area(path: NDArray[np.int32]) -> float:
    x, y = path.astype(np.int64).T
    return float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1))) / 2


def _owner(hole: NDArray[np.int32], paths: Sequence[NDArray[np.int32]], outer: Sequence[int]) -> int:
    """The outer path around a hole: the smallest that holds a pixel of it."""
    first = hole[np.lexsort((hole[:, 0], hole[:, 1]))[0]]  # the corner at the top left: its pixel is in the hole
    around = [k for k in outer if fill([paths[k] - first], (1, 1))[0, 0]]
    return min(around, key=lambda k: _area(paths[k]))
