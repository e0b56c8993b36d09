"""The section of the Borders panel that shows how training bends what is seen."""

from __future__ import annotations

import numpy as np
from napari.layers import Image
from napari.utils.notifications import show_warning
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from cellseg import InputError
from cellseg.options import AugmentOptions, described
from napari_cellseg.children.latest import Latest
from napari_cellseg.forms.option_form import OptionForm, SliderSpan, defaults
from napari_cellseg.preview.seen import seen
from napari_cellseg.preview.sheet import as_seen, contact_sheet, middle
from napari_cellseg.session import Session
from napari_cellseg.widgets import button, column

_SPANS: dict[str, SliderSpan] = {"elastic": (0, 40, 0.5), "grid": (2, 10, 1)}
"""The usual values, which the sliders cover, and their steps."""
_TITLES = {"elastic": "Strength in pixels (elastic)", "grid": "Vectors a side (grid)"}


class DeformationsSection(QWidget):
    """Sliders of the elastic deformation, and a window with a contact sheet of the field."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._field: NDArray[np.uint8] | None = None
        self._seed = 0
        self._latest = Latest(self)
        self.sheet = SheetWindow(self)
        shown = {name: described(AugmentOptions)[name] for name in _SPANS}
        self.answers = defaults(shown)
        self.form = OptionForm(self.answers, shown.values(), spans=_SPANS, titles=_TITLES, tall=True)
        tip = "A window with the middle of what is seen of the image, as it is and bent six times."
        look = button("Show deformations of the field", tip, self.look)
        again = button("Others", "Six other deformations of the same strength.", self.draw_others)
        column(self.form, look, again, parent=self)
        self.answers.changed.connect(self._on_answers_changed)
        self._latest.made.connect(self.sheet.show_sheet)
        self._latest.failed.connect(show_warning)

    def options(self) -> AugmentOptions:
        """The settings; those that have no slider are at their defaults."""
        return AugmentOptions(**self.answers.values)

    def look(self) -> None:
        """Take what is seen of the image now, and show it deformed."""
        image = self._session.image()
        if image is None:
            show_warning("There is no image layer to deform. Open an image first.")
            return
        try:
            self._field = _field_seen(self._session, image)
        except InputError as error:
            show_warning(str(error))
            return
        self.sheet.show()
        self.sheet.raise_()
        self._draw()

    def draw_others(self) -> None:
        """Six other deformations."""
        self._seed += 1
        self._draw()

    def _on_answers_changed(self) -> None:
        self._session.set_training(**self.answers.values)
        if self.sheet.isVisible():
            self._draw()

    def _draw(self) -> None:
        if self._field is not None:
            field, options, seed = self._field, self.options(), self._seed
            self._latest.ask(lambda: contact_sheet(field, options, seed))


class SheetWindow(QWidget):
    """A window of its own that shows a picture as large as it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle("Elastic deformations: as it is, with a grid, and six times deformed")
        self.resize(1000, 520)
        self._picture: QPixmap | None = None
        self._label = QLabel()
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._label.setMinimumSize(200, 100)
        layout = QVBoxLayout(self)
        layout.addWidget(self._label)

    def show_sheet(self, sheet: NDArray[np.uint8]) -> None:
        """Show (h, w, 3) uint8."""
        height, width = sheet.shape[:2]
        image = QImage(sheet.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
        self._picture = QPixmap.fromImage(image)
        self._fit()

    def resizeEvent(self, event: object) -> None:
        """Qt's: the picture follows the window."""
        self._fit()

    def _fit(self) -> None:
        if self._picture is not None:
            keep, smooth = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            self._label.setPixmap(self._picture.scaled(self._label.size(), keep, smooth))


def _field_seen(session: Session, image: Image) -> NDArray[np.uint8]:
    """The middle of what is seen of an image layer, (H, W, 3), as bright as it is shown."""
    what = seen(session.viewer, image)
    return as_seen(what.plane.read(*middle(what.field)), *image.contrast_limits)
