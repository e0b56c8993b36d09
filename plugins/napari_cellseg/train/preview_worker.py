"""The child that shows what a training has learnt so far: `python -m napari_cellseg.train.preview_worker`.

Each line of standard input is an order: `model` (a run folder), `image` and `out` (npy files). The answer is an event
`predicted` with the file, or `failed` with a line for people.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import cellseg


def main() -> None:
    """Answer until standard input ends."""
    for line in sys.stdin:
        order = json.loads(line)
        try:
            with open(order["out"], "wb") as file:
                np.save(file, foreground(order["model"], np.load(order["image"])))
            event = {"event": "predicted", "file": order["out"]}
        except cellseg.InputError as error:
            event = {"event": "failed", "error": str(error)}
        except (OSError, MemoryError) as error:
            event = {"event": "failed", "error": f"the preview failed ({error or type(error).__name__})"}
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()


def foreground(model: str | Path, image: NDArray[Any]) -> NDArray[np.float32]:
    """Probability (H, W) that a pixel of an image (H, W) or (C, H, W) is no background."""
    found: NDArray[np.float32] = 1 - cellseg.predict_array(cellseg.load(model), image)[0]
    return found


if __name__ == "__main__":
    main()
