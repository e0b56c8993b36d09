"""The panel for annotating."""

from __future__ import annotations

from napari.layers import Labels
from napari.utils.notifications import show_warning
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

import cellseg
from napari_cellseg.annotate.amounts import amount, area
from napari_cellseg.annotate.annotator import Annotator
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.diagnosis import Diagnosis
from napari_cellseg.annotate.doctor import Line, Spot
from napari_cellseg.annotate.keys import ACTIONS, BY_NAME, short, shown, tooltip
from napari_cellseg.annotate.legend import Legend, icon, icon_size
from napari_cellseg.annotate.places import image_of
from napari_cellseg.annotate.project_bar import ProjectBar
from napari_cellseg.annotation import BACKGROUND, NOT_ANNOTATED, is_annotation
from napari_cellseg.exchange.section import ExchangeSection
from napari_cellseg.session import Session
from napari_cellseg.widgets import column, fold, row, scrolled, slim_button, text_line

ROWS = (
    ("new_cell", "previous_cell", "next_cell"),
    ("brush", "background", "eraser"),
    ("pick", "fill_holes", "fill_region"),
    ("smooth", "split", "merge"),
    ("delete", "delete_to_background"),
    ("undo", "redo"),
)
"""Actions of each row of buttons."""
CHECKED = {"brush": "paint", "eraser": "erase", "pick": "pick"}
"""Buttons that stay down while the layer is in that mode."""
COLOURS = {"error": (0.84, 0.37, 0.0, 1.0), "warning": (0.90, 0.62, 0.0, 1.0), "note": (0.34, 0.71, 0.91, 1.0)}
SPOT_PX = 48
"""Half a side of what is shown around a finding."""
GAP = 4


