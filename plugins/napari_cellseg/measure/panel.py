"""The panel for measuring."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_cellseg.session import Session


class MeasurePanel(QWidget):
    """Panel for measuring."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
