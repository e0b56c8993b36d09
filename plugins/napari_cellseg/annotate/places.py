"""Finds the next place worth annotating while the window goes on: the work of `suggest`, in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.pieces import TimeSlices
from napari_cellseg.annotate.suggest import (
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

if TYPE_CHECKING:
    from napari.layers import Image, Layer
    from qtpy.QtCore import QObject

PREDICTIONS = ("uncertainty", "probabilities")
"""What layers of a model are called in their metadata, the better one first."""


class Places:
    """Windows of the image of one annotation; what they look like is remembered, what is annotated is asked anew."""

    def __init__(self, parent: QObject) -> None:
        self._pieces = TimeSlices(parent)
        self._of: tuple[Any, ...] = ()
        self._windows: list[Suggestion] = []
        self._features: list[NDArray[np.float64]] = []
        self._uncertainty: list[float] = []
        self._shown: set[Suggestion] = set()

    @property
    def progress(self) -> tuple[int, int] | None:
        """Windows looked at, of those there are; None while nothing is sought."""
        return (len(self._features), len(self._windows)) if self._pieces.running else None

    def stop(self) -> None:
        self._pieces.stop()

    def find(
        self, target: AnnotatedLayer, image: Image, prediction: Image | None, found: Callable[[Suggestion | None], None]
    ) -> None:
        """Look for the best place that was not shown yet; `found` gets it, or None when there is none left."""
        of = (target.layer, image, image.data, prediction, None if prediction is None else prediction.data)
        if len(of) != len(self._of) or any(a is not b for a, b in zip(of, self._of, strict=True)):
            self._of, self._features, self._uncertainty = of, [], []
            self._windows = windows(target.shape)
            self._shown.clear()
        known: list[bool] = []
        work = self._look(target, image, prediction, known)
        self._pieces.start(work, lambda: found(self._best(np.array(known))))

    def _look(
        self, target: AnnotatedLayer, image: Image, prediction: Image | None, known: list[bool]
    ) -> Iterator[None]:
        yield from (None for _ in target.index.build())
        for number, window in enumerate(self._windows):
            if number == len(self._features):
                self._survey(target, image, prediction, window)
            known.append(window in self._shown or _is_annotated(target, window))
            yield

    def _survey(self, target: AnnotatedLayer, image: Image, prediction: Image | None, window: Suggestion) -> None:
        if prediction is not None:
            self._uncertainty.append(uncertainty(target, prediction, window))
        self._features.append(features(grey(target, image, window)))

    def _best(self, known: NDArray[np.bool_]) -> Suggestion | None:
        unsure = np.array(self._uncertainty) if self._uncertainty else None
        order = rank(WindowSurvey(tuple(self._windows), np.array(self._features), unsure), known)
        if not order:
            self._shown.clear()  # the next time all that is not annotated is shown again
            return None
        best = self._windows[order[0]]
        self._shown.add(best)
        return best


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
    return next((level(layer) for layer in found), None)


def predicted_of(layers: list[Layer], target: AnnotatedLayer) -> Any:
    """Layer of the predicted cells of that image, the one on top; None where there is none."""
    own, shape = notes_on(target.layer), tuple(target.layer.data.shape)
    cells = (layer for layer in reversed(layers) if what_of(layer) in (RESULT, LIVE))
    mine = (layer for layer in cells if _key(notes_on(layer)) == _key(own))
    return next((layer for layer in mine if tuple(level(layer).shape) == shape), None)


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


def level(layer: Any) -> Any:
    """The finest pixels of a layer."""
    return layer.data[0] if layer.multiscale else layer.data


def _shape(layer: Image) -> tuple[int, ...]:
    shape = tuple(level(layer).shape)
    return shape[:-1] if layer.rgb else shape


def grey(target: AnnotatedLayer, image: Image, window: Suggestion) -> NDArray[Any]:
    """Grey values (h, w) of a window; colours are averaged."""
    pixels = np.asarray(level(image)[(*target.leading(window.plane), *window.box.slices)])
    return pixels[..., :3].mean(axis=-1) if image.rgb else pixels


def uncertainty(target: AnnotatedLayer, prediction: Image, window: Suggestion) -> float:
    """Uncertainty of a window from 0 to 1."""
    classes = (slice(None),) * (len(_shape(prediction)) - target.layer.ndim)
    index = (*classes, *target.leading(window.plane), *coarse_steps(window.box))
    values = np.asarray(level(prediction)[index])
    if what_of(prediction) == "uncertainty":
        return float(values.mean()) / (255 if values.dtype == np.uint8 else 1)
    return entropy(values)
