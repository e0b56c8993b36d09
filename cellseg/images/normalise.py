"""Mean 0 and standard deviation 1 for a whole plane, measured once, however it is tiled later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.source import ImageSource

BAND_PIXELS = 2**22


@dataclass(frozen=True, slots=True)
class Normalisation:
    """Grey values that become 0 (mean) and 1 apart (std), for each channel."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        assert len(self.mean) == len(self.std)
        assert all(std > 0 for std in self.std)


def measure(source: ImageSource, plane: int, rows_at_once: int | None = None) -> Normalisation:
    """Mean and standard deviation of each channel of a plane, read in bands of rows.

    The bands are merged as in Chan, Golub, LeVeque 1979, "Updating formulae and a pairwise algorithm for
    computing sample variances". By default their height follows from the width of the image alone, so that
    the result is the same to the last bit whatever is done with the image afterwards.

    Args:
        source: the image.
        plane: number of the plane.
        rows_at_once: height of a band in pixels.

    Returns:
        float64 statistics; the standard deviation of a constant channel counts as 1.

    Raises:
        InputError: the plane has values that are not finite.
    """
    count, broken = 0, 0
    mean, squares = np.zeros(source.channels), np.zeros(source.channels)
    for band in _bands(source, plane, rows_at_once or max(1, BAND_PIXELS // source.width)):
        broken += int(np.count_nonzero(~np.isfinite(band))) if band.dtype.kind == "f" else 0
        if broken:
            continue
        pixels = band.reshape(source.channels, -1).astype(np.float64)
        new_mean = pixels.mean(axis=1)
        delta, total = new_mean - mean, count + pixels.shape[1]
        squares += ((pixels - new_mean[:, None]) ** 2).sum(axis=1) + delta**2 * (count * pixels.shape[1] / total)
        mean += delta * (pixels.shape[1] / total)
        count = total
    _refuse_broken(source, plane, broken)
    std = np.sqrt(squares / count)
    std[(std == 0) | (std < 1e-12 * np.abs(mean))] = 1
    return Normalisation(tuple(mean.tolist()), tuple(std.tolist()))


def apply(array: NDArray[Any], normalisation: Normalisation) -> NDArray[np.float32]:
    """Normalise a region of an image; the value of a pixel does not depend on the region.

    Args:
        array: (C, h, w) of any type.
        normalisation: of the whole plane.

    Returns:
        (C, h, w) float32.
    """
    wide = np.result_type(array.dtype, np.float32)
    mean, std = (np.array(values, wide)[:, None, None] for values in (normalisation.mean, normalisation.std))
    scaled: NDArray[np.float32] = ((array - mean) / std).astype(np.float32, copy=False)
    return scaled


def _bands(source: ImageSource, plane: int, height: int) -> Iterator[NDArray[Any]]:
    for top in range(0, source.height, height):
        yield source.read(plane, slice(top, min(top + height, source.height)))


def _refuse_broken(source: ImageSource, plane: int, broken: int) -> None:
    if broken:
        where = f"plane {plane + 1} of {source.planes} has" if source.planes > 1 else "has"
        found = f"{where} {broken} values that are not numbers (NaN or infinite)"
        remedy = "Replace them by numbers, for instance with Fiji's Remove NaNs."
        raise InputError(found, remedy, path=source.path or source.name)
