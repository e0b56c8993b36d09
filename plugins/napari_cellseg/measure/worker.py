"""The child that measures and compares: `python -m napari_cellseg.measure.worker` (see `children.serving`).

Arrays pass as files in a folder that the window made and clears away.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from cellseg import CellGrid, CellTable, measure_place
from napari_cellseg.children.serving import Order, Table, serve
from napari_cellseg.measure.compare import compare, known_part
from napari_cellseg.measure.table import painted


def _measure(order: Order) -> Order:
    grid = CellGrid(**{**order["grid"], "spacing": tuple(order["grid"]["spacing"])})
    arrays = {name: np.load(file) for name, file in order["arrays"].items()}
    labels = arrays.pop("labels")
    images = {order["images"][name]: array for name, array in arrays.items()}
    table = measure_place(labels, images, grid, tuple(order["place"]), order["start"], order["cells"])
    return {
        "event": "answered",
        "columns": table.columns,
        "values": _save(order, "values", table.values),
        "pixels": labels.size,
    }


def _paint(order: Order) -> Order:
    labels, cells, codes = (np.load(order["arrays"][name]) for name in ("labels", "cells", "codes"))
    return {"event": "answered", "codes": _save(order, "codes", painted(labels, cells, codes))}


def _compare(order: Order) -> Order:
    prediction, truth = (np.load(order["arrays"][name]) for name in ("prediction", "truth"))
    prediction = np.where(prediction > order["background"], prediction, 0)
    if order["annotation"] and prediction.shape == truth.shape:
        prediction, truth = known_part(prediction, truth)
    found = compare(prediction, truth, by_plane=order["by_plane"])
    return {
        "event": "answered",
        "scores": found.scores,
        "counts": found.counts,
        "errors": _save(order, "errors", found.errors.values),
        "states": _save(order, "states", found.states),
    }


def _write(order: Order) -> Order:
    words = {name: tuple(told) for name, told in order["words"].items()}
    table = CellTable(tuple(order["columns"]), np.load(order["arrays"]["values"]), words)
    table.write(Path(order["path"]), order["delimiter"])
    return {"event": "answered", "path": order["path"]}


ORDERS: Table = {
    "measure": _measure,
    "paint": _paint,
    "compare": _compare,
    "write": _write,
}


def _save(order: Order, name: str, values: np.ndarray[Any, Any]) -> str:
    path = Path(order["folder"]) / f"{order['job']}-{name}-answer.npy"
    np.save(path, values)
    return str(path)


if __name__ == "__main__":
    serve(ORDERS)
