"""The start page: what may be begun, and the images."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from napari.utils.notifications import show_error, show_warning
from qtpy.QtWidgets import QFileDialog, QLabel, QMenu, QVBoxLayout, QWidget

from napari_cellseg.children.tasks import Tasks
from napari_cellseg.image_list.label_files import are_labels
from napari_cellseg.image_list.stage import ImageStage
from napari_cellseg.image_list.view import ImageListView
from napari_cellseg.image_reader import FILES
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.project.commands import new_project, open_folder
from napari_cellseg.project.document import DOCUMENT_NAME, is_project
from napari_cellseg.project.layer_data import errors_told
from napari_cellseg.project.layers import open_project
from napari_cellseg.project.recent import recent_projects
from napari_cellseg.session import Session
from napari_cellseg.widgets import button, later, row, slim_button, text_line

NEXT_KEY, PREVIOUS_KEY = "PageDown", "PageUp"
_NO_IMAGE = "Open an image first: add files, drop them on the list, or File > Open Sample > cellseg."


class WindowActions(Protocol):
    """Work in other panels that is begun from the start page."""

    def find_nuclei(self) -> None:
        """Segment the image that is seen with the model in the box."""

    def show_panel(self, title: str) -> QWidget:
        """Bring a panel to the front."""

    def interrupted(self) -> str:
        """Title of the training of the project that was interrupted; empty: none was."""

    def go_on_training(self) -> None:
        """Go on with it."""


class StartPanel(QWidget):
    """Buttons for beginners, and the list of images."""

    def __init__(self, session: Session, window: WindowActions) -> None:
        super().__init__()
        self._session, self._window = session, window
        tasks = Tasks(self)
        self.stage, self.list = ImageStage(session, tasks), ImageListView(tasks)
        self._soon = later(self, 0, self._refresh)
        self._build()
        self._connect()
        self._refresh()

    # what is seen

    def _build(self) -> None:
        tip = "Finds the nuclei in the image that is seen, with the model that comes with cellseg."
        self.find = button("Find nuclei in this image", tip, self._on_find)
        tip = "A project of the images: paint some cells, train, and all images are segmented your way."
        self.teach = button("Teach it my cells", tip, self._on_teach)
        self.go_on = button("Continue the training", "Goes on where it was interrupted.", self._window.go_on_training)
        self.open = button("Open a project", "Go on with a project; the last ones are listed.")
        self.recent = QMenu(self.open)
        self.recent.setToolTipsVisible(True)
        self.recent.aboutToShow.connect(self.list_recent)
        self.open.setMenu(self.recent)
        self.folder = button("A folder of images", "Puts all images of a folder into the list.", self._on_folder)
        self.words = QLabel()
        add = slim_button("Add files ...", "Into the project that is open, else into the list.", self._on_add)
        tip = "Shows the image before. Key: PgUp"
        self.back = slim_button("◀ PgUp", tip, lambda: self.stage.step(-1))
        self.forward = slim_button("PgDn ▶", "Shows the next image. Key: PgDn", lambda: self.stage.step(1))
        self.hint = text_line("Drop images or folders here.")
        page = QVBoxLayout(self)
        page.setContentsMargins(6, 6, 6, 6)
        beginnings = self.go_on, self.find, self.teach, self.open, self.folder
        for widget in (*beginnings, self.words, row(add, self.back, self.forward)):
            page.addWidget(widget)
        page.addWidget(self.list, 1)
        page.addWidget(self.hint)

    def _connect(self) -> None:
        session, viewer = self._session, self._session.viewer
        signals, layers = session.signals, viewer.layers
        self.list.chosen.connect(lambda number: self.stage.show(self.stage.entries[number]))
        self.list.dropped.connect(lambda paths: self.open_paths(list(map(Path, paths))))
        heard = (
            signals.project_changed,
            signals.files_changed,
            signals.seen_changed,
            layers.events.inserted,
            layers.events.removed,
            layers.selection.events.active,
        )
        for source in heard:
            source.connect(self._on_changed)
        keys = {NEXT_KEY: 1, PREVIOUS_KEY: -1}
        for key, step in keys.items():
            unwrapped(viewer).bind_key(key, _stepping(self.stage, step), overwrite=True)
        self.destroyed.connect(_letting_go(heard, self._on_changed))

    def _on_changed(self, *_: object) -> None:
        self._soon.start()

    def _refresh(self) -> None:
        entries, project = self.stage.entries, self._session.project
        self.list.show_entries(entries, self.stage.seen())
        place = "" if project is None else f" of the project {project.path.name}"
        self.words.setText(f"{len(entries)} image{'' if len(entries) == 1 else 's'}{place}")
        self.teach.setText("Teach it my cells" if project is None else "Go on annotating")
        self.hint.setVisible(not entries)
        interrupted = self._window.interrupted()
        self.go_on.setVisible(bool(interrupted))
        self.go_on.setText(f"Continue the training {interrupted}")
        for widget in (self.back, self.forward):
            widget.setEnabled(len(entries) > 1)

    def list_recent(self) -> None:
        """Fill the menu with the projects that were open last."""
        self.recent.clear()
        for path in recent_projects():
            action = self.recent.addAction(path.name)
            action.setToolTip(str(path))
            action.triggered.connect(partial(self._open_project, path))
        self.recent.addAction("Another folder ...").triggered.connect(lambda: open_folder(self._session.viewer))

    # what it does

    def open_paths(self, paths: list[Path]) -> None:
        """Open what was dropped: a project, images and folders of images, or labels of the image that is seen."""
        folders = [path.parent if path.name == DOCUMENT_NAME else path for path in paths]
        for path in filter(is_project, folders):
            self._open_project(path)
        others = [path for path in folders if not is_project(path)]
        images = [path for path in others if not are_labels(path)]
        if images:
            self.stage.add(images, show_error)
        for path in filter(are_labels, others):
            self.stage.add_labels(path, show_error)

    def _open_project(self, path: Path, *_: object) -> None:
        with errors_told():
            open_project(unwrapped(self._session.viewer), path)

    def showEvent(self, event: Any) -> None:
        """A training may have begun or ended meanwhile."""
        super().showEvent(event)
        self._soon.start()

    def _on_find(self) -> None:
        if self.stage.seen() is None:
            show_warning(_NO_IMAGE)
        else:
            self._window.find_nuclei()

    def _on_teach(self) -> None:
        if self._session.project is None:
            if not self.stage.entries:
                show_warning(_NO_IMAGE)
                return
            new_project(unwrapped(self._session.viewer), self._session.files)
        self._window.show_panel("Annotate")

    def _on_folder(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "A folder of images")
        if chosen:
            self.open_paths([Path(chosen)])

    def _on_add(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, "Images", "", FILES)
        if paths:
            self.open_paths([Path(path) for path in paths])


def _stepping(stage: ImageStage, step: int) -> Callable[[Any], None]:
    """Function that napari calls when a key is pressed."""

    def act(_viewer: Any) -> None:
        stage.step(step)

    return act


def _letting_go(heard: Any, act: Callable[..., None]) -> Any:
    """Not a method of the panel: these are not called any more when it is destroyed."""

    def let_go(*_: object) -> None:
        for source in heard:
            source.disconnect(act)

    return let_go
