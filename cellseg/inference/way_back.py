"""From the pixels that the network sees back to those of the image itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cellseg.images.rescale import Axis, Rescaled
from cellseg.images.source import ImageSource, Pixels
from cellseg.inference.tiling import Box, Tile, TilePlace


@dataclass(frozen=True, slots=True)
class WayBack:
    """Rows and columns of an image of the size that the network sees, which become those of the image itself."""

    rows: Axis
    columns: Axis

    @property
    def same(self) -> bool:
        """The network sees the image at its own size."""
        return all(axis.length == axis.wanted for axis in (self.rows, self.columns))

    def pixels(self, found: Pixels) -> Pixels:
        """Sheets found on what the network sees, at the image's own size; float32 where that is another one."""
        return found if self.same else Rescaled(found, self.rows, self.columns)

    def tile(self, tile: Tile) -> Tile:
        """A tile of what the network sees, as one of the image: all pixels on which it has an influence."""
        if self.same:
            return tile
        rows, columns = _influenced(self.rows, tile.write.rows), _influenced(self.columns, tile.write.columns)
        box = Box(rows.start, columns.start, rows.stop - rows.start, columns.stop - columns.start)
        return Tile(tile.plane, box, box)

    def place_seen(self, place: TilePlace) -> TilePlace:
        """A point (plane, y, x) of the image, where the network sees it."""
        plane, row, column = place
        return plane, int(row * self.rows.step), int(column * self.columns.step)


def way_back(seen: ImageSource, own: ImageSource) -> WayBack:
    """The way from an image as the network sees it to the image itself."""
    return WayBack(Axis(seen.height, own.height), Axis(seen.width, own.width))


def _influenced(axis: Axis, part: slice) -> slice:
    """The new pixels of which any is made of old pixels of a part."""
    reach = max(axis.step, 1.0)
    low = (part.start - reach + 0.5) / axis.step - 0.5
    high = (part.stop - 1 + reach + 0.5) / axis.step - 0.5
    return slice(max(int(np.floor(low)), 0), min(int(np.ceil(high)) + 1, axis.wanted))
