"""Session of one viewer, shared by its panels: the project, the model in use, and the visible field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from psygnal import Signal, SignalInstance

from napari_cellseg.annotation import notes_on, what_of
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.opened import IMAGE, ImageKey, OpenImages, OpenLayer

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
    seen_changed = Signal()
    """Another image is seen, or another of its layers."""
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
    opened: OpenImages = field(default_factory=OpenImages)
    """Images that are open, and which of them is seen."""

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

    def open_layers(self) -> list[OpenLayer]:
        """Layers of the viewer as the rules on what is open see them, the topmost last."""
        return [open_layer(layer) for layer in self.viewer.layers]

    def layer(self, number: int | None) -> Any:
        """The layer of a number in `open_layers`; None for None."""
        return next((unwrapped(layer) for layer in self.viewer.layers if number_of(layer) == number), None)

    @property
    def active(self) -> int | None:
        """Number of the selected layer, if it is one alone."""
        active = self.viewer.layers.selection.active
        return None if active is None else number_of(active)

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


def number_of(layer: Any) -> int:
    """Number of a layer in `open_layers`."""
    return id(unwrapped(layer))


def open_layer(layer: Any) -> OpenLayer:
    """A layer as the rules on what is open see it."""
    return OpenLayer(number_of(layer), _role_of(layer), _image_of(layer), bool(layer.visible))


def _role_of(layer: Any) -> str:
    return what_of(layer) or (IMAGE if isinstance(unwrapped(layer), Image) else "")


def _image_of(layer: Any) -> ImageKey | None:
    """Image that a layer belongs to; an image of the user's goes by its name."""
    notes, own = notes_on(layer), layer.name if _role_of(layer) == IMAGE else None
    name = notes.get("image", own)
    return None if name is None else (str(notes.get("project", "")), str(name))


def is_made(layer: Any) -> bool:
    """True if a layer shows what a panel made, and is no image of the user's."""
    return what_of(layer) in MADE


def _is_users(layer: Any, kind: type[Any]) -> bool:
    return isinstance(layer, kind) and not is_made(layer)
