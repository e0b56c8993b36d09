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
from napari_cellseg.annotation import notes_on, what_of

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
        """How many windows were looked at and of how many, None while nothing is sought."""
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
        for _ in target.index.build():
            yield
        for number, window in enumerate(self._windows):
            if number == len(self._features):
                if prediction is not None:
                    self._uncertainty.append(uncertainty(target, prediction, window))
                self._features.append(features(grey(target, image, window)))
            plane, box = window.plane, window.box
            done = target.index.touched(plane, box) and annotated(target.read(plane, box))
            known.append(done or window in self._shown)
            yield

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
    """What a model said of that image: its uncertainty, else its probabilities, else nothing."""
    for what in PREDICTIONS:
        for layer in reversed(_images(layers, target, classes=True)):
            if what_of(layer) == what:
                return layer
    return None


def _images(layers: list[Layer], target: AnnotatedLayer, classes: bool = False) -> list[Any]:
    """Image layers of the annotation's size, those of its own image in the project only if there are any."""
    from napari.layers import Image

    shape = tuple(target.layer.data.shape)
    fitting = [
        layer
        for layer in layers
        if isinstance(layer, Image) and (_shape(layer) == shape or (classes and _shape(layer)[1:] == shape))
    ]
    name = notes_on(target.layer).get("image")
    own = [layer for layer in fitting if notes_on(layer).get("image") == name]
    return own or fitting


def _level(layer: Image) -> Any:
    """The finest pixels of a layer."""
    return layer.data[0] if layer.multiscale else layer.data


def _shape(layer: Image) -> tuple[int, ...]:
    shape = tuple(_level(layer).shape)
    return shape[:-1] if layer.rgb else shape


def grey(target: AnnotatedLayer, image: Image, window: Suggestion) -> NDArray[Any]:
    """Grey values (h, w) of a window; colours are averaged."""
    leading = np.unravel_index(window.plane, target.layer.data.shape[:-2] or (1,))[: target.layer.ndim - 2]
    pixels = np.asarray(_level(image)[(*leading, *window.box.slices)])
    return pixels[..., :3].mean(axis=-1) if image.rgb else pixels


def uncertainty(target: AnnotatedLayer, prediction: Image, window: Suggestion) -> float:
    """Uncertainty of a window from 0 to 1."""
    leading = np.unravel_index(window.plane, target.layer.data.shape[:-2] or (1,))[: target.layer.ndim - 2]
    index = (*leading, *coarse_steps(window.box))
    if len(_shape(prediction)) > target.layer.ndim:
        index = (slice(None), *index)
    values = np.asarray(_level(prediction)[index])
    if what_of(prediction) == "uncertainty":
        return float(values.mean()) / (255 if values.dtype == np.uint8 else 1)
    return entropy(values)
