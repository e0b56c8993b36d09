"""Finds the next place worth annotating while the window goes on: the work of `suggest`, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_warning
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.other_images import LookedAt, OtherImages
from napari_cellseg.annotate.pieces import TimeSlices
from napari_cellseg.annotate.suggest import (
    WINDOWS,
    Suggestion,
    WindowSurvey,
    annotated,
    coarse_steps,
    entropy,
    features,
    rank,
    windows,
)
from napari_cellseg.annotation import LIVE, RESULT, notes_on, what_of
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.pixels.layer_files import whole_of

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from qtpy.QtCore import QObject

    from napari_cellseg.project.folder import Project

FEWEST = 4
"""Windows of each image, of however many."""
PREDICTIONS = ("uncertainty", "probabilities")
"""What layers of a model are called in their metadata, the better one first."""


@dataclass(frozen=True, slots=True, eq=False)
class SeenGround:
    """Annotation in hand, and the layers beneath it."""

    target: AnnotatedLayer
    image: Image
    prediction: Image | None


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """Place worth annotating."""

    image: str
    """Name of an image of the project that is to be shown first; empty: it is the one in hand."""
    window: Suggestion


class Places:
    """Windows of the images of a project; what they look like is remembered, what is annotated is asked anew."""

    def __init__(self, parent: QObject, tasks: Tasks) -> None:
        self._pieces, self._tasks, self._others = TimeSlices(parent), tasks, OtherImages()
        self._of: tuple[Any, ...] = ()
        self._windows: list[Suggestion] = []
        self._features: list[NDArray[np.float64]] = []
        self._uncertainty: list[float] = []
        self._shown: set[tuple[str, Suggestion]] = set()
        self._number = 0
        """Of the search that is under way; what is found by an earlier one is late."""

    @property
    def progress(self) -> tuple[int, int] | None:
        """Windows looked at, of those there are; None while nothing is sought."""
        return (len(self._features), len(self._windows)) if self._pieces.running else None

    def stop(self) -> None:
        """Seek no longer."""
        self._number += 1
        self._pieces.stop()

    def find(self, ground: SeenGround, project: Project | None, found: Callable[[FoundPlace | None], None]) -> None:
        """Look for the best place that was not shown yet.

        Args:
            ground: the annotation in hand, and what is seen beneath it.
            project: whose other images are looked at, too.
            found: gets the place, or None when there is none left.
        """
        limit = max(WINDOWS // max(len(project.images) if project else 1, 1), FEWEST)
        self._take(ground, limit)
        self.stop()
        name, number = str(notes_on(ground.target.layer).get("image", "")), self._number
        known: list[bool] = []

        def go_on(others: list[LookedAt]) -> None:
            if number == self._number:
                work = self._look(ground, name, known)
                self._pieces.start(work, lambda: found(self._best(name, np.array(known), others)))

        self._tasks.run(partial(self._others.look, project, name, limit), go_on, show_warning)

    def _take(self, ground: SeenGround, limit: int) -> None:
        """Forget what windows look like where it is another image; what was shown, where the same one has changed."""
        target, image, prediction = ground.target, ground.image, ground.prediction
        of = (target.layer, image, image.data, prediction, None if prediction is None else prediction.data, limit)
        if len(of) == len(self._of) and all(a is b for a, b in zip(of[:-1], self._of, strict=False)):
            if limit == self._of[-1]:
                return
        elif self._of and self._of[0] is target.layer:
            self._shown.clear()
        self._of, self._features, self._uncertainty = of, [], []
        self._windows = windows(target.shape, limit)

    def _look(self, ground: SeenGround, name: str, known: list[bool]) -> Iterator[None]:
        yield from (None for _ in ground.target.index.build())
        for number, window in enumerate(self._windows):
            if number == len(self._features):
                self._survey(ground.target, ground.image, ground.prediction, window)
            known.append((name, window) in self._shown or _is_annotated(ground.target, window))
            yield

    def _survey(self, target: AnnotatedLayer, image: Image, prediction: Image | None, window: Suggestion) -> None:
        if prediction is not None:
            self._uncertainty.append(uncertainty(target, prediction, window))
        self._features.append(features(grey(target, image, window)))

    def _best(self, name: str, known: NDArray[np.bool_], others: list[LookedAt]) -> FoundPlace | None:
        places = [(name, window) for window in self._windows]
        places += [(other.image, window) for other in others for window in other.windows]
        seen = np.concatenate([np.array(self._features), *(other.features for other in others)])
        shown = np.array([place in self._shown for place in places])
        every = np.concatenate([known, *(other.known for other in others)]) | shown
        order = rank(WindowSurvey(tuple(window for _, window in places), seen, self._unsure(len(places))), every)
        if not order:
            self._shown.clear()  # the next time all that is not annotated is shown again
            return None
        best = places[order[0]]
        self._shown.add(best)
        return FoundPlace(best[0] if best[0] != name else "", best[1])

    def _unsure(self, count: int) -> NDArray[np.float64] | None:
        """(n,) uncertainty of all windows, of which that of other images is not known and stands in the middle."""
        if not self._uncertainty:
            return None
        own = np.array(self._uncertainty)
        return np.append(own, np.full(count - len(own), own.mean()))


def image_of(layers: list[Layer], target: AnnotatedLayer) -> Image:
    """The image that an annotation belongs to.

    Raises:
        InputError: none of its size is open.
    """
    found = [layer for layer in _images(layers, target) if what_of(layer) not in PREDICTIONS]
    if not found:
        raise cellseg.InputError("no image of the size of the annotation is open", "Open the image it belongs to.")
    return found[0]


def prediction_of(layers: list[Layer], target: AnnotatedLayer) -> Image | None:
    """Prediction of that image: its uncertainty, else its probabilities, else nothing."""
    topmost = {what_of(layer): layer for layer in _images(layers, target, classes=True)}
    return next((topmost[what] for what in PREDICTIONS if what in topmost), None)


def probability_of(layers: list[Layer], target: AnnotatedLayer) -> Any:
    """Probability of cells of that image, of the target's shape; None where there is none."""
    found = (layer for layer in reversed(_images(layers, target)) if what_of(layer) == "probabilities")
    return next((whole_of(layer) for layer in found), None)


