"""The panel for looking at border weights and deformations."""

from __future__ import annotations

from qtpy.QtWidgets import QGroupBox, QVBoxLayout, QWidget

from napari_cellseg.preview.borders import BordersSection
from napari_cellseg.preview.deformations import DeformationsSection
from napari_cellseg.session import Session
from napari_cellseg.widgets import column, scrolled


class PreviewPanel(QWidget):
    """Preview of images and labels as a training will see them."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.borders = BordersSection(session)
        self.deformations = DeformationsSection(session)
        inside = QWidget()
        groups = QVBoxLayout(inside)
        for title, section in (("Borders", self.borders), ("Elastic deformation", self.deformations)):
            group = QGroupBox(title)
            QVBoxLayout(group).addWidget(section)
            groups.addWidget(group)
        groups.addStretch()
        scroll = scrolled(inside)
        scroll.setMinimumWidth(inside.minimumSizeHint().width() + scroll.verticalScrollBar().sizeHint().width())
        column(scroll, parent=self)
