"""Eyes and selection of a viewer's layers, which follow the rules on what is open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.layers import Labels
from qtpy.QtCore import QObject

from napari_cellseg.napari_private import unwrapped
from napari_cellseg.opened import Eyes, Layers, instead_of
from napari_cellseg.session import Session, number_of
from napari_cellseg.widgets import later


class SeenImages(QObject):
    """Tells the rules what was done to the layers of a viewer, and does what they say."""

    def __init__(self, session: Session) -> None:
        super().__init__()  # without a parent: it lets go of the viewer when the window has gone
        self._session = session
        self._acting = False
        self._fresh: set[int] = set()
        """Layers that came since the window last rested: that they are selected was nobody's choice."""
        self._brush: tuple[str, float] | None = None
        """Mode and size of the brush on the annotation that goes."""
        self._rested = later(self, 0, self._on_rest)
        layers = session.viewer.layers
        for layer in layers:
            self._follow(layer)
        self._followed: tuple[tuple[Any, Callable[..., None]], ...] = (
            (layers.events.inserted, self._on_added),
            (layers.selection.events.active, self._on_selected),
        )
        for event, act in self._followed:
            event.connect(act)

    def close(self) -> None:
        """Let go of the viewer; for windows that close."""
        for event, act in self._followed:
            event.disconnect(act)
        for layer in self._session.viewer.layers:
            layer.events.visible.disconnect(self._on_eye)

    def _follow(self, layer: Any) -> None:
        layer.events.visible.connect(self._on_eye)

    def _on_added(self, event: Any) -> None:
        layer = unwrapped(event.value)
        self._follow(layer)
        self._fresh.add(number_of(layer))
        self._rested.start()
        self._do(self._session.opened.added, layer)

    def _on_eye(self, event: Any) -> None:
        layer = unwrapped(event.source)
        rule = self._session.opened.opened_eye if layer.visible else self._session.opened.closed_eye
        self._do(rule, layer)

    def _on_selected(self, event: Any = None) -> None:
        active = unwrapped(self._session.viewer.layers.selection.active)
        if active is not None and number_of(active) not in self._fresh:
            self._do(self._session.opened.selected, active)

    def _on_rest(self) -> None:
        self._fresh.clear()
        self._select_what_is_seen()

    def _do(self, rule: Callable[[Layers, int], Eyes], layer: Any) -> None:
        """Follow a rule on what was done to a layer; what follows from that is no more of anybody's choice."""
        if self._acting:
            return
        self._acting = True
        try:
            for number, visible in rule(self._session.open_layers(), number_of(layer)).items():
                self._show(self._session.layer(number), visible=visible)
            if number_of(layer) not in self._fresh:
                self._select_what_is_seen()
        finally:
            self._acting = False
        self._session.signals.seen_changed.emit()

    def _select_what_is_seen(self) -> None:
        """Select a layer of the image that is seen where that of another one is selected."""
        other = instead_of(self._session.open_layers(), self._session.active)
        if other is not None:
            self._session.viewer.layers.selection.active = self._session.layer(other)
            self._take_brush_along()

    def _show(self, layer: Any, *, visible: bool) -> None:
        if isinstance(layer, Labels) and not visible:
            if layer is unwrapped(self._session.viewer.layers.selection.active):
                self._brush = str(layer.mode), float(layer.brush_size)
            layer.mode = "pan_zoom"  # a hidden layer in a brush's mode would be painted on
        layer.visible = visible

    def _take_brush_along(self) -> None:
        """The brush of the image before is held on this one."""
        layer = unwrapped(self._session.viewer.layers.selection.active)
        if self._brush is not None and isinstance(layer, Labels) and layer.editable and layer.visible:
            layer.mode, layer.brush_size = self._brush
        self._brush = None
