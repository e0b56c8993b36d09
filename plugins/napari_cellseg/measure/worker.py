"""The program that measures and compares beside the window: orders in, answers out, a JSON line each.

Arrays pass as files in a folder that the window made and clears away.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cellseg import CellGrid, CellTable, InputError, measure_place
from napari_cellseg.measure.compare import compare, known_part
from napari_cellseg.measure.table import painted

Order = dict[str, Any]


def main() -> None:
    """Answer order after order until there are no more."""
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = ORDERS[order["do"]](order)
        except (InputError, MemoryError) as error:
            answer = {"error": str(error) or "there is not enough memory"}
        sys.stdout.write(json.dumps({"job": order["job"], **answer}) + "\n")
        sys.stdout.flush()


def _measure(order: Order) -> Order:
    grid = CellGrid(**{**order["grid"], "spacing": tuple(order["grid"]["spacing"])})
    arrays = {name: np.load(file) for name, file in order["arrays"].items()}
    labels = arrays.pop("labels")
    images = {order["images"][name]: array for name, array in arrays.items()}
    table = measure_place(labels, images, grid, tuple(order["place"]), order["start"], order["cells"])
    return {"columns": table.columns, "values": _save(order, "values", table.values), "pixels": labels.size}


def _paint(order: Order) -> Order:
    labels, cells, codes = (np.load(order["arrays"][name]) for name in ("labels", "cells", "codes"))
    return {"codes": _save(order, "codes", painted(labels, cells, codes))}


def _compare(order: Order) -> Order:
    prediction, truth = (np.load(order["arrays"][name]) for name in ("prediction", "truth"))
    prediction = np.where(prediction > order["background"], prediction, 0)
    if order["annotation"] and prediction.shape == truth.shape:
        prediction, truth = known_part(prediction, truth)
    found = compare(prediction, truth, by_plane=order["by_plane"])
    return {
        "scores": found.scores,
        "counts": found.counts,
        "errors": _save(order, "errors", found.errors.values),
        "states": _save(order, "states", found.states),
    }


def _write(order: Order) -> Order:
    table = CellTable(tuple(order["columns"]), np.load(order["arrays"]["values"]))
    table.write(Path(order["path"]), order["delimiter"])
    return {"path": order["path"]}


ORDERS: dict[str, Callable[[Order], Order]] = {
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
    main()
