"""One prediction, whoever runs it: its plan, its journal, the tiles that fill it, and what is read, cut and written."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32, Int64
from cellseg.background import Behind
from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.inference.assemble import number_instances, write_result
from cellseg.inference.cell_classes import classes_of_cells
from cellseg.inference.cut import instances_in
from cellseg.inference.decisions import Decisions, expected_cost
from cellseg.inference.finished import FinishedTiles
from cellseg.inference.instances import LabelledPlane, label_dtype
from cellseg.inference.journal import Journal
from cellseg.inference.plane_notes import PlaneNotes
from cellseg.inference.predicted import Predicted, predict_tiles
from cellseg.inference.progress import Progress
from cellseg.inference.result import Stored, result_layout
from cellseg.inference.result_mark import mark_of
from cellseg.inference.runner import Runner
from cellseg.inference.scope import ALL, CUT, LINKING, refuse, refuse_without_effect
from cellseg.inference.seen import SeenImage
from cellseg.inference.store import Store
from cellseg.inference.tasks import Executor, PlaneTables
from cellseg.inference.tiling import Tile, TilePlace, TilePlan, nearest_first, place, plan
from cellseg.labels.cell_classes import CellClasses
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

NOT_OF_A_REGION = LINKING | {"result", "uncertainty", "probability_type"}
"""Options that say nothing of the cells in one region of one plane."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The work of a prediction, and its cost."""

    done: int
    """Tiles that an interrupted run has left."""
    total: int
    """Tiles in all."""
    decisions: Decisions
    memory_bytes: int
    """Memory of the process, about."""
    seconds: float
    """Time that the missing tiles need, about."""
    output_bytes: int
    """Size of the result before compression."""


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """One image on its way through one model.

    The plan is frozen data: `planned` follows from the image, the model and the decisions alone, and the tiles may be
    computed in any subset and order, by several that share the journal. Results may be made at any time; where no tile
    is finished there is background.

    Attributes:
        seen: the image as the model sees it.
        decisions: size of the tiles and arithmetic.
        runner: the network, one copy of it.
        stored: the values that are stored of each tile.
        journal: finished tiles, on disk or in memory.
        key: all that the tiles on disk depend on, see `journal_key`.
    """

    seen: SeenImage
    decisions: Decisions
    runner: Runner
    stored: Stored
    journal: Store
    key: dict[str, Any] = field(default_factory=dict)

    # plan -------------------------------------------------------------------------------------------------------

    @property
    def source(self) -> ImageSource:
        """The image itself."""
        return self.seen.own

    @property
    def model(self) -> TrainedModel:
        """The model; its cut is in the image's own pixels."""
        return self.seen.model

    @property
    def notes(self) -> list[str]:
        """Sentences on grey values that a person should know of, of the planes that were seen so far."""
        return self.seen.image.notes

    @property
    def planned(self) -> TilePlan:
        """All tiles in scan order, in pixels as the network sees them."""
        source = self.seen.source
        return plan(source.planes, source.height, source.width, self.seen.geometry, self.decisions.tile)

    @property
    def tiles(self) -> list[Tile]:
        """The same in the image's own pixels; where the network sees it rescaled they overlap a little."""
        return [self.seen.back.tile(tile) for tile in self.planned]

    @property
    def done(self) -> frozenset[TilePlace]:
        """Tiles (plane, top, left) that are finished, in the image's own pixels."""
        done = self.journal.done()
        return frozenset(place(self.seen.back.tile(tile)) for tile in self.planned if place(tile) in done)

    def missing(self, near: TilePlace | None = None) -> list[Tile]:
        """Planned tiles that are not finished, those near a point (plane, y, x) of the image first."""
        done = self.journal.done()
        tiles = [tile for tile in self.planned if place(tile) not in done]
        return nearest_first(tiles, self.seen.back.place_seen(near)) if near else tiles

    def missing_numbers(self) -> Int64:
        """Numbers in `planned` of the tiles that are not finished, (n,) in scan order."""
        planned = self.planned
        missing = np.ones(len(planned), bool)
        missing[planned.numbers(self.journal.done())] = False
        return np.flatnonzero(missing)

    def holds(self, tile: Tile) -> bool:
        """True where a planned tile is finished."""
        return self.journal.holds(tile)

    def plan(self) -> Plan:
        """Work and cost; the network runs on a small tile to measure its speed."""
        total, missing = len(self.planned), len(self.missing())
        memory, seconds = expected_cost(self.seen, self.runner, self.decisions)
        layout = result_layout(self.model, self.source, self.seen.options)
        return Plan(
            done=total - missing,
            total=total,
            decisions=self.decisions,
            memory_bytes=memory,
            seconds=seconds * missing / total,
            output_bytes=layout.planes * layout.channels * layout.height * layout.width * layout.dtype.itemsize,
        )

    # fill -------------------------------------------------------------------------------------------------------

    @property
    def noted(self) -> PlaneNotes:
        """Notes on whole planes, taken once for all who work on the prediction."""
        return PlaneNotes(self.seen, self.runner, self.journal.notes)

    def measure(self) -> Iterator[Progress]:
        """Measure the grey values of all planes that are not finished, so that a damaged one is found before any tile.

        A single plane is measured with its first tile. Raises InputError for an image that cannot be read.
        """
        planes, noted = sorted({tile.plane for tile in self.missing()}), self.noted
        for count, plane in enumerate(planes if len(planes) > 1 else (), 1):
            noted.wait_for_greys(plane)
            yield Progress(count, len(planes), "measuring")

    def compute(self, tiles: Iterable[Tile]) -> Iterator[Predicted]:
        """Predict planned tiles, and store nothing. Raises InputError for an image that cannot be read."""
        return predict_tiles(self.seen, self.runner, tiles, self.journal.notes)

    def fill(
        self,
        near: TilePlace | None = None,
        tiles: Sequence[Tile] | None = None,
        *,
        behind: bool = False,
        look: Callable[[Predicted], None] | None = None,
    ) -> Iterator[Progress]:
        """Predict tiles and store each; stop whenever you like, what is done is kept.

        Args:
            near: point (plane, y, x) of the image whose surroundings come first; by default in scan order.
            tiles: planned tiles to predict; by default all that are missing.
            behind: store a tile while the next one is computed, so that it may be yielded before it can be read.
            look: is shown what the network says of each tile, before it is stored.

        Yields:
            How many of all planned tiles are done, and the tile, in the image's own pixels.
        """
        wanted, total = self.missing(near) if tiles is None else tiles, len(self.planned)
        done = total - len(wanted) if tiles is None else len(self.journal.done())
        found = self.compute(wanted) if look is None else _shown(self.compute(wanted), look)
        for count, tile in enumerate(self._added_behind(found) if behind else self._added(found), done + 1):
            yield Progress(count, total, tile=self.seen.back.tile(tile))

    def computed(self, tiles: Iterable[Tile], stored: Callable[[Tile], None]) -> Iterator[Tile]:
        """Predict planned tiles and store each while the next is computed; `stored` is told when it is."""
        with Behind() as behind:
            for one in self.compute(tiles):
                behind.do(self.journal.add, one.tile, self.stored.values(one, self.seen))
                behind.do(stored, one.tile)
                yield one.tile

    def _added(self, found: Iterator[Predicted]) -> Iterator[Tile]:
        for one in found:
            self.journal.add(one.tile, self.stored.values(one, self.seen))
            yield one.tile

    def _added_behind(self, found: Iterator[Predicted]) -> Iterator[Tile]:
        with Behind() as behind:
            for one in found:
                behind.do(self.journal.add, one.tile, self.stored.values(one, self.seen))
                yield one.tile

    # read -------------------------------------------------------------------------------------------------------

    def read(self, plane: int, rows: slice, columns: slice) -> Float32:
        """Probabilities float32 (classes, h, w) of a region of a plane; no cell where no tile is done."""
        return self.finished.probabilities(plane, rows, columns)

    def uncertainty(self, plane: int, rows: slice, columns: slice) -> Float32:
        """Uncertainty float32 (h, w) of a region of a plane: what `write` puts beside a result.

        The entropy of the probabilities in bits, from 0 to the binary logarithm of the number of classes; where the
        prediction was opened with `uncertainty="disagreement"`, the standard deviation of the averaged versions.
        """
        kind = self.stored.options.uncertainty
        return self.finished.uncertainty(plane, rows, columns, "entropy" if kind == "none" else kind)

    # cut --------------------------------------------------------------------------------------------------------

    def label(self, probabilities: Float32, **options: Any) -> NDArray[np.uint32]:
        """Number the cells of a region (classes, h, w) from `read`; uint32 (h, w), 1..n in scan order.

        `options` are fields of PredictOptions that take precedence over those of the prediction: threshold, core,
        minimum_size, minimum_probability, fill_holes, split, object_diameter, label_type. Raises InputError for others.
        """
        refuse(options, NOT_OF_A_REGION, "label", "Leave it out; `write` takes the options of stacks and files.")
        settings = self._settings(options)
        labels = instances_in(probabilities, self.model.card, settings)
        return labels.astype(label_dtype(int(labels.max(initial=0)), settings.label_type), copy=False)

    def instances(self, scratch: Path, **options: Any) -> Generator[Progress, None, list[LabelledPlane]]:
        """Number the cells of all planes block by block, and link them where the options say so; yields progress.

        Each plane that is returned is read by region: `plane.read(rows, columns)`. `scratch` is a folder for what does
        not stay in memory; it is wanted as long as the planes are read.
        """
        return (yield from number_instances(self.finished, PlaneTables(scratch, self._settings(options))))

    def cell_classes(
        self, planes: Sequence[LabelledPlane], **options: Any
    ) -> Generator[Progress, None, CellClasses | None]:
        """Class of each cell of planes from `instances`, with the same options; None where there is but one class."""
        return (yield from classes_of_cells(self.finished, planes, self._settings(options)))

    # write ------------------------------------------------------------------------------------------------------

    def write(self, output: Path, executor: Executor | None = None, **options: Any) -> Iterator[Progress]:
        """Write a result file, complete or not at all: the one of `cellseg predict` with the same options and tile.

        `options` are fields of PredictOptions that take precedence over those of the prediction: the cut, the result,
        its type, and the uncertainty, which is written beside. `executor` has several processes help, see
        `write_result`. Raises InputError where a file cannot be written, or for an option of the network, which the
        tiles have been made with.
        """
        scratch, settings = self.folder.absolute() / "instances", self._settings(options)
        marked = replace(self.seen.asked, **options)
        refuse_without_effect(settings, options.keys(), len(self.model.card.class_names))
        yield from write_result(
            self.finished, output, PlaneTables(scratch, settings), mark_of(self.key, marked), executor
        )
        shutil.rmtree(scratch, ignore_errors=True)

    @property
    def finished(self) -> FinishedTiles:
        """The tiles that are finished, to be read."""
        return FinishedTiles(self.seen, self.journal, self.stored)

    def refuse_closed(self) -> None:
        """Raise JournalClosed where another process has made the result meanwhile."""
        assert isinstance(self.journal, Journal)
        self.journal.refuse_closed()

    @property
    def folder(self) -> Path:
        """The journal's folder on disk."""
        assert isinstance(self.journal, Journal)
        return self.journal.folder

    def _settings(self, options: dict[str, Any]) -> PredictOptions:
        """The options of the prediction with these in their place; InputError where the tiles depend on them."""
        asked = replace(self.seen.options, **options)
        free = CUT | {"uncertainty"} if self.stored.holds_probabilities else frozenset()
        for name in sorted(ALL - free):
            if getattr(asked, name) != getattr(self.seen.options, name):
                found = f"{name}={getattr(asked, name)!r} is asked of a prediction that was made with another"
                raise InputError(found, f"Give {name} when the prediction is opened.")
        return asked


def _shown(found: Iterator[Predicted], look: Callable[[Predicted], None]) -> Iterator[Predicted]:
    for one in found:
        look(one)
        yield one
