"""Session of one viewer, shared by its panels: the project, the model in use, and the visible field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from psygnal import Signal, SignalInstance

from napari_cellseg.annotation import what_of
from napari_cellseg.napari_private import unwrapped

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellseg.project.folder import Project


PREVIEW = "preview"
MADE = (PREVIEW, "probabilities", "uncertainty")
"""What a layer shows, in its metadata, that is no image of the user's; no panel takes it for one."""


class Signals:
    """Signals between panels."""

    project_changed = Signal(object)
    """The project that was opened, or None."""
    model_changed = Signal(str)
    """The run folder or model file in use, or the name of a model in the package."""
    annotation_changed = Signal(object)
    """The Labels layer whose annotation was edited."""
    training_changed = Signal(dict)
    """Options of a training that were set beside its form, by name."""


@dataclass(slots=True, eq=False)
class Session:
    """State of one dock widget; panels hold none that another one needs."""

    viewer: ViewerModel
    project: Project | None = None
    model: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    """Options of a training that were set beside its form, by name."""
    signals: Signals = field(default_factory=Signals)

    def use_project(self, project: Project | None) -> None:
        """Work on a project from now on."""
        self.project = project
        self._emit(self.signals.project_changed, project)

    def use_model(self, model: str) -> None:
        """Segment with this model from now on."""
        self.model = model
        self._emit(self.signals.model_changed, model)

    def set_training(self, **options: Any) -> None:
        """Train with these options from now on."""
        self.training.update(options)
        self._emit(self.signals.training_changed, options)

    def image(self) -> Image | None:
        """The selected image layer, else the one on top that is seen."""
        return self._layer(Image)

    def labels(self) -> Labels | None:
        """The selected labels layer, else the one on top that is seen."""
        return self._layer(Labels)

    def _layer(self, kind: type[Any]) -> Any:
        layers = self.viewer.layers
        best_first = [layers.selection.active, *(layer for layer in reversed(layers) if layer.visible)]
        return unwrapped(next((layer for layer in best_first if _is_users(layer, kind)), None))

    @staticmethod
    def _emit(signal: SignalInstance, value: object) -> None:
        signal.emit(value)


def is_made(layer: Any) -> bool:
    """True if a layer shows what a panel made, and is no image of the user's."""
    return what_of(layer) in MADE


def _is_users(layer: Any, kind: type[Any]) -> bool:
    return isinstance(layer, kind) and not is_made(layer)
