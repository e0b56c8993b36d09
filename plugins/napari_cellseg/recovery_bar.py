"""Line above the tabs that offers what an earlier window left unsaved of the image that was opened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.layers import Image
from qtpy.QtWidgets import QWidget

from napari_cellseg.annotation import notes_on, what_of
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.pixels.layer_files import named_file
from napari_cellseg.project.recovered import recovered_layers
from napari_cellseg.project.recovery import clear_old, forget, mark_saved, unsaved_of
from napari_cellseg.session import Session
from napari_cellseg.widgets import column, row, slim_button, text_line


class RecoveryBar(QWidget):
    """Seen while something is offered."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._offered: list[tuple[Image, Path]] = []
        self._known: set[Path] = set()
        self.words = text_line()
        self.take = slim_button("Bring back", "Show them over the image, as they were.", self.bring_back)
        self.drop = slim_button("Forget", "Nobody needs them; they are deleted.", self.forget)
        column(self.words, row(self.take, self.drop), parent=self)
        clear_old()
        session.signals.saved.connect(_on_saved)
        inserted, look = session.viewer.layers.events.inserted, self._on_inserted
        inserted.connect(look)
        self.destroyed.connect(lambda *_: inserted.disconnect(look))
        for layer in session.viewer.layers:
            self._look_at(unwrapped(layer))
        self._show()

    def bring_back(self) -> None:
        """Show what is offered."""
        image, folder = self._offered.pop(0)
        for layer in recovered_layers(image, folder):
            self._session.viewer.add_layer(layer)
        self._show()

    def forget(self) -> None:
        """Delete what is offered."""
        _, folder = self._offered.pop(0)
        forget(folder)
        self._show()

    def _on_inserted(self, event: Any) -> None:
        self._look_at(unwrapped(event.value))
        self._show()

    def _look_at(self, layer: Any) -> None:
        """Offer what was left of the image of a layer, once; folders that this window draws into are its own."""
        notes = notes_on(layer)
        if "recovery" in notes:
            self._known.add(Path(notes["recovery"]))
        file = named_file(layer) if isinstance(layer, Image) and what_of(layer) == "" else None
        folder = None if file is None else unsaved_of(file)
        if folder is not None and folder not in self._known:
            self._known.add(folder)
            self._offered.append((layer, folder))

    def _show(self) -> None:
        if self._offered:
            image = self._offered[0][0]
            name = notes_on(image).get("image", image.name)
            self.words.setText(f"<b>{name}</b>: cells or annotation that were not saved when the window ended.")
        self.setVisible(bool(self._offered))


def _on_saved(layer: Any) -> None:
    folder = notes_on(layer).get("recovery")
    if folder:
        mark_saved(Path(folder))
