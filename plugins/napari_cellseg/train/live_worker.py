"""The child of the live loop: `python -m napari_cellseg.train.live_worker` (see `children.serving`).

It holds the network that it trained last, so that a round begins where the one before ended. Its one order is `learn`
with `project`, `folder` (of the training set and the model), `start` (a model to begin with, or nothing), `new` and
`on` (options of the first round of a new network, and of all others), `image` and `out` (npy files of the field that
is seen, in the plane `plane`); answered by `learnt`. Of several classes those of the cells lie beside `out`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.children.serving import Order, serve
from napari_cellseg.project.cell_sizes import smallest_cell
from napari_cellseg.project.folder import Project
from napari_cellseg.project.training_set import write_training_set

MODEL = "model.safetensors"


class Learner:
    """One network, and the rounds of its training."""

    def __init__(self) -> None:
        self._model: Any = None
        self._steps = 0

    def learn(self, order: Order) -> Order:
        """Train for a round on all that is annotated, then find the cells of the field."""
        folder = Path(order["folder"])
        project = replace(Project.open(Path(order["project"])), writable=False)  # the window writes
        files = write_training_set(project, folder)
        if self._model is not None and files.classes and self._model.card.class_names[1:] != files.classes:
            self._model = None  # the project asks for other classes now
        start = self._model or order["start"] or None
        options = {**order["on" if start else "new"], **files.options}
        for event in cellseg.train(files.images, files.labels, start=start, **options):
            last = event
        self._model = last.model  # type: ignore[union-attr]
        self._steps += int(options["steps"])
        cellseg.save(self._model, folder / MODEL)
        smallest = self._model.card.minimum_size or smallest_cell(project)
        image = np.load(order["image"])
        cells = cellseg.segment_array(self._model, image, minimum_size=smallest)
        self._tell_classes(order, image, cells)
        with open(order["out"], "wb") as file:
            np.save(file, cells)
        found = len(np.unique(cells[cells > 0]))
        return {"event": "learnt", "file": order["out"], "cells": found, "steps": self._steps}

    def _tell_classes(self, order: Order, image: NDArray[Any], cells: NDArray[Any]) -> None:
        """Write the classes of the cells beside them, where there are several."""
        names, out = self._model.card.class_names[1:], Path(order["out"])
        if len(names) < 2:
            cellseg.CellClasses.forget(out)
            return
        kinds = cellseg.predict_array(self._model, image).argmax(axis=0)
        cellseg.cell_classes(cells, kinds, names, order["plane"]).write_beside(out)


if __name__ == "__main__":
    serve({"learn": Learner().learn})
