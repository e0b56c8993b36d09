"""Strokes on one thread.

napari turns each dab of the brush into colours by code that numba spreads over all cores. A dab is 400 pixels, a
stroke some sixty dabs, and while a training keeps the cores busy, waiting for the other threads takes twenty to seventy
times as long as the work itself (0.12 to 0.38 against 0.005 ms a dab).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

import numba
import numpy as np
from napari.layers import Labels

from napari_cellseg.annotation import FIRST_CELL, code_of

_HELD: WeakSet[Labels] = WeakSet()
"""Layers whose brush was given a number of its own once; from then on it is the user's."""


def hold_next_cell(layer: Labels) -> None:
    """Let the brush hold the number after the highest, once: napari's own begins with 1, which may be a cell."""
    if layer not in _HELD and not layer.multiscale:
        _HELD.add(layer)
        if layer.selected_label < FIRST_CELL:
            hold_free_number(layer)


def hold_free_number(layer: Labels) -> None:
    """Let the brush hold the number after the highest, if the type of the labels has it."""
    with suppress(ValueError):  # napari's WrongSelectedLabelError
        layer.selected_label = max(int(np.max(layer.data)) + 1, code_of(layer).first_cell)


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
    """A callback of a layer's mouse, from the press of a button to its release.

    A hidden layer is shown: nobody paints what is not seen.
    """
    if not layer.visible and layer.mode != "pan_zoom":
        layer.visible = True
    with one_thread():
        yield
        while event.type == "mouse_move":
            yield


def follow_strokes(layer: Labels) -> None:
    """Paint on one thread; to be called before napari's own callback is."""
    if paint_on_one_thread not in layer.mouse_drag_callbacks:
        layer.mouse_drag_callbacks.insert(0, paint_on_one_thread)
