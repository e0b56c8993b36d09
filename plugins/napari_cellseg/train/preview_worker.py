"""The child that previews a training: `python -m napari_cellseg.train.preview_worker` (see `children.serving`).

Its one order is `predict`: with `model` (a run folder), `image` and `out` (npy files), answered by `predicted`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cellseg
from napari_cellseg.children.serving import Order, serve


def foreground(model: str | Path, image: NDArray[Any]) -> NDArray[np.float32]:
    """Probability (H, W) that a pixel of an image (H, W) or (C, H, W) is no background."""
    found: NDArray[np.float32] = 1 - cellseg.predict_array(cellseg.load(model), image)[0]
    return found


def _predict(order: Order) -> Order:
    with open(order["out"], "wb") as file:
        np.save(file, foreground(order["model"], np.load(order["image"])))
    return {"event": "predicted", "file": order["out"]}


if __name__ == "__main__":
    serve({"predict": _predict})
