"""Layers are written to files in a thread, for reading them may take a while."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import QObject, Signal

from cellseg import InputError
from napari_cellseg.train.layer_files import write_layers


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What a training learns from, as chosen in the window."""

    from_project: bool
    """All that is annotated in the project; else two layers."""
    image: Any = None
    """The image layer that is learnt from, or the one to look at."""
    labels: Any = None
    annotation: bool = False
    """Whether 0 in the labels means not annotated."""


class LayerWriter(QObject):
    """Writes one image layer with its labels at a time."""

    written = Signal(list)
    """Arguments for `cellseg train`."""
    failed = Signal(str)
    """What is wrong, for people."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = ThreadPoolExecutor(1)

    def write(self, source: Source, folder: Path) -> None:
        """Begin; a signal tells the end."""
        pixels, cells = (layer.data[0] if layer.multiscale else layer.data for layer in (source.image, source.labels))
        rgb = bool(source.image.rgb)
        job = self._thread.submit(write_layers, pixels, cells, folder, annotation=source.annotation, rgb=rgb)
        job.add_done_callback(self._on_done)

    def _on_done(self, job: Future[Any]) -> None:
        """Called in the thread."""
        error = job.exception()
        if error is None:
            self.written.emit(job.result().arguments)
        else:
            self.failed.emit(str(error) if isinstance(error, InputError) else f"the layers cannot be written ({error})")
