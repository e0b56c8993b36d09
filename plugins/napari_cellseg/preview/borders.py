"""The section of the Borders panel that shows weights and separating borders of what is seen, as it is painted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.notifications import show_info
from numpy.typing import NDArray
from qtpy.compat import isalive
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QCheckBox, QWidget

from cellseg import InputError
from cellseg.options import AugmentOptions, WeightOptions, described
from napari_cellseg.annotation import is_annotation
from napari_cellseg.camera import camera
from napari_cellseg.children.latest import Latest
from napari_cellseg.forms.option_form import defaults
from napari_cellseg.pixels.layer_files import file_that_shows, named_file, whole_of
from napari_cellseg.preview.balance import class_frequencies
from napari_cellseg.preview.border_layers import BorderLayers
from napari_cellseg.preview.command import train_command, weights_command
from napari_cellseg.preview.plane import Plane
from napari_cellseg.preview.seen import seen
from napari_cellseg.preview.settings import WeightSettings
from napari_cellseg.preview.warm import load
from napari_cellseg.preview.weights import BordersPreview, margin, preview
from napari_cellseg.preview.window import plan_window
from napari_cellseg.session import Session
from napari_cellseg.widgets import button, column, later, text_line

SOON_MS = 20
"""Between a change and the preview; changes meanwhile make no second one."""
STILL_MS = 250
"""Without a change for so long the preview is made as fine as the screen."""
MOST_MOVING = 1_000_000
"""Pixels that are weighed while things move: 70 ms of one core."""
MOST_STILL = 4_000_000
COUNT_MS = 1500
"""Between a stroke and the counting of the classes."""
WATCHED = ("set_data", "labels_update", "paint", "scale", "translate")
"""A labels layer's events after which its preview is another one."""


