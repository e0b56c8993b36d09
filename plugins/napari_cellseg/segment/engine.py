"""Work of the child: one image at a time is predicted tile by tile, and cut into cells as often as is wanted."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.children.serving import Order
from napari_cellseg.pixels.pyramid import cells_in
from napari_cellseg.segment.pictures import PredictionPictures

if TYPE_CHECKING:
    from cellseg.inference.prediction import Prediction
    from cellseg.inference.tiling import Tile

Tell = Callable[[Order], None]

HALO = 32
"""Pixels around the visible field that are cut with it, so that its edge looks as in the whole."""
_BLOCK = 512


class Engine:
    """Answers orders by events.

    `open`, `predict`, `show`, `apply` and `save` run one at a time; `cut` may run beside them, `cancel` and `near` are
    heard by what is running.
    """

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._cancelled = threading.Event()
        self._near: tuple[int, int, int] | None = None
        self._kept: Prediction | None = None
        self._pictures: PredictionPictures
        self._tiles_done = 0
        self._field: tuple[Any, NDArray[np.float32]] | None = None

    # orders -----------------------------------------------------------------------------------------------------

    def open(self, order: Order) -> None:
        """Load the model, open the image and what is kept of an earlier prediction in `folder`."""
        source = cellseg.open_image(order["image"], axes=order.get("axes") or None, channel=_channel(order))
        model = cellseg.load(order["model"])
        kept = cellseg.keep_prediction(model, source, order["folder"], **order.get("options", {}))
        lead = tuple(order["lead"]) if "lead" in order else source.plane_shape
        if int(np.prod(lead)) != source.planes:
            lead = source.plane_shape  # the layer counts channels as planes
        self._kept, self._pictures, self._field = kept, PredictionPictures(kept, lead), None
        names = model.card.class_names
        self._tell(
            {
                "event": "opened",
                "lead": list(lead),
                "height": source.height,
                "width": source.width,
                "pixel_size_um": source.pixel_size_um,
                "spacing_um": source.spacing_um,
                "classes": list(names),
                "threshold": model.card.threshold,
                "minimum_size": model.card.minimum_size,
                "minimum_probability": model.card.minimum_probability,
                "fill_holes": model.card.fill_holes,
                "split": model.card.split,
                "tile": max(kept.decisions.tile),
                "precision": kept.decisions.precision,
                "done": len(kept.done),
                "total": len(kept.tiles),
            }
        )
        self.show({"names": order.get("show", names[1:])})

    def show(self, order: Order) -> None:
        """Make pictures that follow the prediction from now on: of a class by its name, or of the uncertainty."""
        for name in order["names"]:
            if name not in self._pictures.names:
                folder = self._pictures.begin(name)
                self._tell({"event": "picture", "name": name, "folder": str(folder)})
                self._pictures.catch_up(name)
        if order["names"]:
            self._tell({"event": "drawn"})

    def predict(self, order: Order) -> None:
        """Predict the tiles that are missing, those near `near` (plane, y, x) first."""
        kept = self._opened()
        self._near = _point(order)
        total, done = len(kept.tiles), len(kept.done)
        start, before = time.perf_counter(), done
        for tile in self._tiles(kept):
            done += 1
            self._pictures.draw(tile)
            self._tiles_done += 1
            box, spent = tile.write, time.perf_counter() - start
            self._tell(
                {
                    "event": "tile",
                    "plane": tile.plane,
                    "rows": [box.top, box.bottom],
                    "columns": [box.left, box.right],
                    "done": done,
                    "total": total,
                    "seconds_left": spent / (done - before) * (total - done),
                }
            )
        self._tell({"event": "predicted", "done": done, "total": total, "notes": kept.notes})

    def cut(self, order: Order) -> None:
        """Number the cells of a field anew, into a file that `numpy.load` reads."""
        kept, start = self._opened(), time.perf_counter()
        rows, columns = order["rows"], order["columns"]
        wide_rows = _wider(rows, kept.source.height)
        wide_columns = _wider(columns, kept.source.width)
        probabilities = self._probabilities(kept, order["plane"], wide_rows, wide_columns)
        labels = kept.label(probabilities, **order["options"])
        inner = labels[rows[0] - wide_rows.start :, columns[0] - wide_columns.start :]
        inner = inner[: rows[1] - rows[0], : columns[1] - columns[0]]
        np.save(order["file"], inner)
        where = {name: order[name] for name in ("plane", "rows", "columns", "file")}
        self._tell(
            {
                "event": "cut",
                **where,
                "number": order.get("number", 0),
                "cells": int(np.count_nonzero(np.bincount(inner.ravel())[1:])),
                "seconds": time.perf_counter() - start,
            }
        )

    def apply(self, order: Order) -> None:
        """Number the cells of the whole image: the labels that `save` writes, as a picture."""
        kept = self._opened()
        scratch = kept.folder / "numbering"
        planes = self._followed(kept.instances(scratch, **order["options"]))
        classes = self._followed(kept.cell_classes(planes, **order["options"]))
        picture = self._pictures.begin_cells()
        for plane, labels in enumerate(planes):
            for box in labels.grid:
                self._stop_if_cancelled()
                picture.put(plane, box.top, box.left, labels.read_box(box))
            self._tell({"event": "progress", "stage": "drawing", "done": plane + 1, "total": len(planes)})
            labels.release()
        if classes is not None:
            classes.write_beside(cells_in(picture.folder))
        picture.finish()
        shutil.rmtree(scratch, ignore_errors=True)
        linked = order["options"].get("link", "none") != "none"  # else the numbers begin anew in each plane
        cells = (max if linked else sum)(labels.largest for labels in planes)
        whole = len(kept.done) == len(kept.tiles)
        self._tell({"event": "applied", "folder": str(picture.folder), "cells": cells, "complete": whole})

    def save(self, order: Order) -> None:
        """Write a result file, as `cellseg predict` would."""
        kept, path = self._opened(), Path(order["path"])
        if len(kept.done) < len(kept.tiles):
            found = f"{len(kept.done)} of {len(kept.tiles)} tiles are predicted"
            raise cellseg.InputError(found, "Let the prediction go on to its end, then save.", path=path)
        self._followed(kept.write(path, **order["options"]))
        self._tell({"event": "saved", "path": str(path)})

    # what is heard meanwhile ------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop what is running after the present tile or block."""
        self._cancelled.set()

    def begin(self) -> None:
        """Forget an order to stop that came before."""
        self._cancelled.clear()

    def near(self, order: Order) -> None:
        """Another place is looked at now."""
        self._near = _point(order)

    # ------------------------------------------------------------------------------------------------------------

    def _tiles(self, kept: Prediction) -> Iterator[Tile]:
        """Missing tiles as they are done; in a new order when another place is looked at."""
        near = self._near
        steps = kept.fill(near)
        while (step := next(steps, None)) is not None:
            assert step.tile is not None
            yield step.tile
            self._stop_if_cancelled()
            if self._near != near:
                steps.close()  # type: ignore[attr-defined]
                near = self._near
                steps = kept.fill(near)

    def _probabilities(self, kept: Prediction, plane: int, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Of a field; those read last are kept, for sliders move more often than fields."""
        key, last = (kept, self._tiles_done, plane, rows, columns), self._field
        if last is not None and last[0] == key:
            return last[1]
        values = kept.read(plane, rows, columns)
        self._field = (key, values)
        return values

    def _followed(self, steps: Any) -> Any:
        """Run steps to their end, telling how far they are; what they return."""
        last = 0.0
        while True:
            try:
                step = next(steps)
            except StopIteration as end:
                return end.value
            if self._cancelled.is_set():
                steps.close()
                self._stop_if_cancelled()
            if time.monotonic() - last > 0.2:
                last = time.monotonic()
                self._tell({"event": "progress", "stage": step.stage, "done": step.done, "total": step.total})

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled

    def _opened(self) -> Prediction:
        assert self._kept is not None, "open comes first"
        return self._kept


class Cancelled(Exception):
    """Somebody asked to stop."""


def _channel(order: Order) -> int | str | None:
    text = str(order.get("channel") or "")
    return int(text) if text.isdecimal() else text or None


def _point(order: Order) -> tuple[int, int, int] | None:
    near = order.get("near")
    return (int(near[0]), int(near[1]), int(near[2])) if near else None


def _wider(span: list[int], length: int) -> slice:
    return slice(max(span[0] - HALO, 0), min(span[1] + HALO, length))
