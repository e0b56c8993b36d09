"""A prediction that is kept: probabilities of an image in a folder, and results made of them without the network."""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.inference.assemble import number_instances, write_bands, write_instances
from cellseg.inference.cut import cuts_of, instance_options
from cellseg.inference.instances import LabelledPlane, label_as
from cellseg.inference.journal import Journal, journal_folder, left_behind, start_journal
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.predict import Pixels, check_channels, place, predict_tiles, source_of, tiles_of
from cellseg.inference.prepare import Decisions, decide
from cellseg.inference.result import RESULT, classes_of, layers_of, result_layout, result_of
from cellseg.inference.returned import OwnPixels
from cellseg.inference.scale import at_own_size, seen_by
from cellseg.inference.segment import Progress, fingerprint
from cellseg.inference.tiling import Place, Tile, nearest_first
from cellseg.models.trained import TrainedModel, as_model, pruned
from cellseg.options import PredictOptions

NAME = "probabilities"
TILE = 512
"""Side of a tile in pixels: small enough that the first ones are soon there."""


def keep_prediction(
    model: Any, image: ImageSource | NDArray[np.generic], folder: str | Path, **options: Any
) -> KeptPrediction:
    """Open or begin a prediction that is kept in a folder.

    What lies there is used if it was made of the same image by the same model with the same options, else it is thrown
    away. The probabilities take 4 bytes a pixel (of more than two classes, for each class).

    Args:
        model: from `load`, or its path or name; or a network from `build`.
        image: as in `predict`.
        folder: made where it is missing.
        options: fields of PredictOptions: average, precision, prune, diameter, tile. What is there keeps its tile.

    Raises InputError for an option out of range or an image with the wrong number of channels.
    """
    settings = PredictOptions(**{"tile": TILE, **options, "result": "probabilities"})
    trained = pruned(as_model(model), settings.prune)
    source = source_of(image, trained)
    check_channels(trained, source)
    seen, output = NormalisedImage(seen_by(trained.card, source, settings)), Path(folder) / NAME
    asked = {name: getattr(settings, name) for name in ("average", "precision", "prune", "diameter")}
    key = {"model": trained.digest, "image": fingerprint(source), "options": asked}
    decisions = _left(output, key)
    if decisions is None:
        decisions = decide(trained, seen, settings)
        start_journal(output, key, decisions.as_json())
    journal = Journal(journal_folder(output), layers_of(trained, seen.source, settings), decisions.tile)
    return KeptPrediction(at_own_size(trained, settings), source, seen, settings, decisions, journal)


def _left(output: Path, key: dict[str, Any]) -> Decisions | None:
    try:
        left = left_behind(output, key)
    except InputError:
        return None
    return Decisions.from_json(left) if left else None


@dataclass(frozen=True, slots=True, eq=False)
class KeptPrediction:
    """What `keep_prediction` gives. Results may be made at any time; where no tile is done yet there is background."""

    model: TrainedModel
    """Its cut is in the image's own pixels."""
    source: ImageSource
    image: NormalisedImage
    """What the network sees: the image, perhaps rescaled."""
    options: PredictOptions
    """Those of the network: average, precision, prune, diameter, tile."""
    decisions: Decisions
    journal: Journal

    @property
    def tiles(self) -> list[Tile]:
        """All tiles in scan order; where the network sees the image rescaled they overlap a little."""
        return [self._own.tile(tile) for tile in tiles_of(self.model, self.image.source, self.decisions)]

    @property
    def done(self) -> frozenset[Place]:
        """Tiles (plane, top, left) that are there."""
        done = self.journal.done()
        tiles = tiles_of(self.model, self.image.source, self.decisions)
        return frozenset(place(self._own.tile(tile)) for tile in tiles if place(tile) in done)

    def fill(self, near: Place | None = None) -> Iterator[Tile]:
        """Predict the tiles that are missing, those near a point (plane, y, x) first; yields each when it is there.

        Stop whenever you like: what is done is kept. Raises InputError as `predict`.
        """
        missing = tiles_of(self.model, self.image.source, self.decisions, self.journal.done())
        wanted = nearest_first(missing, self._own.place_seen(near)) if near else missing
        for found in predict_tiles(self.model, self.image, wanted, self.options, self.decisions):
            self.journal.add(found.tile, {RESULT: result_of(found.probabilities, self.model, self.options)})
            yield self._own.tile(found.tile)

    def read(self, plane: int, rows: slice, columns: slice) -> Pixels:
        """Probabilities float32 (classes, h, w) of a region of a plane; no cell where no tile is done."""
        channels = [self._own.read(RESULT, plane, k, rows, columns) for k in range(self._channels)]
        if len(channels) == 1:
            channels.insert(0, 1 - channels[0])
        return np.stack(channels)

    def label(self, probabilities: Pixels, **options: Any) -> NDArray[np.uint32]:
        """Number the cells of a region (classes, h, w) from `read`; uint32 (h, w), 1..n in scan order.

        `options` are fields of PredictOptions: threshold, core, minimum_size, fill_holes, split, object_diameter.
        """
        settings = PredictOptions(**options)
        core = cuts_of(self.model.card, settings)[1]
        return label_as(
            classes_of(self.model, probabilities, settings),
            instance_options(self.model.card, settings),
            probabilities[1] >= core if core else None,
        )

    def instances(self, scratch: Path, **options: Any) -> Generator[Progress, None, list[LabelledPlane]]:
        """Number the cells of all planes block by block, and link them where the options say so; yields progress.

        Each plane that is returned is read by region: `plane.read(rows, columns)`. `scratch` is a folder for what does
        not stay in memory; it is wanted as long as the planes are read.
        """
        settings = PredictOptions(**options)
        steps = number_instances(self._mask(settings), scratch, self.model, self.source, settings)
        while True:
            try:
                stage, done, total = next(steps)
            except StopIteration as end:
                planes: list[LabelledPlane] = end.value
                return planes
            yield Progress(done, total, stage)

    def write(self, output: Path, **options: Any) -> Iterator[Progress]:
        """Write a result file, complete or not at all: the one of `cellseg predict` with the same options and tile.

        Raises InputError where it cannot be written.
        """
        settings = PredictOptions(**options)
        if settings.result == "instances":
            scratch = self.journal.folder / "instances"
            planes = yield from self.instances(scratch, **options)
            steps = write_instances(output, planes, self.model, self.source, settings)
        else:
            scratch, layout = self.journal.folder / "none", result_layout(self.model, self.source, settings)
            steps = write_bands(output, layout, lambda *at: self._band(settings, *at))
        for stage, done, total in steps:
            yield Progress(done, total, stage)
        shutil.rmtree(scratch, ignore_errors=True)

    @property
    def _own(self) -> OwnPixels:
        return OwnPixels(self.journal, self.source, self.image.source)

    @property
    def _channels(self) -> int:
        return layers_of(self.model, self.image.source, self.options)[-1].shape[1]

    def _mask(self, settings: PredictOptions) -> Any:
        wanted = replace(settings, result="instances")
        return lambda plane, rows, columns: result_of(self.read(plane, rows, columns), self.model, wanted)[0]

    def _band(self, settings: PredictOptions, plane: int, channel: int, rows: slice) -> NDArray[Any]:
        probabilities = self.read(plane, rows, slice(0, self.source.width))
        band: NDArray[Any] = result_of(probabilities, self.model, settings)[channel]
        return band
