"""Facts about one image and its cells, as far as a page tells them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cellseg.arrays import Float64, Int64
from cellseg.images.source import ImageSource
from cellseg.measure.files import MeasurePlan
from cellseg.measure.table import CellTable

STEPS = 20
"""Bins of the sizes for each factor of ten."""
LOWEST, HIGHEST = -6, 12
"""Powers of ten between which sizes lie."""
BINS = (HIGHEST - LOWEST) * STEPS


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Facts about one image and its cells.

    Attributes:
        name: what it is called, with its folder where names are alike.
        result: the file of its cells.
        shape: planes, height and width.
        pixel_um: width of a pixel in micrometres; None where it is not known.
        cells: number of cells.
        cut: number of those that touch the edge of the image.
        sizes: lower quartile, median and upper quartile of the areas (volumes), in pixels; nan without cells.
        size_unit: the same unit for people: px, um2, um3.
        unit_size: the size of one pixel in that unit.
        certainty: 0 to 1; None where it is not known.
        notes: sentences on its grey values.
    """

    name: str
    result: Path
    shape: tuple[int, int, int]
    pixel_um: float | None
    cells: int
    cut: int
    sizes: tuple[float, float, float]
    size_unit: str
    unit_size: float
    certainty: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> float:
        """The median size in its unit; nan without cells."""
        return self.sizes[1] * self.unit_size

    @property
    def density(self) -> float:
        """Cells a pixel."""
        return self.cells / float(np.prod(self.shape))


@dataclass(slots=True)
class SizeBins:
    """Numbers of cells by the logarithm of their size, of all images, in pixels and in physical units."""

    pixels: Int64 = field(default_factory=lambda: np.zeros(BINS, np.int64))
    physical: Int64 = field(default_factory=lambda: np.zeros(BINS, np.int64))

    def add(self, pixels: Float64, unit_size: float) -> None:
        """Cells (n,) with sizes in pixels; a pixel has that size."""
        for counts, sizes in ((self.pixels, pixels), (self.physical, pixels * unit_size)):
            places = ((np.log10(sizes) - LOWEST) * STEPS).astype(np.int64)
            counts += np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)


@dataclass(slots=True)
class MeasuredCells:
    """Cells of one image, while its tables pass by."""

    plan: MeasurePlan
    sizes: list[Float64] = field(default_factory=list)
    cut: int = 0

    def add(self, table: CellTable) -> None:
        """Add the cells of a plane, a volume or a part of it."""
        size = next(name for name in table.columns if name.startswith(("area_", "volume_")))
        self.sizes.append(table[size] / self._unit_size)
        self.cut += int(_at_edge(table, self.plan.labels).sum())

    def facts(self, name: str, result: Path, bins: SizeBins) -> ImageFacts:
        """All that was counted; the sizes go to the bins, too."""
        labels, sizes = self.plan.labels, np.concatenate([*self.sizes, np.zeros(0)])
        bins.add(sizes, self._unit_size)
        quartiles = np.percentile(sizes, (25, 50, 75)).tolist() if sizes.size else [float("nan")] * 3
        unit = self.plan.grid.unit
        known = self.plan.grid.spacing[-1] if unit == "um" else None
        return ImageFacts(
            name=name,
            result=result,
            shape=(labels.planes, labels.height, labels.width),
            pixel_um=known,
            cells=sizes.size,
            cut=self.cut,
            sizes=(quartiles[0], quartiles[1], quartiles[2]),
            size_unit="px" if unit == "px" else f"{unit}{len(self.plan.grid.spacing)}",
            unit_size=self._unit_size,
        )

    @property
    def _unit_size(self) -> float:
        return float(np.prod(self.plan.grid.spacing))


def _at_edge(table: CellTable, labels: ImageSource) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) cells whose bounding box reaches the first or last row or column."""
    first = (table["first_y_px"] <= 0) | (table["first_x_px"] <= 0)
    last = (table["last_y_px"] >= labels.height - 1) | (table["last_x_px"] >= labels.width - 1)
    edge: np.ndarray[tuple[int], np.dtype[np.bool_]] = first | last
    return edge
