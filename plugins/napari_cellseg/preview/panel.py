"""The panel for looking at border weights and deformations."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGroupBox, QScrollArea, QVBoxLayout, QWidget

from napari_cellseg.preview.borders import BordersSection
from napari_cellseg.preview.deformations import DeformationsSection
from napari_cellseg.session import Session


class PreviewPanel(QWidget):
    """What training will make of images and labels, before it begins."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.borders = BordersSection(session)
        self.deformations = DeformationsSection(session)
        inside = QWidget()
        column = QVBoxLayout(inside)
        for title, section in (("Borders", self.borders), ("Elastic deformation", self.deformations)):
            group = QGroupBox(title)
            QVBoxLayout(group).addWidget(section)
            column.addWidget(group)
        column.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setMinimumWidth(inside.minimumSizeHint().width() + scroll.verticalScrollBar().sizeHint().width())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroll)
