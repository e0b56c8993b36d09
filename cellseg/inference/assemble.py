"""From finished tiles to finished files: number the instances of each plane, then write block by block."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from cellseg.images.layout import ResultLayout
from cellseg.images.source import ImageSource
from cellseg.images.write import write_tiled
from cellseg.inference.cut import instance_options
from cellseg.inference.instances import LabelledPlane, label_dtype, labelling, link_planes
from cellseg.inference.journal import Journal
from cellseg.inference.result import RESULT, UNCERTAINTY, result_layout, uncertainty_layout
from cellseg.inference.returned import Returned
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

Stage = Literal["tiles", "numbering", "linking", "writing"]
Step = tuple[Stage, int, int]
"""A stage, what is done of it, how much it is in all."""
Finished = Journal | Returned
"""Finished tiles, in the image's own pixels."""
ReadBand = Callable[[int, int, slice], NDArray[Any]]
"""(plane, channel, rows) -> pixels (h, W)."""
ReadMask = Callable[[int, slice, slice], NDArray[Any]]
"""(plane, rows, columns) -> mask (h, w), not 0 = cell."""


def assemble(
    journal: Finished,
    model: TrainedModel,
    source: ImageSource,
    result: Path,
    uncertainty: Path,
    options: PredictOptions,
) -> Iterator[Step]:
    """Write what the journal holds; yields the stage, what is done of it and how much it is in all.

    The result comes last, so that all is complete when its name appears. Raises InputError where a file cannot be
    written or the instances do not fit the type that was asked for.
    """
    if options.uncertainty != "none":
        unsure = uncertainty_layout(source, options)
        yield from write_bands(uncertainty, unsure, _journal_bands(journal, UNCERTAINTY, source))
    if options.result == "instances":
        mask, scratch = partial(_mask, journal), journal.folder / "instances"
        planes = yield from number_instances(mask, scratch, model, source, options)
        yield from write_instances(result, planes, model, source, options)
    else:
        layout = result_layout(model, source, options)
        yield from write_bands(result, layout, _journal_bands(journal, RESULT, source))


def number_instances(
    mask: ReadMask, scratch: Path, model: TrainedModel, source: ImageSource, options: PredictOptions
) -> Generator[Step, None, list[LabelledPlane]]:
    """Number the instances of each plane, and link them through the stack where the options say so.

    `scratch` is a folder for what does not stay in memory; it is wanted as long as the planes are read.
    """
    planes = []
    settings = instance_options(model.card, options)
    for number in range(source.planes):
        steps = labelling(
            partial(mask, number), source.height, source.width, options=settings, scratch=scratch / str(number)
        )
        while True:
            try:
                progress = next(steps)
            except StopIteration as end:
                planes.append(end.value)
                break
            yield "numbering", number * progress.total + progress.done, source.planes * progress.total
    if options.link == "overlap":
        planes = yield from _linked(planes, source, options.link_overlap)
    return planes


def write_instances(
    path: Path, planes: list[LabelledPlane], model: TrainedModel, source: ImageSource, options: PredictOptions
) -> Iterator[Step]:
    """Write numbered planes; InputError where the numbers do not fit the type that was asked for."""
    dtype = label_dtype(max(plane.largest for plane in planes), options.label_type)
    layout = replace(result_layout(model, source, options), dtype=dtype)
    yield from write_bands(path, layout, _label_bands(planes, source))


def _linked(
    planes: list[LabelledPlane], source: ImageSource, overlap: float
) -> Generator[Step, None, list[LabelledPlane]]:
    """Planes whose ids go on along the fastest axis of the stack, Z before T; numbers of other axes start anew."""
    linked: list[LabelledPlane] = []
    length = source.plane_shape[-1] if source.plane_shape else 1
    for start in range(0, len(planes), length):
        following = max((plane.largest for plane in linked), default=0) + 1
        for plane in link_planes(planes[start : start + length], overlap, following):
            linked.append(plane)
            yield "linking", len(linked), len(planes)
    return linked


def _mask(journal: Finished, plane: int, rows: slice, columns: slice) -> NDArray[Any]:
    return journal.read(RESULT, plane, 0, rows, columns)


def _journal_bands(journal: Finished, name: str, source: ImageSource) -> ReadBand:
    return lambda plane, channel, rows: journal.read(name, plane, channel, rows, slice(0, source.width))


def _label_bands(planes: list[LabelledPlane], source: ImageSource) -> ReadBand:
    def read(plane: int, _channel: int, rows: slice) -> NDArray[Any]:
        if plane and not rows.start:
            planes[plane - 1].release()
        return planes[plane].read(rows, slice(0, source.width))

    return read


def _blocks(layout: ResultLayout, read: ReadBand) -> Iterator[NDArray[Any]]:
    """The result block by block, in the order in which a tiled TIFF stores them; a row of blocks is read at once."""
    step = layout.tile[0]
    for plane, channel, top in product(range(layout.planes), range(layout.channels), range(0, layout.height, step)):
        band = read(plane, channel, slice(top, min(top + step, layout.height)))
        for left in range(0, layout.width, layout.tile[1]):
            yield band[:, left : left + layout.tile[1]].astype(layout.dtype, copy=False)


def write_bands(path: Path, layout: ResultLayout, read: ReadBand) -> Iterator[Step]:
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
