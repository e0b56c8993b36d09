"""Choice of the project and of its image, and the way back to an earlier state of its annotation."""

from __future__ import annotations

from functools import partial

from napari.layers import Labels
from napari.utils.notifications import show_error, show_info
from qtpy.QtWidgets import QMenu, QWidget

from napari_cellseg.annotate.annotator import Annotator
from napari_cellseg.annotation import is_annotation
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.napari_private import forget_history
from napari_cellseg.project import layers as project_layers
from napari_cellseg.project.commands import new_project, open_folder
from napari_cellseg.project.document import ProjectImage
from napari_cellseg.project.folder import Project
from napari_cellseg.project.history import Kept
from napari_cellseg.project.layer_data import errors_told
from napari_cellseg.project.notes import image_of_layer
from napari_cellseg.session import Session
from napari_cellseg.widgets import column, combo, row, slim_button


class ProjectBar(QWidget):
    """Buttons of the project; more of them where there is more to choose from."""

    def __init__(self, session: Session, annotator: Annotator) -> None:
        super().__init__()
        self._session, self._annotator, self._viewer = session, annotator, annotator.viewer
        self._tasks = Tasks(self)
        tip = "A folder that keeps every stroke, for the selected images or all that are open."
        new = slim_button("New project ...", tip, lambda: new_project(self._viewer))
        old = slim_button("Open project ...", "Go on with a project folder.", lambda: open_folder(self._viewer))
        self.images = combo("Show another image of the project.")
        self.images.textActivated.connect(self.show_image)
        tip = "Bring back the annotation as it was before something replaced a lot of it, such as an import."
        self.states = slim_button("Earlier states ...", tip)
        self.menu = QMenu(self.states)
        self.menu.setToolTipsVisible(True)
        self.menu.aboutToShow.connect(self.list_states)
        self.states.setMenu(self.menu)
        column(row(new, old), self.images, self.states, parent=self)
        session.signals.project_changed.connect(self._list_images)
        self._list_images(session.project)

    def refresh(self) -> None:
        """Follow the annotation in hand."""
        found = self._in_hand()
        self.states.setVisible(found is not None and found[0].writable)
        if found is not None:
            self.images.setCurrentText(found[1].name)

    def show_image(self, name: str) -> None:
        """Annotate another image of the project; the one before goes."""
        project = self._session.project
        if project is None:
            return
        with errors_told():
            image = project.image(name)
            project_layers.show_image(self._viewer, project, image)
            project_layers.choose_annotation(self._viewer, project, image)

    def list_states(self) -> None:
        """Fill the menu with the states of the image in hand, newest first."""
        self.menu.clear()
        found = self._in_hand()
        states = [] if found is None else found[0].kept(found[1])
        for state in states:
            self.menu.addAction(_title(state)).triggered.connect(partial(self.restore, state))
        if not states:
            self.menu.addAction("Nothing was replaced yet").setEnabled(False)

    def restore(self, state: Kept, *_: object) -> None:
        """Bring a state back, beside the window; the present one is kept."""
        found, target = self._in_hand(), self._annotator.target
        if found is None or target is None:
            return
        self.states.setEnabled(False)
        restore = partial(found[0].restore, found[1], state)
        self._tasks.run(restore, lambda _: self._restored(target.layer, state), self._fail)

    def _restored(self, layer: Labels, state: Kept) -> None:
        layer.data = layer.data  # napari draws it anew and forgets strokes, whose undoing would mix two states
        forget_history(layer)
        self._session.signals.annotation_changed.emit(layer)
        show_info(f"The annotation is as it was {_title(state)}")
        self._enable()

    def _fail(self, words: str) -> None:
        show_error(words)
        self._enable()

    def _enable(self) -> None:
        self.states.setEnabled(True)

    def _in_hand(self) -> tuple[Project, ProjectImage] | None:
        """The project and the image of it that is annotated."""
        project, target = self._session.project, self._annotator.target
        if project is None or target is None or not is_annotation(target.layer):
            return None
        image = image_of_layer(target.layer, project)
        return None if image is None else (project, image)

    def _list_images(self, project: Project | None) -> None:
        self.images.clear()
        names = [] if project is None else [image.name for image in project.images]
        self.images.addItems(names)
        self.images.setVisible(len(names) > 1)
        self.refresh()


def _title(state: Kept) -> str:
    """Time at which a state was kept, in the time of this place, and the reason."""
    return f"{state.when.astimezone():%Y-%m-%d %H:%M}, {state.reason}"
