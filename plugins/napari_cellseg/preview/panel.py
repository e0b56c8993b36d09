"""The panel for looking at border weights and deformations."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_cellseg.session import Session


class PreviewPanel(QWidget):
    """Panel for looking at border weights and deformations."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
