"""Tools of the mouse: while one is in hand, a drag or a click on the annotation means something else."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.annotate.layer import AnnotatedLayer

if TYPE_CHECKING:
    from napari_cellseg.annotate.marks import Marks

STOP_KEYS = ("Escape",)


class Tool:
    """Takes over the left mouse button of a layer from `take` to `drop`."""

    def __init__(self, dropped: Callable[[], None]) -> None:
        self._dropped = dropped
        self._target: AnnotatedLayer | None = None

    @property
    def in_hand(self) -> bool:
        return self._target is not None

    def take(self, target: AnnotatedLayer) -> None:
        self.drop()
        layer = target.layer
        layer.mode = "pan_zoom"
        layer.mouse_pan = False
        layer.cursor = "cross"
        layer.mouse_drag_callbacks.append(self._drag)
        for key in STOP_KEYS:
            layer.bind_key(key, lambda _: self.drop(), overwrite=True)
        layer.events.mode.connect(self._on_mode)
        self._target = target

    def drop(self) -> None:
        """Give the mouse back; what was begun is forgotten."""
        if self._target is None:
            return
        layer, self._target = self._target.layer, None
        layer.events.mode.disconnect(self._on_mode)
        layer.mouse_drag_callbacks.remove(self._drag)
        for key in STOP_KEYS:
            layer.bind_key(key, None)
        if layer.mode == "pan_zoom":
            layer.mouse_pan = True
            layer.cursor = "standard"
        self.forget()
        self._dropped()

    def forget(self) -> None:
        """Take back what is drawn or picked."""

    def _pressed(self, event: Any) -> AnnotatedLayer | None:
        """The annotation that the left button is pressed on; None for other buttons, or with no tool in hand."""
        return self._target if event.button == 1 else None

    def _on_mode(self) -> None:
        self.drop()

    def _drag(self, layer: Any, event: Any) -> Generator[None, None, None]:
        raise NotImplementedError


class LineTool(Tool):
    """Draws a line with the mouse; when the button is released, `drawn` gets it as (n, 2) rows and columns."""

    def __init__(self, marks: Marks, drawn: Callable[[NDArray[np.float64]], None], dropped: Callable[[], None]) -> None:
        super().__init__(dropped)
        self._marks = marks
        self._drawn = drawn

    def forget(self) -> None:
        self._marks.clear()

    def _drag(self, layer: Any, event: Any) -> Generator[None, None, None]:
        target = self._pressed(event)
        if target is None:
            return
        points = [target.pixel(event.position)]
        yield
        while event.type == "mouse_move" and self.in_hand:
            points.append(target.pixel(event.position))
            self._marks.line(layer, np.array(points))
            yield
        if len(points) > 1:
            self._finish(np.array(points))

    def _finish(self, points: NDArray[np.float64]) -> None:
        if self.in_hand:  # it may have been dropped while the button was down
            self._marks.clear()
            self._drawn(points)


class PickTool(Tool):
    """Clicks on cells; `picked` gets row and column of each."""

    def __init__(self, picked: Callable[[float, float], None], dropped: Callable[[], None]) -> None:
        super().__init__(dropped)
        self._picked = picked

    def _drag(self, layer: Any, event: Any) -> Generator[None, None, None]:
        target = self._pressed(event)
        if target is not None:
            self._picked(*target.pixel(event.position))
        yield


class TraceTool(Tool):
    """Follows clicks and drags; `traced` gets the places (n, 2) of each, and whether Shift was held."""

    def __init__(self, traced: Callable[[NDArray[np.float64], bool], None], dropped: Callable[[], None]) -> None:
        super().__init__(dropped)
        self._traced = traced

    def _drag(self, layer: Any, event: Any) -> Generator[None, None, None]:
        target = self._pressed(event)
        if target is None:
            return
        points, shift = [target.pixel(event.position)], "Shift" in event.modifiers
        yield
        while event.type == "mouse_move" and self.in_hand:
            points.append(target.pixel(event.position))
            yield
        if self.in_hand:
            self._traced(np.array(points), shift)
