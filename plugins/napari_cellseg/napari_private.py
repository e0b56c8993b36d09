"""All that the plugin needs of napari and that has no public name, gathered so that a new napari is met in one place.

napari's version has an upper bound in pyproject.toml for its sake. Colours of annotations (`annotate.palette`) override
two private methods of a colormap as well; without them they are napari's own.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

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


def history(layer: Labels) -> tuple[list[Any], list[Any]]:
    """Steps that can be undone and that can be redone."""
    return list(getattr(layer, "_undo_history", ())), list(getattr(layer, "_redo_history", ()))


def forget_history(layer: Labels) -> None:
    """Let nothing be undone any more."""
    layer._reset_history()


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
