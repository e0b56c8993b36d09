"""List of images with thumbnails, each made when its row is first seen."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QListWidget, QListWidgetItem

from cellseg.arrays import UInt8
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.image_list.thumbnails import SIDE, thumbnail
from napari_cellseg.listed import ListedImage
from napari_cellseg.widgets import later

_NUMBER = Qt.ItemDataRole.UserRole


class ImageListView(QListWidget):
    """A row an image; files and folders may be dropped on it."""

    chosen = Signal(int)
    """Number of the entry that somebody clicked on."""
    dropped = Signal(list)
    """Local paths."""

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks
        self._entries: list[ListedImage] = []
        self._icons: dict[Path | None, QIcon] = {}
        """Thumbnails by the files of their images; empty ones where there is none to be had."""
        self._waiting: ListedImage | None = None
        self._look = later(self, 50, self._make_next)
        self.setIconSize(QSize(SIDE, SIDE))
        self.setUniformItemSizes(True)
        self.setAcceptDrops(True)
        self.setMinimumHeight(3 * SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip("Images of the project, or that are open. Click on one to show it; drop files or folders here.")
        self.itemClicked.connect(lambda item: self.chosen.emit(item.data(_NUMBER)))
        self.verticalScrollBar().valueChanged.connect(lambda _: self._look.start())

    def show_entries(self, entries: Sequence[ListedImage], seen: int | None) -> None:
        """Show entries, and which of them is seen."""
        if list(entries) != self._entries:
            self._entries = list(entries)
            self._fill()
        if seen != self.currentRow():
            self.setCurrentRow(-1 if seen is None else seen)
        self._look.start()

    def _fill(self) -> None:
        self.clear()
        for number, entry in enumerate(self._entries):
            item = QListWidgetItem(self._icons.get(entry.path, QIcon()), entry.name)
            item.setData(_NUMBER, number)
            item.setSizeHint(QSize(0, SIDE + 4))
            item.setToolTip(str(entry.path or "in no file"))
            self.addItem(item)

    # thumbnails

    def _make_next(self) -> None:
        """Make the thumbnail of the first row that is seen and has none; one at a time."""
        if self._waiting is not None or not self.isVisible():
            return
        entry = next((entry for entry in self._visible_entries() if entry.path and entry.path not in self._icons), None)
        if entry is not None and entry.path is not None:
            self._waiting = entry
            make = partial(thumbnail, entry.path, entry.axes)
            self._tasks.run(make, partial(self._on_made, entry), lambda _: self._on_made(entry, None))

    def _visible_entries(self) -> list[ListedImage]:
        seen = self.viewport().rect()
        rows = (row for row in range(self.count()) if self.visualItemRect(self.item(row)).intersects(seen))
        return [self._entries[row] for row in rows]

    def _on_made(self, entry: ListedImage, picture: UInt8 | None) -> None:
        self._waiting = None
        self._icons[entry.path] = QIcon() if picture is None else _icon(picture)
        for row, other in enumerate(self._entries):
            if other.path == entry.path:
                self.item(row).setIcon(self._icons[entry.path])
        self._look.start()

    def showEvent(self, event: Any) -> None:
        """The rows are seen for the first time, or again."""
        super().showEvent(event)
        self._look.start()

    # dropping

    def dragEnterEvent(self, event: Any) -> None:
        """Files are held over the list."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dragMoveEvent(self, event: Any) -> None:
        """They may be dropped on any row."""
        event.acceptProposedAction()

    def dropEvent(self, event: Any) -> None:
        """Files were dropped."""
        event.acceptProposedAction()
        self.dropped.emit([url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()])


def _icon(picture: UInt8) -> QIcon:
    height, width, _ = picture.shape
    image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image))
