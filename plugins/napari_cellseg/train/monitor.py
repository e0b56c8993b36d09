"""A training that runs: how far it is, its curves, and the buttons to pause and stop it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QProgressBar, QSizePolicy, QWidget

from napari_cellseg.train.curves import Curves
from napari_cellseg.train.progress import TrainingProgress
from napari_cellseg.widgets import button, column, row, text_line

_WORDS = {
    "idle": "",
    "preparing": "Reading the data and making weight maps ...",
    "training": "Training",
    "paused": "Paused",
    "finished": "Finished",
    "stopped": "Stopped; what was learnt is kept",
    "failed": "Failed",
}


class Monitor(QWidget):
    """Shows a `TrainingProgress`; its buttons only tell what was wished."""

    paused = Signal()
    continued = Signal()
    stopped = Signal()
    previewed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._is_paused = False
        self.state = QLabel()
        self.bar = QProgressBar()
        self.bar.setToolTip("Steps done.")
        self.figures = figures_label()
        self.curves = Curves()
        self.pause = button("Pause", "Wait after this step; the processor is free meanwhile.", self._tell_pause)
        tip = "End after this step. The best model so far stays in the run folder; you can go on later."
        self.stop = button("Stop and keep the best", tip, self.stopped.emit)
        self.live = QCheckBox("Preview as it learns")
        self.live.setChecked(True)
        self.live.setToolTip("After each validation, predict the visible field with the model so far.")
        self.now = button("Preview now", "Predict the visible field with the model kept so far.", self.previewed.emit)
        above = self.state, self.bar, self.figures, self.curves
        column(*above, row(self.pause, self.stop), row(self.live, self.now), parent=self)

    def show_progress(self, progress: TrainingProgress) -> None:
        """Show how far it is."""
        going = progress.phase in ("preparing", "training", "paused")
        self._is_paused = progress.phase == "paused"
        self.state.setText(f"<b>{_WORDS[progress.phase]}</b>")
        self.bar.setRange(0, progress.steps)  # 0 to 0: busy, nobody knows for how long
        self.bar.setValue(progress.step)
        self.bar.setVisible(going)
        self.figures.setText(as_table(progress.lines))
        self.pause.setText("Continue" if self._is_paused else "Pause")
        self.pause.setVisible(going)
        self.pause.setEnabled(progress.phase in ("training", "paused"))
        self.stop.setVisible(going)
        self.now.setEnabled(progress.has_model)
        self.curves.setVisible(bool(progress.losses))
        self.curves.show_progress(progress)

    def _tell_pause(self) -> None:
        (self.continued if self._is_paused else self.paused).emit()


def figures_label() -> QLabel:
    """A label for names and figures that may be selected and copied."""
    label = text_line()
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def as_table(lines: Sequence[tuple[str, str]]) -> str:
    """Names and figures in two columns."""
    rows = "".join(f"<tr><td><i>{escape(name)}</i>&nbsp;</td><td>{escape(text)}</td></tr>" for name, text in lines)
    return f"<table>{rows}</table>"
