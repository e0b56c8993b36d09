"""The panel for annotating."""

from __future__ import annotations

from napari.layers import Labels
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

import cellseg
from napari_cellseg.annotate.amounts import counted
from napari_cellseg.annotate.annotator import Annotator
from napari_cellseg.annotate.buttons import ActionButtons, buttons_down
from napari_cellseg.annotate.classes_view import ClassesView
from napari_cellseg.annotate.findings import FindingsView
from napari_cellseg.annotate.headline import AnnotateHeadline, chosen_words
from napari_cellseg.annotate.key_table import key_table
from napari_cellseg.annotate.layer import AnnotatedLayer
from napari_cellseg.annotate.legend import Legend, icon, icon_size
from napari_cellseg.annotate.project_bar import ProjectBar
from napari_cellseg.annotation import is_annotation, is_result
from napari_cellseg.exchange.section import ExchangeSection
from napari_cellseg.session import Session
from napari_cellseg.widgets import column, fold, row, scrolled, slim_button, text_line

_GAP = 4
NO_COLOUR = (0.0, 0.0, 0.0, 0.0)


class AnnotatePanel(QWidget):
    """Panel for annotating."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.annotator = Annotator(session)  # without a parent: it outlives the window by as much as it needs to let go
        self._viewer = self.annotator.viewer
        self._listened: Labels | None = None
        self.project = ProjectBar(session, self.annotator)
        self.actions = ActionButtons(self._press)
        self.classes = ClassesView(session, self.annotator.classing)
        self.findings = FindingsView(self.annotator, above=_GAP)
        self._build()
        self.annotator.target_changed.connect(self._on_target)
        self.annotator.updated.connect(self._refresh)
        self.destroyed.connect(self.annotator.close)
        self._on_target()

    # what is seen

    def _build(self) -> None:
        content = QWidget()
        page = QVBoxLayout(content)
        page.setContentsMargins(6, 6, 6, 6)
        exchange = fold("Import and export", "Annotation from and to other programs.", ExchangeSection(self._session))
        above = (self.project, self._headline(), self.classes, self.actions)
        for part in (*above, self._counter(), self.findings, exchange, key_table()):
            page.addWidget(part)
        page.addStretch()
        column(scrolled(content), parent=self)

    def _headline(self) -> QWidget:
        self._name = text_line()
        tip = "An empty annotation over the chosen image, without a project."
        self._begin = slim_button("Annotate the image", tip, self._annotate)
        tip = "The chosen labels are an annotation: 0 = not annotated, 1 = background, 2 and up are cells."
        self._use = slim_button("1 is background", tip, lambda: self._use_labels(2))
        tip = "The chosen labels are cells from 1 on, and 0 is background. They are corrected where they are."
        self._shift = slim_button("1 is a cell", tip, lambda: self._use_labels(1))
        self._chosen_colour, self._chosen = QLabel(), QLabel()
        self._chosen.setToolTip("What the brush paints.")
        self._hint = text_line()
        self._hint.setStyleSheet("font-style: italic;")
        chosen = row(self._chosen_colour, self._chosen)
        chosen.layout().setStretch(1, 1)
        return column(self._name, row(self._begin, self._use, self._shift), chosen, self._hint)

    def _counter(self) -> QWidget:
        self._count = text_line()
        self._count.setToolTip("Of the plane that is seen; of a stack the second line says it of all planes.")
        return column(self._count, Legend(), above=_GAP)

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
        self.findings.refresh()
        self._show_headline()
        target = self.annotator.target
        for widget in (self._chosen, self._chosen_colour):
            widget.setVisible(target is not None)
        self.actions.setEnabled(target is not None)
        self._count.setText("" if target is None else self._counted(target))
        if target is not None:
            self._show_chosen(target)

    def _show_headline(self) -> None:
        target, unused = self.annotator.target, self._unused()
        headline = AnnotateHeadline.of(
            unused=None if unused is None else unused.name,
            target=None if target is None else target.layer.name,
            image=self._session.image() is not None,
            result=target is not None and is_result(target.layer),
        )
        self._name.setText(headline.text)
        self._begin.setVisible(headline.begin)
        self._use.setVisible(headline.use)
        self._shift.setVisible(headline.use)
        self._hint.setText(self.annotator.hint)
        self._hint.setVisible(bool(self.annotator.hint))

    def _show_chosen(self, target: AnnotatedLayer) -> None:
        layer = target.layer
        number = int(layer.selected_label)
        colour = layer.get_color(number)
        rgba = NO_COLOUR if colour is None else tuple(float(value) for value in colour)
        self._chosen.setText(chosen_words(number, target.code, self._class_of_chosen()))
        self._chosen_colour.setPixmap(icon(rgba).pixmap(icon_size()))
        down = buttons_down(str(layer.mode), number, self.annotator.tool, target.code.background)
        self.actions.show_state(down, can_undo=target.can_undo, can_redo=target.can_redo)

    def _class_of_chosen(self) -> str:
        try:
            return self.annotator.classing.words_of_chosen()
        except cellseg.InputError:  # no single plane is seen
            return ""

    def _counted(self, target: AnnotatedLayer) -> str:
        try:
            plane = target.plane(self._viewer.dims)
        except cellseg.InputError:
            plane = None
        return counted(target, plane)

    # what it does

    def _press(self, name: str) -> None:
        self.annotator.run(name)
        self._refresh()  # a button that was pressed shows what is so, not that it was pressed

    def _annotate(self) -> None:
        image = self._session.image()
        if image is not None:
            self.annotator.annotate(image)

    def _unused(self) -> Labels | None:
        """The active labels, if nobody said what their values mean."""
        active = self._viewer.layers.selection.active
        return active if isinstance(active, Labels) and not (is_annotation(active) or is_result(active)) else None

    def _use_labels(self, cells_from: int) -> None:
        active = self._viewer.layers.selection.active
        if isinstance(active, Labels):
            self.annotator.use(active, cells_from)
