"""Strokes on one thread.

napari turns each dab of the brush into colours by code that numba spreads over all cores. A dab is 400 pixels, a
stroke some sixty dabs, and while a training keeps the cores busy, waiting for the other threads takes twenty to seventy
times as long as the work itself (0.12 to 0.38 against 0.005 ms a dab).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numba

if TYPE_CHECKING:
    from napari.layers import Labels


@contextmanager
def one_thread() -> Iterator[None]:
    """Let numba compute in the calling thread alone."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        yield
    finally:
        numba.set_num_threads(before)


def paint_on_one_thread(layer: Labels, event: Any) -> Iterator[None]:
    """A callback of a layer's mouse, from the press of a button to its release."""
    with one_thread():
        yield
        while event.type == "mouse_move":
            yield


def follow_strokes(layer: Labels) -> None:
    """Paint on one thread; to be called before napari's own callback is."""
    if paint_on_one_thread not in layer.mouse_drag_callbacks:
        layer.mouse_drag_callbacks.insert(0, paint_on_one_thread)
