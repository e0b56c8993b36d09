"""Makes the pictures of docs/napari.md: `make tour`, or

    python -m tests.plugins.napari_cellseg.tour [FOLDER]

Somebody annotates a sample, trains, segments, measures and compares in a real window. The training takes some minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "xcb")

import napari
import numpy as np
from napari._qt.dialogs.qt_notification import NapariQtNotification
from numpy.typing import NDArray
from PIL import Image
from pyvirtualdisplay import Display
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QWidget
from skimage.measure import find_contours

from tests.plugins.napari_cellseg.conftest import advice, missing_packages
from tests.plugins.napari_cellseg.project.strokes import settle
from tests.plugins.napari_cellseg.user import Points, User, inside

PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
WIDTH, HEIGHT = 1400, 900
SCREEN = 1600, 1100
CORNER = QPoint(2, 2)
LARGEST = 300_000
"""Bytes of a picture."""
STEPS = 200
PLANE = 1
ROW = 60
"""Of the table, whose cell is shown."""
MIDDLE = np.array([330, 250])
"""Around here somebody annotates, in the plane that is seen first."""


class Tour:
    """A window in which one step after the other is taken and pictured."""

    def __init__(self, folder: Path, project: Path) -> None:
        self._folder, self._project = folder, project
        self.viewer = napari.Viewer(title="cellseg", show=True)
        self.viewer.window.resize(WIDTH, HEIGHT)
        self.viewer.open_sample("cellseg-unet", "touching")
        self._labels = self.viewer.layers["touching labels"]
        self._labels.visible = False
        self.user = User(self.viewer)

    def annotate(self) -> None:
        """Cells around a place and some elsewhere, borders between them, and background."""
        layer = self.user.new_project(self._project)
        true = self._labels.data[PLANE]
        near = nearest(true, MIDDLE)
        layer.brush_size = 7
        for cell in [*near[:9], *near[30:150:24]]:
            self.user.paint_cell(layer, zigzag(inside(true == cell, 3, 5)))
        layer.brush_size = 3
        for cell in near[:9]:
            self.user.paint_background(layer, around(true, cell))
        layer.brush_size = 21
        free = true == 0
        for _ in range(2):
            (line,) = inside(free, 10)
            self.user.paint_background(layer, [line[0], line[-1]])
            free[line[0][0] - 60 : line[0][0] + 60] = False
        layer.brush_size = 7
        self.user.press(Qt.Key.Key_N)
        self.look_at(*MIDDLE, 2.4)
        self.take("annotate")

    def next_place(self) -> None:
        """What W leads to, the second time."""
        for _ in range(2):
            before = self.camera.center
            self.user.press(Qt.Key.Key_W)
            self.user.wait(lambda before=before: self.camera.center != before)
        self.take("next-place")
        self.viewer.layers["cellseg: marks"].visible = False
        self.viewer.dims.set_point(0, PLANE)

    def look_at_borders(self) -> None:
        """Border weights, and the sheet of deformations."""
        panel = self.user.dock.show_panel("Borders")
        self.look_at(*MIDDLE, 4)
        panel.borders._show_weights.click()
        self.user.wait(lambda: "border weights" in self.viewer.layers)
        self.take("borders", after_ms=3000)
        section = panel.deformations
        section.look()
        self.user.wait(lambda: section.sheet._picture is not None)
        self.save(section.sheet, "deformations")
        section.sheet.close()
        panel.borders._show_weights.click()

    def train(self) -> None:
        """Half a training, then the rest."""
        self.viewer.reset_view()
        panel = self.user.plan(steps=STEPS)
        self.user.click(panel.start_button)
        self.user.wait(
            lambda: panel.trainer.progress.step > STEPS / 2 and self.viewer.layers["training preview"].data.any()
        )
        self.take("train")
        self.user.wait(lambda: not panel.trainer.running and panel.previewer._now is None)
        self.viewer.layers["training preview"].visible = False
        self.viewer.layers["touching annotation"].visible = False
        self.viewer.layers.selection.active = self.viewer.layers["touching"]  # which has no brush to be seen

    def segment(self) -> None:
        """Cells, without specks."""
        cells = self.user.segment()
        self.user.choose_size(cells, 100)
        self.look_at(*MIDDLE, 2)
        self.take("segment")

    def measure(self) -> None:
        """The table, with a cell chosen."""
        panel = self.user.dock.show_panel("Measure")
        panel._labels.choose(self.viewer.layers["touching: cells"])
        panel.measure()
        self.user.wait(lambda: panel.cells._model.rowCount() > ROW and not panel._calculator.busy)
        panel.cells._view.selectRow(ROW)
        self.user.wait(lambda: "selected cell" in self.viewer.layers)
        self.take("measure")

    def compare(self) -> None:
        """Errors in colour."""
        self.viewer.layers["selected cell"].visible = False
        comparison = self.user.dock.panel("Measure").comparison
        tabs = comparison.parent().parent().parent().parent()
        tabs.setCurrentIndex(1)
        comparison.form.prediction.choose(self.viewer.layers["touching: cells"])
        comparison.form.truth.choose(self._labels)
        comparison.compare()
        self.user.wait(lambda: comparison._model.rowCount())
        self.viewer.layers["touching: cells"].visible = False
        self.viewer.reset_view()
        self.take("evaluate")

    def classes(self) -> None:
        """Annotated cells of two classes."""
        panel = self.user.dock.show_panel("Annotate")
        annotation = self.viewer.layers["touching annotation"]
        for layer in self.viewer.layers:
            layer.visible = layer.name in ("touching", annotation.name)
        self.viewer.layers.selection.active = annotation
        self.viewer.dims.set_point(0, PLANE)
        self.user.wait(lambda: panel.annotator.target.layer is annotation and panel.annotator.ready)
        panel.classes.set_names("large, small")
        edits, index = panel.annotator.classing.edits, panel.annotator.target.index
        sizes = {cell: index.pixels(cell) for cell in index.cells()}
        for cell, pixels in sizes.items():
            edits.give(cell, 1 if pixels > np.median([*sizes.values()]) else 2)
        self.user.press(Qt.Key.Key_N)
        self.look_at(*MIDDLE, 2.4)
        self.take("classes")

    @property
    def camera(self) -> Any:
        return self.viewer.scene.camera

    def look_at(self, y: float, x: float, zoom: float) -> None:
        """Move the camera."""
        self.camera.center, self.camera.zoom = (y, x), zoom
        QTest.qWait(100)

    def take(self, name: str, after_ms: int = 800) -> None:
        """A picture of the window as it is in a moment, without messages that go away by themselves."""
        QTest.qWait(after_ms)
        window = self.viewer.window._qt_window
        QTest.mouseMove(self.viewer.window._qt_viewer.canvas.native, CORNER)  # the brush's circle is out of the way
        QTest.qWait(100)
        for message in window.findChildren(NapariQtNotification):
            message.close()
        self.save(window, name)

    def save(self, widget: QWidget, name: str) -> None:
        """A picture of a widget."""
        if widget is self.viewer.window._qt_window:
            pixels = self.viewer.screenshot(canvas_only=False, flash=False)
        else:
            file = self._project.parent / "widget.png"
            widget.grab().save(str(file))
            pixels = np.asarray(Image.open(file))
        target = self._folder / f"napari-{name}.png"
        small_png(pixels, target)
        print(f"{target} ({target.stat().st_size / 1000:.0f} kB)", flush=True)


def small_png(pixels: NDArray[np.uint8], target: Path) -> None:
    """Write (H, W, 3 or 4) uint8 with as many colours as fit into `LARGEST` bytes."""
    picture = Image.fromarray(pixels[..., :3])
    for colours in (256, 128, 64, 32):
        picture.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE).save(
            target, optimize=True
        )
        if target.stat().st_size <= LARGEST:
            return


def nearest(labels: NDArray[np.integer], place: NDArray[np.integer]) -> list[int]:
    """Numbers of the larger cells of (H, W), those near a place (y, x) first."""
    sizes = np.bincount(labels.ravel())
    large = [number for number in range(1, len(sizes)) if sizes[number] > 500]
    return sorted(large, key=lambda number: float(np.abs(np.argwhere(labels == number).mean(axis=0) - place).sum()))


def zigzag(lines: list[Points]) -> Points:
    """One stroke along lines, to and fro."""
    return [point for number, line in enumerate(lines) for point in (line[0], line[-1])[:: 1 - 2 * (number % 2)]]


def around(labels: NDArray[np.integer], cell: int) -> Points:
    """One stroke along the outline of a cell of (H, W)."""
    outline = max(find_contours(labels == cell, 0.5), key=len)
    points = [(round(y), round(x)) for y, x in outline]
    return [*points[::5], points[0]]


def main(folder: Path) -> None:
    """Make all pictures, on a display that nobody sees."""
    missing = missing_packages()
    if missing:
        sys.exit(advice(missing))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, Display(size=SCREEN):
        tour = Tour(folder, Path(temporary) / "cells")
        settle(tour.viewer)
        for step in (
            tour.annotate,
            tour.next_place,
            tour.look_at_borders,
            tour.train,
            tour.segment,
            tour.measure,
            tour.compare,
            tour.classes,
        ):
            step()
        tour.viewer.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