class AnnotatePanel(QWidget):
    """Panel for annotating."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.annotator = Annotator(session)  # without a parent: it outlives the window by as much as it needs to let go
        self._viewer = self.annotator.viewer
        self._diagnosis = Diagnosis()
        self._buttons: dict[str, QPushButton] = {}
        self._listened: Labels | None = None
        self.project = ProjectBar(session, self.annotator)
        self._build()
        self.annotator.target_changed.connect(self._on_target)
        self.annotator.updated.connect(self._refresh)
        self._diagnosis.found.connect(self._show_findings)
        self._diagnosis.failed.connect(self._on_no_findings)
        self.destroyed.connect(self._diagnosis.close)
        self.destroyed.connect(self.annotator.close)
        self._on_target()

    # what is seen

    def _build(self) -> None:
        content = QWidget()
        page = QVBoxLayout(content)
        page.setContentsMargins(6, 6, 6, 6)
        parts = (self.project, self._headline(), self._tools(), self._counter(), self._doctor(), self._exchange())
        for part in (*parts, _key_table()):
            page.addWidget(part)
        page.addStretch()
        column(scrolled(content), parent=self)

    def _headline(self) -> QWidget:
        self._name = text_line()
        tip = "An empty annotation over the chosen image, without a project."
        self._begin = slim_button("Annotate the image", tip, self._annotate)
        tip = "The chosen labels are an annotation: 0 = not annotated, 1 = background."
        self._use = slim_button("1 is background", tip, lambda: self._use_labels(2))
        tip = "Make an annotation of the chosen labels, in which cells begin with 2."
        self._shift = slim_button("1 is a cell", tip, lambda: self._use_labels(1))
        self._chosen_colour, self._chosen = QLabel(), QLabel()
        self._chosen.setToolTip("What the brush paints.")
        self._hint = text_line()
        self._hint.setStyleSheet("font-style: italic;")
        chosen = row(self._chosen_colour, self._chosen)
        chosen.layout().setStretch(1, 1)
        return column(self._name, row(self._begin, self._use, self._shift), chosen, self._hint)

    def _tools(self) -> QWidget:
        self._edit = QWidget()
        grid = QGridLayout(self._edit)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(3)
        for line, names in enumerate(ROWS):
            span = 6 // len(names)
            for place, name in enumerate(names):
                grid.addWidget(self._action_button(name), line, place * span, 1, span)
        grid.addWidget(self._action_button("next_place"), len(ROWS), 0, 1, 6)
        return self._edit

    def _action_button(self, name: str) -> QPushButton:
        action = BY_NAME[name]
        made = slim_button(f"{action.title}  {short(action.key)}", tooltip(action), lambda: self._press(name))
        made.setCheckable(name in CHECKED or name in ("split", "merge", "background"))
        self._buttons[name] = made
        return made

    def _counter(self) -> QWidget:
        self._count = text_line()
        self._count.setToolTip("Of the plane that is seen; of a stack the second line says it of all planes.")
        return column(self._count, Legend(), above=GAP)

    def _exchange(self) -> QWidget:
        return fold("Import and export", "Annotation from and to other programs.", ExchangeSection(self._session))

    def _doctor(self) -> QWidget:
        tip = "Has the label doctor look for specks, cells in two pieces and other slips."
        self._check = slim_button("Check the annotation", tip, self._diagnose)
        self._verdict = text_line()
        self._findings = QListWidget()
        self._findings.setWordWrap(True)
        self._findings.setMinimumHeight(110)
        self._findings.setMaximumHeight(220)
        self._findings.setToolTip("Click on a line to go there.")
        self._findings.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._findings.itemClicked.connect(self._go_to_finding)
        self._verdict.hide()
        self._findings.hide()
        return column(self._check, self._verdict, self._findings, above=GAP)

    # what it shows

    def _on_target(self) -> None:
        if self._listened is not None:
            self._listened.events.mode.disconnect(self._refresh)
        target = self.annotator.target
        self._listened = target.layer if target is not None else None
        if self._listened is not None:
            self._listened.events.mode.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        self.project.refresh()
        target = self.annotator.target
        active = self._viewer.layers.selection.active
        unused = isinstance(active, Labels) and not is_annotation(active)
        self._edit.setEnabled(target is not None)
        self._check.setEnabled(target is not None and not self._diagnosis.running)
        self._begin.setVisible(target is None and not unused and self._session.image() is not None)
        self._use.setVisible(unused)
        self._shift.setVisible(unused)
        self._name.setText(self._headline_text(unused))
        self._hint.setText(self.annotator.hint)
        self._hint.setVisible(bool(self.annotator.hint))
        for widget in (self._chosen, self._chosen_colour):
            widget.setVisible(target is not None)
        if target is None:
            self._count.setText("")
            return
        self._show_chosen(target.layer)
        self._show_counts()
        self._buttons["undo"].setEnabled(target.can_undo)
        self._buttons["redo"].setEnabled(target.can_redo)

    def _headline_text(self, unused: bool) -> str:
        target = self.annotator.target
        if unused:
            name = self._viewer.layers.selection.active.name
            return f"<b>{name}</b> is no annotation yet. What does the value 1 mean in it?"
        if target is not None:
            return f"Annotating <b>{target.layer.name}</b>"
        if self._session.image() is None:
            return "Open an image or a project to annotate."
        return "No annotation yet."

    def _show_chosen(self, layer: Labels) -> None:
        number = int(layer.selected_label)
        words = {NOT_ANNOTATED: "Nothing: not annotated", BACKGROUND: "Background"}.get(number, f"Cell {number}")
        colour = layer.get_color(number)
        self._chosen.setText(words)
        rgba = (0.0, 0.0, 0.0, 0.0) if colour is None else tuple(float(value) for value in colour)
        self._chosen_colour.setPixmap(icon(rgba).pixmap(icon_size()))
        for name, mode in CHECKED.items():
            down = layer.mode == mode and not (name == "brush" and number == BACKGROUND)
            self._buttons[name].setChecked(down)
        self._buttons["background"].setChecked(layer.mode == "paint" and number == BACKGROUND)
        for name in ("split", "merge"):
            self._buttons[name].setChecked(self.annotator.tool == name)

    def _show_counts(self) -> None:
        target = self.annotator.target
        assert target is not None, "only called for an annotation"
        if not self.annotator.ready:
            self._count.setText(f"Reading the annotation: {target.index.done / target.index.total:.0%}")
            return
        planes, height, width = target.shape
        scale, unit = target.layer.scale[-2:], str(target.layer.units[-1])

        def line(plane: int | None, total: int) -> str:
            pixels = target.index.annotated(plane)
            return amount(target.index.count(plane), pixels, total, area(pixels, scale, unit))

        try:
            plane = target.plane(self._viewer.dims)
        except cellseg.InputError:
            plane = None
        words = line(plane, height * width if plane is not None else planes * height * width)
        if plane is not None and planes > 1:
            words = f"Plane {plane + 1}: {words}\nAll: {line(None, planes * height * width)}"
        self._count.setText(words)

    # what it does

    def _press(self, name: str) -> None:
        self.annotator.run(name)
        self._refresh()  # a button that was pressed shows what is so, not that it was pressed

    def _annotate(self) -> None:
        image = self._session.image()
        if image is not None:
            self.annotator.annotate(image)

    def _use_labels(self, cells_from: int) -> None:
        active = self._viewer.layers.selection.active
        if isinstance(active, Labels):
            self.annotator.use(active, cells_from)

    def _diagnose(self) -> None:
        target = self.annotator.target
        if target is None:
            return
        try:
            self._diagnosis.start(target, image_of(list(self._viewer.layers), target))
        except cellseg.InputError as error:
            show_warning(str(error))
            return
        self._check.setEnabled(False)
        self._findings.hide()
        self._verdict.setText("The label doctor is looking ...")
        self._verdict.show()

    def _show_findings(self, verdict: str, found: list[Line]) -> None:
        self._findings.clear()
        for line in found:
            item = QListWidgetItem(line.text if line.severity else f"    {line.text}")
            item.setToolTip(line.remedy or "Click to go there.")
            item.setData(Qt.ItemDataRole.UserRole, line.spot)
            if line.severity:
                item.setIcon(icon(COLOURS[line.severity]))
                item.setToolTip(f"{line.severity}: {line.remedy}")
            self._findings.addItem(item)
        self._findings.setVisible(bool(found))
        self._verdict.setText(verdict if found else f"{verdict}; nothing was found")
        self._check.setEnabled(True)

    def _on_no_findings(self, why: str) -> None:
        self._verdict.setText("")
        self._verdict.hide()
        self._check.setEnabled(True)
        show_warning(why)

    def _go_to_finding(self, item: QListWidgetItem) -> None:
        spot = item.data(Qt.ItemDataRole.UserRole)
        target = self.annotator.target
        if isinstance(spot, Spot) and target is not None:
            pixel = PlaneBox(spot.row, spot.column, spot.row + 1, spot.column + 1)
            self.annotator.look_at(spot.plane, pixel.grown(SPOT_PX, target.shape[1:]))


def _key_table() -> QWidget:
    """All keys, folded away."""
    table = QTableWidget(len(ACTIONS), 2)
    for line, action in enumerate(ACTIONS):
        for place, text in enumerate((shown(action.key), action.tip.partition(".")[0])):
            item = QTableWidgetItem(text)
            item.setToolTip(action.tip)
            table.setItem(line, place, item)
    table.setHorizontalHeaderLabels(["Key", "Does"])
    table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    table.verticalHeader().hide()
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setMinimumHeight(260)
    return fold("Keys", "They work while the annotation is the active layer and the mouse is over the image.", table)
