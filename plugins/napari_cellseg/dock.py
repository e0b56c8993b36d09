"""The dock widget: a panel a stage of the work, each made when it is first looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_cellseg.project.layers import follow
from napari_cellseg.project.seen import SeenImages
from napari_cellseg.session import Session

if TYPE_CHECKING:
    import napari


def _annotate(session: Session) -> QWidget:
    from napari_cellseg.annotate.panel import AnnotatePanel

    return AnnotatePanel(session)


def _borders(session: Session) -> QWidget:
    from napari_cellseg.preview.panel import PreviewPanel

    return PreviewPanel(session)


def _train(session: Session) -> QWidget:
    from napari_cellseg.train.panel import TrainPanel

    return TrainPanel(session)


def _segment(session: Session) -> QWidget:
    from napari_cellseg.segment.panel import SegmentPanel

    return SegmentPanel(session)


def _measure(session: Session) -> QWidget:
    from napari_cellseg.measure.panel import MeasurePanel

    return MeasurePanel(session)


PANELS: dict[str, Callable[[Session], QWidget]] = {
    "Annotate": _annotate,
    "Borders": _borders,
    "Train": _train,
    "Segment": _segment,
    "Measure": _measure,
}
"""Title and maker of each panel, in the order of the work; each is imported when it is first looked at."""
_WIDTH_PX = 350
"""All titles and three buttons in a row."""


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
        layout.addWidget(self._tabs)
        self._seen = SeenImages(self.session)
        self.destroyed.connect(self._seen.close)
        self.show_panel("Annotate")
        follow(self.session)

    def panel(self, title: str) -> QWidget:
        """The panel of that title, made now if it was not."""
        if title not in self._panels:
            self._panels[title] = PANELS[title](self.session)
            page = self._tabs.widget(list(PANELS).index(title))
            page.layout().addWidget(self._panels[title])
        return self._panels[title]

    def show_panel(self, title: str) -> QWidget:
        """Bring a panel to the front."""
        self._tabs.setCurrentIndex(list(PANELS).index(title))
        return self.panel(title)


def _empty() -> QWidget:
    page = QWidget()
    layout = QVBoxLayout(page)
    layout.setContentsMargins(0, 0, 0, 0)
    return page
