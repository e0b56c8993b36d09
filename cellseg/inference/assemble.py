"""From finished tiles to finished files: number the instances of each plane, then write block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from cellseg.images.source import ImageSource
from cellseg.images.write import TiffLayout, write_tiled
from cellseg.inference.instances import InstanceOptions, LabelledPlane, label_dtype, labelling
from cellseg.inference.journal import Journal
from cellseg.inference.result import RESULT, UNCERTAINTY, result_layout, uncertainty_layout
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

Stage = Literal["tiles", "numbering", "writing"]
Steps = Iterator[tuple[Stage, int, int]]
ReadBand = Callable[[int, int, slice], NDArray[Any]]
"""(plane, channel, rows) -> pixels (h, W)."""


def assemble(
    journal: Journal, model: TrainedModel, source: ImageSource, result: Path, uncertainty: Path, options: PredictOptions
) -> Steps:
    """Write what the journal holds; yields the stage, what is done of it and how much it is in all.

    The result comes last, so that all is complete when its name appears. Raises InputError where a file cannot be
    written or the instances do not fit the type that was asked for.
    """
    if options.uncertainty != "none":
        unsure = uncertainty_layout(source, options)
        yield from _written(uncertainty, unsure, _journal_bands(journal, UNCERTAINTY, source))
    layout = result_layout(model, source, options)
    if options.result != "instances":
        yield from _written(result, layout, _journal_bands(journal, RESULT, source))
        return
    planes: list[LabelledPlane] = []
    for plane in range(source.planes):
        scratch = journal.folder / "instances" / str(plane)
        read = partial(_mask, journal, plane)
        wanted = InstanceOptions.of(options, model.card.grow)
        steps = labelling(read, source.height, source.width, options=wanted, scratch=scratch)
        while True:
            try:
                progress = next(steps)
            except StopIteration as end:
                planes.append(end.value)
                break
            yield "numbering", plane * progress.total + progress.done, source.planes * progress.total
    dtype = label_dtype(max(plane.largest for plane in planes), options.label_type)
    bands = _label_bands(planes, source)
    yield from _written(result, replace(layout, dtype=dtype), bands)


def _mask(journal: Journal, plane: int, rows: slice, columns: slice) -> NDArray[Any]:
    return journal.read(RESULT, plane, 0, rows, columns)


def _journal_bands(journal: Journal, name: str, source: ImageSource) -> ReadBand:
    return lambda plane, channel, rows: journal.read(name, plane, channel, rows, slice(0, source.width))


def _label_bands(planes: list[LabelledPlane], source: ImageSource) -> ReadBand:
    return lambda plane, _channel, rows: planes[plane].read(rows, slice(0, source.width))


def _blocks(layout: TiffLayout, read: ReadBand) -> Iterator[NDArray[Any]]:
    """The result block by block, in the order in which a tiled TIFF stores them; a row of blocks is read at once."""
    step = layout.tile[0]
    for plane, channel, top in product(range(layout.planes), range(layout.channels), range(0, layout.height, step)):
        band = read(plane, channel, slice(top, min(top + step, layout.height)))
        for left in range(0, layout.width, layout.tile[1]):
            yield band[:, left : left + layout.tile[1]].astype(layout.dtype, copy=False)


def _written(path: Path, layout: TiffLayout, read: ReadBand) -> Steps:
    """Write in a thread of its own, so that who waits hears how far it is and may stop."""
    blocks = _Counted(_blocks(layout, read))
    total = layout.planes * layout.channels * len(layout.tiles)
    with ThreadPoolExecutor(1, "write") as pool:
        writing = pool.submit(write_tiled, path, layout, blocks)
        try:
            while not wait([writing], timeout=0.2).done:
                yield "writing", blocks.count, total
        finally:
            blocks.stopped = True
        writing.result()
    yield "writing", total, total


class _Counted(Iterator[NDArray[Any]]):
    """Counts what it gives, and gives up when it is stopped."""

    def __init__(self, blocks: Iterator[NDArray[Any]]) -> None:
        self._blocks = blocks
        self.count = 0
        self.stopped = False

    def __next__(self) -> NDArray[Any]:
        if self.stopped:
            raise InterruptedError("stopped while writing")
        block = next(self._blocks)
        self.count += 1
        return block
