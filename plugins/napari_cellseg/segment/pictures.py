"""Pictures of a prediction on disk, which a viewer shows: of classes, of the uncertainty, and of numbered cells."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Set
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_cellseg.pixels.pyramid import NUMBERED_CELLS, UNCERTAINTY, Pyramid, is_corrected

if TYPE_CHECKING:
    from cellseg.inference.prediction import Prediction
    from cellseg.inference.tiling import Tile


class PredictionPictures:
    """Pictures of classes and of the uncertainty follow the tiles; of cells there is a new one for each numbering."""

    def __init__(self, kept: Prediction, lead: tuple[int, ...]) -> None:
        """Pictures of a prediction; `lead`: axes of the layer before rows and columns."""
        self._kept, self._lead = kept, lead
        self._folder = kept.folder / "pictures"
        self._pictures: dict[str, Pyramid] = {}

    @property
    def names(self) -> Set[str]:
        """Those that follow the tiles."""
        return self._pictures.keys()

    def begin(self, name: str) -> Path:
        """Let a picture of a class, or of the uncertainty, follow the tiles from now on; returns its folder."""
        picture = self._new(self._folder / re.sub(r"\W", "_", name), np.uint8)
        self._pictures[name] = picture
        return picture.folder

    def catch_up(self, name: str) -> None:
        """Draw the tiles that are done and not in a picture yet."""
        missing = self._kept.done - self._pictures[name].shown
        for tile in self._kept.tiles:
            if (tile.plane, tile.write.top, tile.write.left) in missing:
                self.draw(tile, [name])

    def draw(self, tile: Tile, names: Iterable[str] | None = None) -> None:
        """Draw a tile into all pictures, or into some."""
        kept, box = self._kept, tile.write
        values = kept.read(tile.plane, box.rows, box.columns)
        for name in self.names if names is None else names:
            shown = self._unsure(tile) if name == UNCERTAINTY else values[kept.model.card.class_names.index(name)]
            self._pictures[name].put(tile.plane, box.top, box.left, np.rint(shown * 255).astype(np.uint8))

    def begin_cells(self) -> Pyramid:
        """A picture for the next numbering of the cells."""
        return self._new(_next_folder(self._folder), np.uint32)

    def _new(self, folder: Path, dtype: type[np.uint8 | np.uint32]) -> Pyramid:
        return Pyramid(folder, self._lead, self._kept.source.height, self._kept.source.width, dtype)

    def _unsure(self, tile: Tile) -> NDArray[np.float32]:
        """Entropy of a tile's probabilities, float32 (h, w): 0 = sure, 1 = all classes are as likely."""
        box = tile.write
        most = np.log2(np.float32(len(self._kept.model.card.class_names)))
        return np.clip(self._kept.uncertainty(tile.plane, box.rows, box.columns) / most, 0, 1)


def _next_folder(folder: Path) -> Path:
    """A folder for the next numbering.

    Those before the last are removed unless they were corrected; the last one may still be looked at.
    """
    numbers = sorted(int(path.name.removeprefix(f"{NUMBERED_CELLS}-")) for path in folder.glob(f"{NUMBERED_CELLS}-*"))
    for number in numbers[:-1]:
        old = folder / f"{NUMBERED_CELLS}-{number}"
        if not is_corrected(old):
            with suppress(OSError):
                shutil.rmtree(old)
    return folder / f"{NUMBERED_CELLS}-{max(numbers, default=0) + 1}"
