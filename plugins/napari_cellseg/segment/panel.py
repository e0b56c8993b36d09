"""The panel for segmenting."""

from __future__ import annotations

from qtpy.QtWidgets import QWidget

from napari_cellseg.session import Session


class SegmentPanel(QWidget):
    """Panel for segmenting."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
