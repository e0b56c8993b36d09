"""The dock widget: a panel a stage of the work, each made when it is first looked at."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from qtpy.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from napari_cellseg.project.layers import follow
from napari_cellseg.session import Session

if TYPE_CHECKING:
    import napari

PANELS = {
    "Annotate": "napari_cellseg.annotate.panel:AnnotatePanel",
    "Borders": "napari_cellseg.preview.panel:PreviewPanel",
    "Train": "napari_cellseg.train.panel:TrainPanel",
    "Segment": "napari_cellseg.segment.panel:SegmentPanel",
    "Measure": "napari_cellseg.measure.panel:MeasurePanel",
}
"""Title and class of each panel, in the order of the work. A panel is a QWidget made from the session."""
WIDTH_PX = 350
"""All titles and three buttons in a row."""


class CellsegDock(QWidget):
    """All panels of one viewer."""

    def __init__(self, napari_viewer: napari.Viewer) -> None:
        super().__init__()
        self.session = Session(napari_viewer)
        self._tabs = QTabWidget()
        self._tabs.setUsesScrollButtons(False)
        self.setMinimumWidth(WIDTH_PX)
        self._panels: dict[str, QWidget] = {}
        for title in PANELS:
            self._tabs.addTab(_empty(), title)
        self._tabs.currentChanged.connect(lambda index: self.panel(list(PANELS)[index]))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._tabs)
        self.show_panel("Annotate")
        follow(self.session)

    def panel(self, title: str) -> QWidget:
        """The panel of that title, made now if it was not."""
        if title not in self._panels:
            module, name = PANELS[title].split(":")
            self._panels[title] = getattr(import_module(module), name)(self.session)
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
