"""Places worth annotating in the images of a project that are not in hand. Knows no window; may run in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from cellseg.arrays import Float64, Mask
from napari_cellseg.annotate.suggest import Suggestion, annotated, features, windows

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from napari_cellseg.project.document import ProjectImage
    from napari_cellseg.project.folder import Project

WHOLE = 1 << 24
"""Pixels of a plane up to which it is read at once: a compressed plane often comes in one piece anyway."""


@dataclass(frozen=True, slots=True, eq=False)
class LookedAt:
    """Windows of an image."""

    image: str
    windows: list[Suggestion]
    features: Float64
    """(n, 4), see `suggest.features`."""
    known: Mask
    """(n,) annotated by now."""


class OtherImages:
    """Looks at images once; what is annotated is asked anew."""

    def __init__(self) -> None:
        self._looks: dict[tuple[str, str, int], tuple[list[Suggestion], Float64]] = {}

    def look(self, project: Project | None, in_hand: str, limit: int) -> list[LookedAt]:
        """All images of a project but the one in hand, and those that are gone or cannot be read.

        Args:
            project: None: there are no others.
            in_hand: name of an image.
            limit: number of windows of each.
        """
        images = () if project is None else project.images
        begun = set() if project is None else {image.name for image in project.annotated}
        found = []
        for image in images:
            if project is None or image.name == in_hand or image.missing:
                continue
            key = (str(project.path), image.name, limit)
            try:
                if key not in self._looks:
                    self._looks[key] = _look(project.source(image), image, limit)
                places, seen = self._looks[key]
                known = _known(project, image, places) if image.name in begun else np.zeros(len(places), bool)
            except cellseg.InputError:  # which is told where the image is opened
                continue
            found.append(LookedAt(image.name, places, seen, known))
        return found


def _look(source: ImageSource, image: ProjectImage, limit: int) -> tuple[list[Suggestion], Float64]:
    places = windows(image.shape, limit)
    found, planes = [], {}
    for place in places:
        if image.shape[1] * image.shape[2] > WHOLE:
            pixels = _grey(source.read(place.plane, *place.box.slices))
        else:
            if place.plane not in planes:
                planes = {place.plane: _grey(source.read(place.plane))}
            pixels = planes[place.plane][place.box.slices]
        found.append(features(pixels))
    return places, np.array(found)


def _grey(pixels: NDArray[Any]) -> NDArray[Any]:
    """Grey values (h, w) of (C, h, w), as the window takes them: the first channel, or the mean of colours."""
    return np.asarray(pixels[:3].mean(axis=0) if len(pixels) == 3 else pixels[0])


def _known(project: Project, image: ProjectImage, places: Sequence[Suggestion]) -> Mask:
    labels = project.labels(image)
    return np.array([annotated(labels[(place.plane, *place.box.slices)[-labels.ndim :]]) for place in places])
