"""The dock widget: a panel a stage of the work, each made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_cellseg.close_guard import CloseGuard
from napari_cellseg.napari_private import load_loops, main_window
from napari_cellseg.opened import reasons_to_stay
from napari_cellseg.project.layers import follow
from napari_cellseg.project.seen import SeenImages
from napari_cellseg.recovery_bar import RecoveryBar
from napari_cellseg.session import Session
from napari_cellseg.train.runs import Run, to_go_on_with

if TYPE_CHECKING:
    import napari


def _start(dock: CellsegDock) -> QWidget:
    from napari_cellseg.image_list.panel import StartPanel

    return StartPanel(dock.session, dock)


def _annotate(dock: CellsegDock) -> QWidget:
    from napari_cellseg.annotate.panel import AnnotatePanel

    return AnnotatePanel(dock.session)


def _borders(dock: CellsegDock) -> QWidget:
    from napari_cellseg.preview.panel import PreviewPanel

    return PreviewPanel(dock.session)


def _train(dock: CellsegDock) -> QWidget:
    from napari_cellseg.train.panel import TrainPanel

    return TrainPanel(dock.session)


def _segment(dock: CellsegDock) -> QWidget:
    from napari_cellseg.segment.panel import SegmentPanel

    return SegmentPanel(dock.session)


def _measure(dock: CellsegDock) -> QWidget:
    from napari_cellseg.measure.panel import MeasurePanel

    return MeasurePanel(dock.session)


PANELS: dict[str, Callable[[CellsegDock], QWidget]] = {
    "Start": _start,
    "Annotate": _annotate,
    "Borders": _borders,
    "Train": _train,
    "Segment": _segment,
    "Measure": _measure,
}
"""Title and maker of each panel, in the order of the work; each is imported when it is first looked at."""
_WIDTH_PX = 350
"""All titles and three buttons in a row."""
NUCLEI = "nuclei"
"""Model that comes with cellseg."""


class CellsegDock(QWidget):
    """All panels of one viewer."""

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session = Session(napari_viewer)
        self._tabs = QTabWidget()
        self._tabs.setUsesScrollButtons(False)
        self.setMinimumWidth(_WIDTH_PX)
        self._panels: dict[str, QWidget] = {}
        for title in PANELS:
            self._tabs.addTab(_empty(), title)
        self._tabs.currentChanged.connect(lambda index: self.panel(list(PANELS)[index]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(RecoveryBar(self.session))
        layout.addWidget(self._tabs)
        window = main_window(napari_viewer)
        if window is not None:
            CloseGuard(window, self.reasons_to_stay)
        self._seen = SeenImages(self.session)
        load_loops()
        self.destroyed.connect(self._seen.close)
        self.panel("Annotate")  # its keys work from the beginning
        self.show_panel("Start")
        follow(self.session)

    def panel(self, title: str) -> QWidget:
        """The panel of that title, made now if it was not."""
        if title not in self._panels:
            self._panels[title] = PANELS[title](self)
            page = self._tabs.widget(list(PANELS).index(title))
            page.layout().addWidget(self._panels[title])
        return self._panels[title]

    def show_panel(self, title: str) -> QWidget:
        """Bring a panel to the front."""
        self._tabs.setCurrentIndex(list(PANELS).index(title))
        return self.panel(title)

    def reasons_to_stay(self) -> list[str]:
        """Sentences on what is lost or interrupted when the window is closed."""
        panel: Any = self._panels.get("Train")
        trainer = None if panel is None else panel.trainer
        running = f"step {trainer.progress.step:,} of {trainer.progress.steps:,}" if trainer and trainer.running else ""
        return reasons_to_stay(running, self.session.unsaved())

    def interrupted(self) -> str:
        """Title of the training of the project that was interrupted last; nothing while one is under way."""
        run = self._interrupted()
        return "" if run is None else run.title

    def go_on_training(self) -> None:
        """Go on with that training, and show it."""
        run = self._interrupted()
        if run is not None:
            panel: Any = self.show_panel("Train")
            panel.controller.resume(run.path)

    def _interrupted(self) -> Run | None:
        panel: Any = self._panels.get("Train")
        if self.session.project is None or (panel is not None and panel.trainer.running):
            return None
        return to_go_on_with(self.session.project.runs)

    def find_nuclei(self) -> None:
        """Segment the image that is seen with the model in the box."""
        self.session.use_model(NUCLEI)
        panel: Any = self.show_panel("Segment")
        panel.segment_seen()


def _empty() -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    return page