class BordersSection(QWidget):
    """Weights and separating borders of the visible field, as layers that follow camera, strokes and sliders."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self.answers = defaults(described(WeightOptions))
        self._labels: Labels | None = None
        self._layers = BorderLayers(session.viewer)
        self._frequencies: NDArray[np.int64] | None = None
        self._shown: BordersPreview | None = None
        self._preview, self._count = Latest(self), Latest(self)
        self._soon = later(self, SOON_MS, partial(self._refresh, MOST_MOVING))
        self._still = later(self, STILL_MS, self._on_still)
        self._recount = later(self, COUNT_MS, self._count_classes)
        self._make_widgets()
        self._connect()
        self._preview.ask(load)

    def options(self) -> WeightOptions:
        """The settings."""
        return WeightOptions(**self.answers.values)

    def command(self) -> str:
        """The settings as a command line: the weight map of the labels' file, or a training."""
        labels = self._session.labels()
        file = None if labels is None else label_file(labels)
        if file is None:
            return train_command(self.options(), AugmentOptions())
        return weights_command(file, self.options())

    # the panel

    def _make_widgets(self) -> None:
        self._show_weights = QCheckBox("Show border weights")
        self._show_weights.setToolTip(
            "How much each pixel counts in training, of what is seen: bright between cells that nearly touch. "
            "Not annotated pixels weigh nothing."
        )
        self._show_borders = QCheckBox("Show separating borders")
        self._show_borders.setToolTip(
            "The pixels by which cells that touch draw back, so that the network learns to keep them apart."
        )
        self._boxes = {"weights": self._show_weights, "borders": self._show_borders}
        self.settings = WeightSettings(self.answers)
        self._note = text_line()
        tip = "The same settings for the command line: of this label file, or of a training."
        copy = button("Copy the command", tip, self._copy_command)
        column(self._show_weights, self._show_borders, self.settings, self._note, copy, parent=self)

    def _connect(self) -> None:
        self.answers.changed.connect(self._on_answers_changed)
        self._show_weights.toggled.connect(partial(self._on_toggled, "weights"))
        self._show_borders.toggled.connect(partial(self._on_toggled, "borders"))
        self._preview.made.connect(self._on_preview_made)
        self._preview.failed.connect(self._note.setText)
        self._count.made.connect(self._on_classes_counted)
        self._count.failed.connect(self._note.setText)
        viewer = self._session.viewer
        camera(viewer).events.connect(self._on_view_changed)
        for name in ("current_step", "order", "ndisplay"):
            getattr(viewer.dims.events, name).connect(self._on_view_changed)
        viewer.layers.selection.events.active.connect(self._on_view_changed)
        viewer.layers.events.removed.connect(self._on_layer_removed)

    # following

    @property
    def _active(self) -> bool:
        return bool(self._wanted())

    def _on_answers_changed(self) -> None:
        self._session.set_training(**self.answers.values)
        self._on_view_changed()

    def _on_view_changed(self, event: Any = None) -> None:
        """Something was moved or set; also called by the viewer after the panel was closed."""
        if isalive(self) and self._active and not self._layers.placing and not self._soon.isActive():
            self._soon.start()

    def _on_painted(self, event: Any = None) -> None:
        if isalive(self) and self._active and not self._layers.placing:
            self._on_view_changed()
            self._recount.start()

    def _follow(self, labels: Labels) -> None:
        """Watch this layer from now on."""
        if self._labels is labels:
            return
        if self._labels is not None:
            for name in WATCHED:
                getattr(self._labels.events, name).disconnect(self._on_painted)
        self._labels, self._frequencies = labels, None
        for name in WATCHED:
            getattr(labels.events, name).connect(self._on_painted)
        self._count_classes()

    def _refresh(self, most: int) -> None:
        labels = self._session.labels()
        if not self._active:
            return
        if labels is None:
            self._note.setText("Select a labels layer whose border weights are wanted.")
            return
        self._follow(labels)
        try:
            what = seen(self._session.viewer, labels)
        except InputError as error:
            self._note.setText(str(error))
            return
        options, annotation = self.options(), is_annotation(labels)
        window = plan_window(what.field, what.plane.shape, margin(options), most, what.coarseness)
        make = partial(preview, annotation=annotation, frequencies=self._balanced_by(options))
        self._preview.ask(lambda: (labels, make(what.plane, window, options)))
        self._still.start()

    def _on_still(self) -> None:
        """Things stand still: show the canvas as it is by now, as finely as it can be seen."""
        if self._preview.busy:
            self._still.start()
        elif self._labels is not None and self._active:
            self._refine(self._labels)

    def _refine(self, labels: Labels) -> None:
        try:
            what = seen(self._session.viewer, labels)
        except InputError:
            return
        wanted = plan_window(what.field, what.plane.shape, margin(self.options()), MOST_STILL, what.coarseness)
        if self._shown is not None and wanted != self._shown.window:
            self._refresh(MOST_STILL)

    # the balance of the classes

    def _balanced_by(self, options: WeightOptions) -> NDArray[np.int64] | None:
        return self._frequencies if options.balance != "none" else None

    def _count_classes(self) -> None:
        if self._labels is None or self._labels.multiscale or self._labels.ndim < 2:
            return
        planes, annotation = planes_of(self._labels), is_annotation(self._labels)
        self._count.ask(lambda: class_frequencies(planes, annotation))

    def _on_classes_counted(self, frequencies: NDArray[np.int64]) -> None:
        self._frequencies = frequencies
        self._on_view_changed()

    # the layers

    def _on_preview_made(self, made: tuple[Labels, BordersPreview] | None) -> None:
        if made is None or made[0] not in self._session.viewer.layers or not self._active:
            return
        labels, self._shown = made
        self._layers.show(self._shown, labels, self._wanted(), self.options().w0)
        self._note.setText(_shown_words(self._shown))

    def _wanted(self) -> list[str]:
        return [what for what, box in self._boxes.items() if box.isChecked()]

    def _on_toggled(self, what: str, on: bool) -> None:
        if on:
            self._on_view_changed()
        else:
            self._layers.remove(what)

    def _on_layer_removed(self, event: Any) -> None:
        """A layer was removed, by the panel or by the user."""
        if not isalive(self):
            return
        for what in self._layers.forget(event.value):
            self._boxes[what].setChecked(False)
        if event.value is self._labels:
            self._labels = None

    def _copy_command(self) -> None:
        command = self.command()
        QGuiApplication.clipboard().setText(command)
        show_info(f"Copied: {command}")


def label_file(labels: Labels) -> Path | None:
    """The file that shows a layer's labels as they are now; none of an annotation, whose 0 is not background."""
    if is_annotation(labels):
        return None
    return file_that_shows(named_file(labels), whole_of(labels))


def planes_of(labels: Labels) -> list[Plane]:
    """All planes of a layer."""
    shape = labels.data.shape
    return [Plane(labels.data, index, (shape[-2], shape[-1])) for index in np.ndindex(*shape[:-2])]


def _shown_words(made: BordersPreview) -> str:
    """Sentence on what is shown."""
    high, wide = made.weights.shape
    if made.window.step == 1:
        return f"{wide} x {high} pixels, up to {made.weights.max():.3g}"
    step = made.window.step
    size = f"{wide * step} x {high * step}"
    return f"one pixel in {step} x {step} of {size}, up to {made.weights.max():.3g}; zoom in for all of them"
