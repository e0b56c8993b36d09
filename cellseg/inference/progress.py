"""Progress of a prediction: the one event of predicting, numbering and writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cellseg.inference.tiling import Tile

PredictionStage = Literal["measuring", "tiles", "numbering", "linking", "classes", "writing"]


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress within a stage.

    Attributes:
        done: what is done of it, in tiles, blocks or planes.
        total: how much it is in all.
        stage: the stage.
        tile: the tile that was finished, in the image's own pixels; None in other stages.
    """

    done: int
    total: int
    stage: PredictionStage = "tiles"
    tile: Tile | None = None
