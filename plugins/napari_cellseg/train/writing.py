"""Layers are written to files in a thread, for reading them may take a while."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from cellseg import InputError
from napari_cellseg.children.thread import WorkThread
from napari_cellseg.project.changed import write_changed
from napari_cellseg.train.layer_files import write_layers

if TYPE_CHECKING:
    from napari_cellseg.project.folder import Project


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Data of a training, as chosen in the window."""

    from_project: bool
    """All that is annotated in the project; else two layers."""
    image: Any = None
    """The image layer that is learnt from, or the one to look at."""
    labels: Any = None
    annotation: bool = False
    """Whether 0 in the labels means not annotated."""

    @property
    def complete(self) -> bool:
        """True if there is all that is learnt from."""
        return self.from_project or (self.image is not None and self.labels is not None)


class LayerWriter(QObject):
    """Writes one image layer with its labels at a time, or the changed images of a project."""

    written = Signal(list)
    """Arguments for `cellseg train`."""
    compared = Signal(str)
    """The folder of the images of a project that were changed in the window; empty where none was."""
    failed = Signal(str)
    """What is wrong, for people."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = WorkThread(self)

    def write(self, source: Source, folder: Path) -> None:
        """Begin; a signal tells the end."""
        pixels, cells = (layer.data[0] if layer.multiscale else layer.data for layer in (source.image, source.labels))
        rgb = bool(source.image.rgb)
        write = partial(write_layers, pixels, cells, folder, annotation=source.annotation, rgb=rgb)
        self._thread.do(write, partial(self._on_done, lambda files: self.written.emit(files.arguments)))

    def write_changed(self, project: Project, layers: Sequence[Any], folder: Path) -> None:
        """Begin to compare the images of a project with their layers, and to write those that were changed."""
        write = partial(write_changed, project, layers, folder)
        self._thread.do(write, partial(self._on_done, lambda changed: self.compared.emit(str(changed or ""))))

    def _on_done(self, tell: Callable[[Any], None], job: Future[Any]) -> None:
        error = job.exception()
        if error is None:
            tell(job.result())
        else:
            self.failed.emit(str(error) if isinstance(error, InputError) else f"the layers cannot be written ({error})")
