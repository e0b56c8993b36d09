"""Session of one viewer, shared by its panels: the project, the model in use, and the visible field."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels
from psygnal import Signal, SignalInstance

from napari_cellseg.annotation import LIVE, notes_on, what_of
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.opened import ANNOTATION, IMAGE, RESULT, ImageKey, OpenImages, OpenLayer

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_cellseg.project.folder import Project


PREVIEW = "preview"
MADE = (PREVIEW, LIVE, "probabilities", "uncertainty")
"""What a layer shows, in its metadata, that is no image of the user's; no panel takes it for one."""


_KEPT_ROLES = (ANNOTATION, RESULT)


class Signals:
    """Signals between panels."""

    project_changed = Signal(object)
    """The project that was opened, or None."""
    model_changed = Signal(str)
    """The run folder or model file in use, or the name of a model in the package."""
    annotation_changed = Signal(object)
    """The Labels layer whose annotation was edited."""
    saved = Signal(object)
    """The layer whose cells were written to a file."""
    files_changed = Signal()
    """Files were added to the list of images."""
    seen_changed = Signal()
    """Another image is seen, or another of its layers."""
    training_changed = Signal(dict)
    """Options of a training that were set beside its form, by name."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Session:
    """State of one dock widget; panels hold none that another one needs."""

    viewer: ViewerModel
    project: Project | None = None
    model: str = ""
    training: dict[str, Any] = field(default_factory=dict)
    """Options of a training that were set beside its form, by name."""
    signals: Signals = field(default_factory=Signals)
    files: tuple[Path, ...] = ()
    """Images in the list that are in no project; they need not be open."""
    saved: set[int] = field(default_factory=set)
    """Layers, by their numbers, whose cells are in a file as they are now."""
    opened: OpenImages = field(default_factory=OpenImages)
    """Images that are open, and which of them is seen."""

    def __post_init__(self) -> None:
        self.signals.annotation_changed.connect(self._on_edited)

    def use_project(self, project: Project | None) -> None:
        """Work on a project from now on."""
        self.project = project
        self._emit(self.signals.project_changed, project)

    def use_model(self, model: str) -> None:
        """Segment with this model from now on."""
        self.model = model
        self._emit(self.signals.model_changed, model)

    def list_files(self, files: Iterable[Path]) -> None:
        """Put images into the list that are in no project."""
        self.files = tuple(dict.fromkeys((*self.files, *files)))
        self._emit(self.signals.files_changed)

    def set_training(self, **options: Any) -> None:
        """Train with these options from now on."""
        self.training.update(options)
        self._emit(self.signals.training_changed, options)

    def mark_saved(self, layer: Any) -> None:
        """Note that the cells of a layer are in a file as they are now."""
        self.saved.add(number_of(layer))
        self._emit(self.signals.saved, layer)

    def unsaved(self) -> list[str]:
        """Names of layers with annotation or cells that are in no project and in no file."""
        layers = map(unwrapped, self.viewer.layers)
        mine = (layer for layer in layers if isinstance(layer, Labels) and open_layer(layer).role in _KEPT_ROLES)
        loose = (layer for layer in mine if not open_layer(layer).of_project and number_of(layer) not in self.saved)
        return [layer.name for layer in loose if np.any(layer.data[0] if layer.multiscale else layer.data)]

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

    def _on_edited(self, layer: Any) -> None:
        """Layers that were edited differ from their files."""
        self.saved.discard(number_of(layer))

    def _layer(self, kind: type[Any]) -> Any:
        layers = self.viewer.layers
        best_first = [layers.selection.active, *(layer for layer in reversed(layers) if layer.visible)]
        return unwrapped(next((layer for layer in best_first if _is_users(layer, kind)), None))

    @staticmethod
    def _emit(signal: SignalInstance, *values: object) -> None:
        signal.emit(*values)


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
