"""Cells of the visible field, which follow the sliders, the camera and the tiles as they come."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellseg.camera import camera
from napari_cellseg.children.service import Service
from napari_cellseg.segment.choice import Folders
from napari_cellseg.segment.cut import Cut
from napari_cellseg.segment.field import Field
from napari_cellseg.segment.results import ResultLayers
from napari_cellseg.widgets import later

if TYPE_CHECKING:
    from napari.components import ViewerModel

FOLLOW_MS = 500
"""Cells of the visible field follow the tiles at most so often."""
LOOK_MS = 700
"""A place that is looked at for so long is predicted next."""


class FieldCells(QObject):
    """Asks the child for the cells of what is seen, and shows the latest of its answers."""

    counted = Signal(int)
    """Cells of the visible field."""

    def __init__(self, viewer: ViewerModel, service: Service, cut: Cut, folders: Folders, parent: QObject) -> None:
        super().__init__(parent)
        self._service, self._cut, self._folders = service, cut, folders
        self._layers: ResultLayers | None = None
        self._field: Field | None = None
        self._number = 0
        self._following = later(self, FOLLOW_MS, self.cut)
        self._looking = later(self, LOOK_MS, self._on_looked)
        camera(viewer).events.connect(self._on_moved)
        viewer.dims.events.current_step.connect(self._on_moved)

    def take(self, layers: ResultLayers) -> None:
        """Follow these layers from now on."""
        self._layers, self._field = layers, None

    def cut(self) -> None:
        """Ask for the cells of the visible field."""
        if self._layers is None:
            return
        self._number += 1
        self._field = where = self._layers.field()
        self._service.send(
            {
                "do": "cut",
                "number": self._number,
                "plane": where.plane,
                "rows": where.rows,
                "columns": where.columns,
                "options": self._cut.in_a_plane,
                "file": str(self._folders.cut(self._number)),
            }
        )

    def show(self, told: dict[str, Any]) -> None:
        """Show the child's answer, if it is that to the latest question."""
        if told["number"] != self._number or self._layers is None:
            return
        where = Field(told["plane"], (told["rows"][0], told["rows"][1]), (told["columns"][0], told["columns"][1]))
        self._layers.show_preview(where, np.load(Path(told["file"])))
        self.counted.emit(told["cells"])

    def follow(self, tile: dict[str, Any]) -> None:
        """A tile has come: if it is seen, so are its cells soon."""
        seen = self._layers is not None and self._layers.field().holds(tile["plane"], tile["rows"], tile["columns"])
        if seen and not self._following.isActive():
            self._following.start()

    def rest(self) -> None:
        """All cells are asked for: those of the field need not follow."""
        self._following.stop()

    def forget(self) -> None:
        """All cells are there: an answer that is still on its way is late."""
        self._number += 1

    def _on_moved(self, event: Any = None) -> None:
        if self._layers is not None:
            self._looking.start()

    def _on_looked(self) -> None:
        """Another place is looked at: it is predicted next, and its preview follows."""
        if self._layers is None:
            return
        where = self._layers.field()
        self._service.send({"do": "near", "near": where.centre})
        preview = self._layers.preview
        if preview is not None and preview.visible and where != self._field:
            self.cut()
