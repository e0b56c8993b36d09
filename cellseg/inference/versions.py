"""Versions of an image, turned and mirrored, over whose predictions is averaged.

A version says which part of the image it needs for a tile, makes the network's input of it, and brings
the network's output back to the tile's own pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from cellseg.arrays import Float32
from cellseg.inference.rotation import Rotation
from cellseg.inference.tiling import Box, Tile
from cellseg.models.geometry import Geometry
from cellseg.options import Averaging


class Version(Protocol):
    """One way to look at a tile."""

    def sees(self, tile: Tile, geometry: Geometry) -> Box:
        """The network's input on the version's own lattice of pixels."""
        ...

    def reads(self, tile: Tile, geometry: Geometry) -> Box:
        """The part of the image that is needed for it."""
        ...

    def turn(self, pixels: Float32, tile: Tile, geometry: Geometry) -> Float32:
        """The network's input (C, H, W) from the pixels (C, h, w) of `reads`."""
        ...

    def back(self, probabilities: Float32, tile: Tile, geometry: Geometry) -> Float32:
        """Probabilities (classes, h, w) of the tile's own pixels from the network's output."""
        ...


@dataclass(frozen=True, slots=True)
class Symmetry:
    """One of the 8 symmetries of the square: quarter turns, then a mirroring; no pixel is interpolated."""

    quarters: int = 0
    mirrored: bool = False

    def sees(self, tile: Tile, geometry: Geometry) -> Box:
        return tile.read

    def reads(self, tile: Tile, geometry: Geometry) -> Box:
        return tile.read

    def turn(self, pixels: Float32, tile: Tile, geometry: Geometry) -> Float32:
        turned = np.rot90(pixels, self.quarters, (-2, -1))
        return np.ascontiguousarray(turned[..., ::-1] if self.mirrored else turned)

    def back(self, probabilities: Float32, tile: Tile, geometry: Geometry) -> Float32:
        upright = np.rot90(probabilities[..., ::-1] if self.mirrored else probabilities, -self.quarters, (-2, -1))
        return upright[:, : tile.write.height, : tile.write.width]


VERSIONS: dict[Averaging, tuple[Version, ...]] = {
    "none": (Symmetry(),),
    "rotations7": (Symmetry(), *(Rotation(2 * math.pi * k / 7) for k in range(1, 7))),
    "dihedral8": tuple(Symmetry(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)),
}
"""What the option `average` means. The EM figures of Ronneberger et al. 2015 are averages over 7 rotated versions; the
angles are not given there, here they are evenly spaced."""


def needed(versions: tuple[Version, ...], tile: Tile, geometry: Geometry) -> Box:
    """The smallest box that holds what all versions read of the image for a tile."""
    boxes = [version.reads(tile, geometry) for version in versions]
    top, left = min(box.top for box in boxes), min(box.left for box in boxes)
    bottom, right = max(box.bottom for box in boxes), max(box.right for box in boxes)
    return Box(top, left, bottom - top, right - left)
