"""A version of the image turned by any angle, exact under tiling.

The whole plane is thought to be turned around its first pixel onto a lattice of its own. A tile computes the part of
the lattice that covers it. What a lattice point holds follows from its place in the plane alone, so neighbouring tiles
compute the same values there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cellseg.arrays import Float32
from cellseg.compiled import compiled
from cellseg.inference.tiling import SEEN_AT_LEAST, Box, Tile
from cellseg.models.geometry import Geometry


@dataclass(frozen=True, slots=True)
class Rotation:
    """Turned by `angle` in radians: cubic convolution on the way in, linear on the way back."""

    angle: float

    def sees(self, tile: Tile, geometry: Geometry) -> Box:
        """The lattice points that the network sees, aligned with its stride."""
        wanted = _covering(tile.write, -self.angle)
        top, left = (at - at % geometry.stride for at in (wanted.top, wanted.left))
        height, width = wanted.bottom + 1 - top, wanted.right + 1 - left
        size = geometry.input_size((max(height, SEEN_AT_LEAST), max(width, SEEN_AT_LEAST)))
        return Box(top - geometry.margin, left - geometry.margin, *size)

    def reads(self, tile: Tile, geometry: Geometry) -> Box:
        """The part of the image under the lattice points that the network sees, with the neighbours of a cubic."""
        under = _covering(self.sees(tile, geometry), self.angle)
        return Box(under.top - 1, under.left - 1, under.height + 3, under.width + 3)

    def turn(self, pixels: Float32, tile: Tile, geometry: Geometry) -> Float32:
        """The network's input (C, H, W) from the pixels (C, h, w) of `reads`."""
        seen, given = self.sees(tile, geometry), self.reads(tile, geometry)
        out = np.empty((len(pixels), seen.height, seen.width), np.float32)
        turn = (math.cos(self.angle), math.sin(self.angle))
        _cubic(np.ascontiguousarray(pixels), (given.top, given.left), turn, (seen.top, seen.left), out)
        return out

    def back(self, probabilities: Float32, tile: Tile, geometry: Geometry) -> Float32:
        """Probabilities (classes, h, w) of the tile's own pixels from those (classes, H, W) of the lattice."""
        seen, write = self.sees(tile, geometry), tile.write
        corner = (seen.top + geometry.margin, seen.left + geometry.margin)
        out = np.empty((len(probabilities), write.height, write.width), np.float32)
        turn = (math.cos(self.angle), -math.sin(self.angle))
        _linear(np.ascontiguousarray(probabilities), corner, turn, (write.top, write.left), out)
        return out


def _covering(box: Box, angle: float) -> Box:
    """The smallest box of whole pixels around a turned box."""
    c, s = math.cos(angle), math.sin(angle)
    corners = [(y, x) for y in (box.top, box.bottom - 1) for x in (box.left, box.right - 1)]
    ys, xs = [c * y - s * x for y, x in corners], [s * y + c * x for y, x in corners]
    top, left = math.floor(min(ys)), math.floor(min(xs))
    return Box(top, left, math.floor(max(ys)) + 1 - top, math.floor(max(xs)) + 1 - left)


@compiled
def _cubic(
    image: Float32, at: tuple[int, int], turn: tuple[float, float], first: tuple[int, int], out: Float32
) -> None:
    """out[i, j] = image at the turned place of (first + (i, j)), where image[0, 0] stands at `at`.

    Source: Keys 1981, Cubic convolution interpolation for digital image processing, a = -1/2.
    """
    weights = np.empty((2, 4))
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            y = turn[0] * (first[0] + i) - turn[1] * (first[1] + j)
            x = turn[1] * (first[0] + i) + turn[0] * (first[1] + j)
            row, column = math.floor(y), math.floor(x)
            for axis, t in enumerate((y - row, x - column)):
                weights[axis, 0] = ((-0.5 * t + 1) * t - 0.5) * t
                weights[axis, 1] = (1.5 * t - 2.5) * t * t + 1
                weights[axis, 2] = ((-1.5 * t + 2) * t + 0.5) * t
                weights[axis, 3] = (0.5 * t - 0.5) * t * t
            row, column = row - at[0] - 1, column - at[1] - 1
            for c in range(out.shape[0]):
                total = 0.0
                for m in range(4):
                    for n in range(4):
                        total += weights[0, m] * weights[1, n] * image[c, row + m, column + n]
                out[c, i, j] = total


@compiled
def _linear(
    image: Float32, at: tuple[int, int], turn: tuple[float, float], first: tuple[int, int], out: Float32
) -> None:
    """The same with linear interpolation."""
    for i in range(out.shape[1]):
        for j in range(out.shape[2]):
            y = turn[0] * (first[0] + i) - turn[1] * (first[1] + j)
            x = turn[1] * (first[0] + i) + turn[0] * (first[1] + j)
            row, column = math.floor(y), math.floor(x)
            v, u = y - row, x - column
            row, column = row - at[0], column - at[1]
            for c in range(out.shape[0]):
                upper = (1 - u) * image[c, row, column] + u * image[c, row, column + 1]
                lower = (1 - u) * image[c, row + 1, column] + u * image[c, row + 1, column + 1]
                out[c, i, j] = (1 - v) * upper + v * lower
