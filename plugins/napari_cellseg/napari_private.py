"""All that the plugin needs of napari and that has no public name, gathered so that a new napari is met in one place.

napari's version has an upper bound in pyproject.toml for its sake. Colours of annotations (`project.palette`) override
two private methods of a colormap as well; without them they are napari's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache, partial
from threading import Thread
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari.layers import Labels

Rectangle = tuple[slice, slice]
"""Rows and columns."""
SHOWING = ("_block_refresh", "_slice_input", "_slice", "_accumulate_updated_slice", "_partial_labels_refresh")
"""Members of a layer by which napari itself shows a stroke."""


def unwrapped(thing: Any) -> Any:
    """Layer or viewer without the wrapper that napari hands to plugins: two wrappers of a layer are not one."""
    return getattr(thing, "__wrapped__", thing)


def main_window(viewer: Any) -> Any:
    """Qt's window of a viewer; None where it has none."""
    return getattr(getattr(unwrapped(viewer), "window", None), "_qt_window", None)


def history(layer: Labels) -> tuple[list[Any], list[Any]]:
    """Steps that can be undone and that can be redone."""
    return list(getattr(layer, "_undo_history", ())), list(getattr(layer, "_redo_history", ()))


def add_step(layer: Labels, atom: Any) -> None:
    """Add a step of one change to what can be undone; (index, values before, values after), as napari has them."""
    layer._save_history(atom)


def forget_history(layer: Labels) -> None:
    """Let nothing be undone any more."""
    layer._reset_history()


@cache
def load_loops() -> Thread:
    """Load the compiled loops that napari needs for its first labels, beside the window: half a second and more."""
    from napari.utils.colormaps import label_colormap  # what is decided needs no napari

    loading = Thread(target=lambda: label_colormap()._data_to_texture(np.zeros(0, np.uint32)), name="load loops")
    loading.start()
    return loading


def know_type(layer: Labels) -> None:
    """Let a layer on disk take the type of its labels from them.

    napari itself reads a row of a plane, or a plane of a stack, with each dab of the brush, to look at its type.
    """
    if hasattr(layer, "_validate_label_in_range"):
        layer._validate_label_in_range = partial(_check_number, ref(layer))


def _check_number(layer: ReferenceType[Labels], number: int) -> None:
    here = layer()
    limits = None if here is None or here.multiscale else np.iinfo(here.data.dtype)
    if here is not None and (limits is None or not limits.min <= number <= limits.max):
        type(here)._validate_label_in_range(here, number)  # which says what is wrong


def can_show_windows(layer: Labels) -> bool:
    """True if `show_window` knows this version of napari."""
    return all(hasattr(layer, name) for name in SHOWING)


def without_refresh(layer: Labels) -> AbstractContextManager[Any]:
    """While it lasts, changes of a layer are not shown."""
    quiet: AbstractContextManager[Any] = layer._block_refresh()
    return quiet


def show_window(layer: Labels, leading: tuple[int, ...], window: Rectangle, values: NDArray[Any]) -> None:
    """Bring a window of a plane to the screen, if that plane is seen.

    Args:
        layer: whose pixels changed.
        leading: of the plane, along the axes before rows and columns.
        window: where they changed.
        values: (h, w) what they are now.
    """
    if list(layer._slice_input.displayed) != [layer.ndim - 2, layer.ndim - 1]:
        layer.refresh()
    elif tuple(layer._get_pt_not_disp().values()) == leading:
        layer._slice.image.raw[window] = values
        layer._slice.image.view[window] = layer.colormap._data_to_texture(values)
        layer._accumulate_updated_slice((*(slice(n, n + 1) for n in leading), *window))
        layer._partial_labels_refresh()


def show_strokes_on_large(viewer: Any, layer: Labels) -> None:
    """Show strokes on a plane that is larger than the graphics card takes, of which napari shows every nth pixel.

    napari itself shows the whole plane anew after each dab, for seconds, and has missed the mouse meanwhile.
    """
    window = getattr(viewer, "window", None)
    visual = window._qt_viewer.canvas.layer_to_visual.get(layer) if window is not None else None
    if visual is not None and max(_steps(visual, layer.data.shape[-2:])) > 1:
        layer.events.labels_update.disconnect(visual._on_partial_labels_update)
        layer.events.labels_update.connect(partial(_show_dab, visual))


def _show_dab(visual: Any, event: Any) -> None:
    """Bring a changed window to the card, every nth pixel of it; `visual` is napari's picture of a layer."""
    layer, texture = visual.layer, visual.node._texture
    shape = layer._slice.image.raw.shape
    steps = _steps(visual, shape)
    if len(event.offset) != 2 or texture.shape[:2] != tuple(-(-n // k) for n, k in zip(shape, steps, strict=True)):
        visual._on_partial_labels_update(event)
        return
    first = [-(-start // step) for start, step in zip(event.offset, steps, strict=True)]
    starts = [at * step - start for at, step, start in zip(first, steps, event.offset, strict=True)]
    part = event.data[starts[0] :: steps[0], starts[1] :: steps[1]]
    if part.size:
        texture.scale_and_set_data(np.ascontiguousarray(part), copy=False, offset=tuple(first))
        visual.node.update()


def _steps(visual: Any, shape: Sequence[int]) -> tuple[int, ...]:
    """Pixels of a plane to one that is shown, along rows and columns."""
    return tuple(-(-int(length) // (visual.MAX_TEXTURE_SIZE_2D or int(length))) for length in shape)