def predicted_of(layers: list[Layer], target: AnnotatedLayer) -> Any:
    """Layer of the predicted cells of that image, the one on top; None where there is none."""
    own, shape = notes_on(target.layer), tuple(target.layer.data.shape)
    cells = (layer for layer in reversed(layers) if what_of(layer) in (RESULT, LIVE))
    mine = (layer for layer in cells if _key(notes_on(layer)) == _key(own))
    return next((layer for layer in mine if tuple(whole_of(layer).shape) == shape), None)


def _key(notes: Any) -> tuple[str, str]:
    return str(notes.get("project", "")), str(notes.get("image", ""))


def _images(layers: list[Layer], target: AnnotatedLayer, classes: bool = False) -> list[Any]:
    """Image layers of the annotation's size, those of its own image in the project only if there are any."""
    shape = tuple(target.layer.data.shape)
    fitting = [layer for layer in layers if _fits(layer, shape, classes)]
    return _of_same_image(fitting, target) or fitting


def _of_same_image(layers: list[Any], target: AnnotatedLayer) -> list[Any]:
    name = notes_on(target.layer).get("image")
    return [layer for layer in layers if notes_on(layer).get("image") == name]


def _fits(layer: Layer, shape: tuple[int, ...], classes: bool) -> bool:
    """True if a layer is an image of a size, or with `classes` one that has an axis of classes before it."""
    from napari.layers import Image

    if not isinstance(layer, Image):
        return False
    return _shape(layer) == shape or (classes and _shape(layer)[1:] == shape)


def _is_annotated(target: AnnotatedLayer, window: Suggestion) -> bool:
    plane, box = window.plane, window.box
    return target.index.touched(plane, box) and annotated(target.read(plane, box))


def _shape(layer: Image) -> tuple[int, ...]:
    shape = tuple(whole_of(layer).shape)
    return shape[:-1] if layer.rgb else shape


def grey(target: AnnotatedLayer, image: Image, window: Suggestion) -> NDArray[Any]:
    """Grey values (h, w) of a window; colours are averaged."""
    pixels = np.asarray(whole_of(image)[(*target.leading(window.plane), *window.box.slices)])
    return pixels[..., :3].mean(axis=-1) if image.rgb else pixels


def uncertainty(target: AnnotatedLayer, prediction: Image, window: Suggestion) -> float:
    """Uncertainty of a window from 0 to 1."""
    classes = (slice(None),) * (len(_shape(prediction)) - target.layer.ndim)
    index = (*classes, *target.leading(window.plane), *coarse_steps(window.box))
    values = np.asarray(whole_of(prediction)[index])
    if what_of(prediction) == "uncertainty":
        return float(values.mean()) / (255 if values.dtype == np.uint8 else 1)
    return entropy(values)
