"""Grey levels that few pixels, margins and empty ground do not move: where there is something to see.

Mean and deviation of a plane follow from everything in it: a few bright pixels, a black margin or much empty ground
change them, and with them what a network sees of every cell. Here a plane is looked at in small areas. An area with
more contrast than noise has a dark and a bright level; the plane's levels are the medians over these areas, those with
more contrast counting more. Single bright pixels are taken out before (median of 3 x 3), flat places (of one value)
are left out, and dust lies in few areas. What is empty has no say, so neither a crop nor a margin changes much.

Each cell of a fixed lattice is looked at by itself, and medians are exact: the levels are the same to the last bit
however the image is stored and read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from cellseg.arrays import Array, Float64
from cellseg.images.filled_areas import filled_areas
from cellseg.images.frames import Sides
from cellseg.images.ground import frames_among, grounds_among, margin_of
from cellseg.images.lattice_cell import (
    AREA,
    CELL,
    SQUARE,
    WHOLE,
    area_levels,
    flat_values,
    medians,
    near_flat,
    texture,
)
from cellseg.images.normalise import refuse_broken, unusable
from cellseg.images.rims import area_grid, rim_values
from cellseg.images.source import ImageSource
from cellseg.images.usual_levels import flattened, levels_of

PIECE_PIXELS = 2**21
"""Pixels that are measured at once, about."""
FAINT = 0.15
"""Part of the contrast below which objects are hardly seen."""
FRAMES = 8
"""Values that fill most squares, and may be those of frames."""
BEYOND = 0.15
"""Part of the contrast by which a value must lie beyond the levels to be no data."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Grey levels of one channel of a plane.

    Attributes:
        low: the dark level of what there is to see; of an empty image 3.5 deviations of its noise below the usual.
        high: the bright level.
        no_data: values beyond the levels that fill whole squares or sides: margins, missing parts.
        fills: what each of them is replaced by: the usual grey value at its rim.
        missing: part of the plane in squares or areas of these values.
        empty: whether there is nothing to see but noise and single pixels.
        constant: whether there is not even noise.
        farthest: the value farthest from the middle of the levels, in contrasts.
        single: whether single pixels alone are so far away.
        uneven: rise of the dark level from the darkest tenth of the places with something to see to the brightest, in
            contrasts.
        faint: part of the places with something to see that have less than `FAINT` of the contrast.
    """

    low: float
    high: float
    no_data: tuple[float, ...] = ()
    fills: tuple[float, ...] = ()
    missing: float = 0.0
    empty: bool = False
    constant: bool = False
    farthest: float = 0.5
    single: bool = False
    uneven: float = 0.0
    faint: float = 0.0


def measure_levels(source: ImageSource, plane: int) -> tuple[Levels, ...]:
    """Grey levels of each channel of a plane, read once, piece by piece.

    The same to the last bit however the image is stored. Raises InputError for values that are not finite, or too large
    for float32.
    """
    counts, broken = [LevelsCount() for _ in range(source.channels)], 0
    for region in _pieces(source):
        pixels, corner = source.read(plane, *region), (region[0].start, region[1].start)
        broken += unusable(pixels) if pixels.dtype.kind == "f" else 0
        if not broken:
            for count, channel in zip(counts, pixels, strict=True):
                count.add(channel, corner)
    refuse_broken(source, plane, broken)
    return tuple(count.levels() for count in counts)


def is_flat(source: ImageSource, plane: int) -> bool:
    """True for a plane of one value in each channel, single pixels aside; read only until there is another value."""
    values: dict[int, float] = {}
    for region in _pieces(source):
        for channel, pixels in enumerate(source.read(plane, *region)):
            for _, cell in _cells(pixels):
                middle, _ = medians(cell)
                if not (middle == values.setdefault(channel, float(middle[0, 0]))).all():
                    return False
    return True


def farthest(pixels: Array) -> float:
    """Contrasts by which a few pixels of (h, w) lie beyond the levels; 0 where margins or nothing else would say so."""
    count = LevelsCount()
    count.add(pixels)
    found = count.levels()
    return 0.0 if found.constant or found.no_data else found.farthest


def _cells(pixels: Array) -> Iterator[tuple[tuple[int, int], Float64]]:
    """Cells of a piece (h, w), each with its corner in the piece."""
    for top in range(0, pixels.shape[0], CELL):
        for left in range(0, pixels.shape[1], CELL):
            yield (top, left), np.ascontiguousarray(pixels[top : top + CELL, left : left + CELL], np.float64)


def _pieces(source: ImageSource) -> Iterator[tuple[slice, slice]]:
    """Regions that begin at cells' corners, about `PIECE_PIXELS` large; if possible of whole blocks of the file."""
    high, wide = (-(-length // CELL) * CELL for length in source.block)
    rows = max(1, PIECE_PIXELS // (high * source.width)) * high
    columns = max(1, PIECE_PIXELS // (rows * wide)) * wide
    for top in range(0, source.height, rows):
        for left in range(0, source.width, columns):
            yield slice(top, min(top + rows, source.height)), slice(left, min(left + columns, source.width))


@dataclass(slots=True)
class LevelsCount:
    """Measures of one channel, while its pieces are read."""

    areas: list[Array] = field(default_factory=list)
    corners: list[tuple[int, int]] = field(default_factory=list)
    cells: list[tuple[float, float, float]] = field(default_factory=list)
    flat: Counter[float] = field(default_factory=Counter)
    sides: Sides = field(default_factory=Sides)
    pixels: int = 0
    flat_pixels: int = 0
    smallest: float = np.inf
    largest: float = -np.inf

    def add(self, pixels: Array, corner: tuple[int, int] = (0, 0)) -> None:
        """A piece (h, w) that begins at this corner of a cell, in pixels of the plane."""
        self.pixels += pixels.size
        self.sides.add(pixels, corner)
        self.smallest = min(self.smallest, float(pixels.min()))
        self.largest = max(self.largest, float(pixels.max()))
        kept = np.float32 if np.can_cast(pixels.dtype, np.float32) else np.float64
        for (top, left), cell in _cells(pixels):
            middle, flat = medians(cell)
            self.areas.append(area_levels(middle, near_flat(flat)).astype(kept))
            self.corners.append((corner[0] + top, corner[1] + left))
            self.cells.append(texture(cell, flat))
            self.flat.update(flat_values(cell) if flat.any() else ())
            self.flat_pixels += int(flat.sum())

    def _pixels_of(self, values: Sequence[float], grid: Float64) -> int:
        """Pixels in the squares that values fill, or in the areas, of which narrow margins have more."""
        areas = (0 if one is None else int(np.count_nonzero(one.areas)) for one in filled_areas(grid, values))
        pixels = (min(count * AREA**2, self.pixels) for count in areas)
        return sum(max(self.flat[v] * SQUARE**2, those) for v, those in zip(values, pixels, strict=True))

    def _without(self, frames: Sequence[float], grid: Float64) -> list[Array]:
        """Measures of the areas of each cell; those of a frame have no levels of all their pixels."""
        kept = [each.copy() for each in self.areas] if frames else self.areas
        for value in frames:
            margin = margin_of(grid, value)
            for (y, x), each in zip(self.corners, kept, strict=True):
                rows, columns = slice(y // AREA, y // AREA + len(each)), slice(x // AREA, x // AREA + each.shape[1])
                each[margin[rows, columns], WHOLE] = np.nan
        return kept if any((each[..., WHOLE] < np.inf).any() for each in kept) else self.areas

    def _is_drawn(self, frames: Sequence[float], grid: Float64) -> bool:
        """True if most pixels, frames aside, lie in flat places: what differs at the edges of objects is no noise."""
        framed = self._pixels_of(frames, grid)
        return self.flat_pixels - framed > (self.pixels - framed) / 2

    def _usual(self, frames: list[float], grid: Float64) -> tuple[list[float], float, float, Float64]:
        """Frames, if they are some, and what `levels_of` finds within them.

        Where nothing is seen for the noise of a drawing, it has none; and a rectangle on one value is no field then.
        """
        cells, within = np.array(self.cells), self._without(frames, grid)
        found = levels_of(within, cells)
        if not found[2].size and self._is_drawn(frames, grid):
            found = levels_of(within, cells, noisy=False)
            if not found[2].size:
                frames, found = [], levels_of(self.areas, cells, noisy=False)
        return frames, *found

    def levels(self) -> Levels:
        """The levels of all that was added."""
        grid = area_grid(self.areas, self.corners)
        values = {*self.flat, *self.sides.values()}
        likely = sorted(values, key=lambda value: (-self.flat[value], value))[:FRAMES]
        frames, low, high, seen = self._usual(frames_among(grid, likely), grid)
        empty, areas = not seen.size, flattened(self.areas)
        most = BEYOND * (high - low)
        beyond = sorted(frames if empty else [v for v in values if not low - most <= v <= high + most])
        grounds = grounds_among(grid, beyond)
        low, high = min(low, *grounds, np.inf), max(high, *grounds, -np.inf)
        no_data = tuple(value for value in beyond if value not in {*grounds})
        farthest, smoothed = (
            max(top - (low + high) / 2, (low + high) / 2 - bottom) / (high - low)
            for bottom, top in ((self.smallest, self.largest), (float(areas[:, 2].min()), float(areas[:, 3].max())))
        )
        return Levels(
            low,
            high,
            no_data=no_data,
            fills=rim_values(grid, no_data) if no_data else (),
            missing=self._pixels_of(no_data, grid) / self.pixels,
            empty=empty,
            constant=empty and bool((areas[:, 2] == areas[:, 3]).all()),
            farthest=farthest,
            single=bool(smoothed < farthest / 2),
            uneven=0.0 if empty else float(np.subtract(*np.quantile(seen[0], (0.9, 0.1)))) / (high - low),
            faint=0.0 if empty else float(np.mean(seen[1] - seen[0] < FAINT * (high - low))),
        )
