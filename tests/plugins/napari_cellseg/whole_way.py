"""From an image to cells, in one real window: annotate, train, segment, correct, train again, save."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile
from napari_cellseg.project.from_layers import create_project
from napari_cellseg.train.preview import LAYER
from scipy import ndimage

import cellseg
from tests.plugins.napari_cellseg.hand import Hand

WAIT = 240_000


class Way:
    """A window, a hand, and the steps one after the other."""

    def __init__(self, viewer, qtbot, folder: Path) -> None:
        self.viewer, self.bot, self.folder = viewer, qtbot, folder
        self.dock = viewer.window.add_plugin_dock_widget("cellseg-unet")[1]
        self.hand = Hand(viewer, qtbot)

    def wait(self, what: Callable[[], object]) -> None:
        self.bot.waitUntil(lambda: bool(what()), timeout=WAIT)

    def layer(self, ending: str):
        """The layer whose name ends so."""
        return next((layer for layer in self.viewer.layers if layer.name.endswith(ending)), None)

    def begin(self, kind: str, size: int) -> None:
        """A sample as a file, and a new project of it."""
        image, self.truth = cellseg.make_sample(kind, (size, size), np.random.default_rng(4))
        tifffile.imwrite(self.folder / "nuclei.tif", image)
        self.viewer.open(self.folder / "nuclei.tif", plugin="napari")
        self.project = create_project(self.viewer, self.folder / "project")
        self.wait(lambda: self.dock.session.project is not None)
        self.annotation = self.layer("annotation")
        self.viewer.layers.selection.active = self.annotation
        self.viewer.reset_view()
        self.panel = self.dock.show_panel("Annotate")
        self.wait(lambda: self.panel.annotator.ready)

    def paint(self, cells: int) -> None:
        """Strokes of the mouse in some cells, and beside them."""
        for number in self.chosen(cells):
            rows = np.flatnonzero((inside := ndimage.binary_erosion(self.truth == number, iterations=3)).any(axis=1))
            self.bot.wait(50)
            self.wait(lambda: self.panel.annotator.ready)
            self.hand.press("N")
            self.annotation.brush_size = 6
            ends = [np.flatnonzero(inside[row])[[0, -1]] for row in rows[::4]]
            points = [(row, column) for row, pair in zip(rows[::4], ends, strict=True) for column in pair]
            self.hand.drag(*points, points[-1])
        self.hand.press("G")
        far = ndimage.distance_transform_edt(self.truth == 0)
        far[:12], far[-12:], far[:, :12], far[:, -12:] = 0, 0, 0, 0
        for _ in range(cells):
            y, x = np.unravel_index(far.argmax(), far.shape)
            self.hand.drag((y, x - 4), (y, x + 4), (y - 3, x))
            far[max(y - 25, 0) : y + 25, max(x - 25, 0) : x + 25] = 0
        self.wait(lambda: (self.annotation.data[:] == 1).any())

    def chosen(self, cells: int) -> list[int]:
        """Cells that are wholly in the image, evenly spread."""
        edge = {0, *np.unique(self.truth[[0, -1]]), *np.unique(self.truth[:, [0, -1]])}
        sizes = np.bincount(self.truth.ravel())
        whole = [n for n in np.flatnonzero(sizes > 120) if n not in edge]
        return whole[:: max(1, len(whole) // cells)][:cells]

    def train(self, **options) -> None:
        """Plan, start, look at the preview, and wait for the model."""
        panel = self.dock.show_panel("Train")
        panel.form.set_values(options)
        panel.plan_button.click()
        self.wait(lambda: panel.plan_box.isVisibleTo(panel))
        panel.start_button.click()
        self.wait(lambda: panel.trainer.running)
        self.wait(lambda: self.viewer.layers[LAYER].data.any() and len(panel.trainer.progress.losses) > 20)
        self.wait(lambda: not panel.trainer.running)
        assert panel.trainer.progress.phase == "finished"
        self.layer(LAYER).visible = False

    def train_again(self, **options) -> None:
        """Go on from the model, with the corrected cells."""
        panel = self.dock.show_panel("Train")
        panel.controller.back()
        panel.data.list_starts()
        panel.data.start.setCurrentIndex(1)
        panel.data._choose_start()
        self.train(**options)

    def segment(self) -> None:
        panel = self.dock.show_panel("Segment")
        self.wait(lambda: panel.begin.start.isEnabled())
        panel.begin.start.click()
        self.wait(lambda: self.layer(": cells") is not None and not panel.controller.busy)
        self.cells = self.layer(": cells")
        self.annotation.visible = False

    def correct(self) -> int:
        """Delete a cell that was found, and put the rest into the annotation; the number of cells that are left."""
        panel = self.dock.show_panel("Segment")
        data = np.asarray(self.cells.data)
        gone = np.nonzero(data == data.max())
        self.cells.data_setitem(gone, 0)
        self.viewer.layers.selection.active = self.cells
        assert self.panel.annotator.target.layer is self.cells, "it is corrected where it is"
        panel.correct.area.setCurrentIndex(panel.correct.area.findData("image"))
        panel.correct.over.setChecked(True)
        panel.correct.use.click()
        left = len(np.unique(self.cells.data)) - 1
        self.wait(lambda: len(np.unique(self.annotation.data[:])) >= left)
        return left

    def save(self, path: Path) -> None:
        panel = self.dock.show_panel("Segment")
        panel.save_as(path)
        self.wait(lambda: path.exists() and not panel.controller.busy)

    def close(self) -> None:
        """Close the window and what runs beside it."""
        panel = self.dock.panel("Train")
        panel.previewer.close()
        panel.trainer.close()
        self.viewer.window.remove_dock_widget("all")
        self.viewer.close()
