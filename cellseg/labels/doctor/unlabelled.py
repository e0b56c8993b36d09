"""Things in an image that look like its labelled cells and have no label.

Of three maps (bright, dark, textured) the one is taken that tells labelled pixels from others best. What is
as high in it as most cells are, as large as they are, and away from them, was probably forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Float32
from cellseg.labels.doctor.finding import Finding, FoundAt

CLEAR = 0.9
"""Chance that a labelled pixel is higher than another, from which on brightness alone tells cells apart."""
TELLS = 0.65
"""The same for texture; where most cells have no label, their texture stands among the others'."""
FOUND_AGAIN = 0.65
"""Part of the labelled cells that the rule must find, for it to be trusted with others."""
FILLED = 0.6
SMALLEST = 0.4
"""Smallest size of what counts as a cell, in median cells."""
LARGEST = 8.0
"""A crowd of forgotten cells runs together; what is still larger is a part of the background."""
FEWEST = 3
SHARE = 0.25
"""So many of an image's labelled cells must have been forgotten to be said."""
MOST_PLANES = 0.5
"""So many planes of a 3-D annotation; a quarter of those of nuclei labelled in full look so."""
SAMPLED = 20_000


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Unlabelled things of one plane."""

    places: tuple[FoundAt, ...]
    count: int
    """Cells that would fit into these places."""
    labelled: int
    """Cells that have a label."""

    @property
    def many(self) -> bool:
        """True if they are more than chance and debris bring about."""
        return self.count >= max(FEWEST, SHARE * self.labelled)


def find_unlabelled(image: NDArray[Any], labels: NDArray[np.int64], cell: float, name: str) -> Forgotten:
    """Things without a label that look like cells.

    Args:
        image: (C, H, W) of any number type.
        labels: (H, W) instances; what is not 0 is never reported.
        cell: median area of a cell in pixels.
        name: of the pair.

    Returns:
        Their places; none where cells cannot be told from the rest by brightness or texture.
    """
    ids = np.unique(labels[labels > 0])
    nothing = Forgotten((), 0, ids.size)
    near = _grown(labels != 0, 2)
    if not ids.size or near.all():
        return nothing
    diameter = 2 * np.sqrt(cell / np.pi)
    high = _telling(_grey(image), labels, near, diameter)
    if high is None:
        return nothing
    means = np.asarray(ndimage.mean(high, labels, ids))
    ground = float(np.median(high[~near]))
    above = high > ground + 0.5 * (np.percentile(means, 25) - ground)
    again = np.asarray(ndimage.mean(above, labels, ids)) > FILLED
    if again.mean() < FOUND_AGAIN:
        return nothing
    rim = max(1, int(diameter / 8))
    free = above & ~_grown(labels != 0, max(2, rim))
    regions, count = ndimage.label(ndimage.binary_opening(free, iterations=rim))
    places = tuple(_places(regions, count, cell, name))
    return Forgotten(places, sum(max(1, round(place.pixels / cell)) for place in places), ids.size)


def judge_unlabelled(planes: Sequence[Forgotten], *, volume: bool = False) -> Iterable[Finding]:
    """One finding for all planes in which many cells have no label.

    In a 3-D annotation blurred light of cells above and below has no label either: many planes must be so.
    """
    many = [forgotten for forgotten in planes if forgotten.many]
    if many and (not volume or len(many) >= MOST_PLANES * len(planes)):
        places = tuple(place for forgotten in many for place in forgotten.places)
        where = tuple(dict.fromkeys(place.pair for place in places))
        count, known = sum(forgotten.count for forgotten in many), sum(forgotten.labelled for forgotten in many)
        said = f"about {count} things look like cells and have no label, beside {known} cells that have one"
        remedy = "Label them, or mark what nobody annotated with a value of its own and say --ignore-label."
        yield Finding("unlabelled", "warning", where, said, remedy, places)


def _places(regions: NDArray[np.int32], count: int, cell: float, name: str) -> list[FoundAt]:
    areas = np.bincount(regions.ravel(), minlength=count + 1)[1:]
    fits = np.flatnonzero((areas > SMALLEST * cell) & (areas < LARGEST * cell)) + 1
    middles = ndimage.center_of_mass(regions > 0, regions, fits) if fits.size else []
    return [FoundAt(name, int(y), int(x), 0, int(areas[k - 1])) for (y, x), k in zip(middles, fits, strict=True)]


def _grey(image: NDArray[Any]) -> Float32:
    grey = np.zeros(image.shape[1:], np.float32)
    for channel in np.nan_to_num(image.astype(np.float32), posinf=0, neginf=0):
        low, high = np.percentile(channel, (1, 99.8))
        grey += np.clip((channel - low) / max(high - low, 1e-9), 0, 1)
    return grey


def _telling(grey: Float32, labels: NDArray[np.int64], near: NDArray[np.bool_], diameter: float) -> Float32 | None:
    """The map that is highest on cells; None if none is."""
    smooth = ndimage.gaussian_filter(grey, max(1.0, diameter / 12))
    chance = _higher(smooth[labels > 0], smooth[~near])
    if chance >= CLEAR or chance <= 1 - CLEAR:
        bright: Float32 = smooth if chance >= CLEAR else -smooth
        return bright
    edges = ndimage.gaussian_gradient_magnitude(grey, 1.5)
    texture: Float32 = ndimage.gaussian_filter(edges, max(2.0, diameter / 8))
    return texture if _higher(texture[labels > 0], texture[~near]) >= TELLS else None


def _higher(inside: Float32, outside: Float32) -> float:
    """Chance that a value inside is above one outside."""
    inside, outside = (part[:: max(1, part.size // SAMPLED)] for part in (inside, outside))
    return float(np.searchsorted(np.sort(outside), inside).mean() / max(outside.size, 1))


def _grown(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    grown: NDArray[np.bool_] = ndimage.maximum_filter(mask.view(np.uint8), 2 * pixels + 1).view(bool)
    return grown
