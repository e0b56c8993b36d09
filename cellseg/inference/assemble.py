"""From finished tiles to finished files: number the instances of each plane, then write block by block."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cellseg.images.layout import ResultLayout
from cellseg.images.listing import stem
from cellseg.images.write import write_tiled
from cellseg.inference.cell_classes import classes_of_cells
from cellseg.inference.cut import instance_options
from cellseg.inference.finished import FinishedTiles
from cellseg.inference.instances import LabelledPlane, label_dtype, labelling, link_planes
from cellseg.inference.instances.label import LabelProgress
from cellseg.inference.progress import Progress
from cellseg.inference.result import result_layout, uncertainty_layout
from cellseg.labels.cell_classes import CellClasses
from cellseg.options import PredictOptions
from cellseg.steps import retold

ReadBand = Callable[[int, int, slice], NDArray[Any]]
"""(plane, channel, rows) -> pixels (h, W)."""


def write_result(
    finished: FinishedTiles, output: Path, scratch: Path, options: PredictOptions, mark: str
) -> Iterator[Progress]:
    """Write the result of finished tiles, and the uncertainty beside it where the options say so.

    Of instances of several classes a table beside them says the class of each.

    The result comes last, so that all is complete when its name appears. `scratch` is a folder for what does not stay
    in memory, `mark` what the files are known by, see `mark_of`. Raises InputError where a file cannot be written or
    the instances do not fit the type that was asked for.
    """
    seen = finished.seen
    if options.uncertainty != "none":
        unsure = replace(uncertainty_layout(seen.own, options), mark=mark)
        yield from _write_bands(uncertainty_file(output), unsure, _uncertain_bands(finished, options))
    layout = replace(result_layout(seen.model, seen.own, options), mark=mark)
    if options.result == "instances":
        planes = yield from number_instances(finished, scratch, options)
        classes = yield from classes_of_cells(finished, planes, options)
        _write_classes(output, classes)
        dtype = label_dtype(max(plane.largest for plane in planes), options.label_type)
        yield from _write_bands(output, replace(layout, dtype=dtype), _label_bands(planes, seen.own.width))
    else:
        yield from _write_bands(output, layout, _result_bands(finished, options))


def _write_classes(output: Path, classes: CellClasses | None) -> None:
    """Write the classes of the cells beside them; those of an earlier result go."""
    if classes is None:
        CellClasses.forget(output)
    else:
        classes.write_beside(output)


def uncertainty_file(output: Path) -> Path:
    """The file of a result's uncertainty, beside it."""
    return output.with_name(f"{stem(output)}-uncertainty.tif")


def number_instances(
    finished: FinishedTiles, scratch: Path, options: PredictOptions
) -> Generator[Progress, None, list[LabelledPlane]]:
    """Number the instances of each plane, and link them through the stack where the options say so.

    `scratch` is a folder for what does not stay in memory; it is wanted as long as the planes are read.
    """
    source, planes = finished.seen.own, []
    settings = instance_options(finished.seen.model.card, options)
    for number in range(source.planes):
        mask = partial(finished.mask, options, number)
        steps = labelling(mask, source.height, source.width, options=settings, scratch=scratch / str(number))
        planes.append((yield from retold(steps, partial(_of_stack, number, source.planes))))
    if options.link == "overlap":
        planes = yield from _linked(planes, source.plane_shape, options.link_overlap)
    return planes


def _of_stack(number: int, planes: int, one: LabelProgress) -> Progress:
    """The progress of the plane `number` as that of the whole stack."""
    return Progress(number * one.total + one.done, planes * one.total, "numbering")


def _linked(
    planes: list[LabelledPlane], plane_shape: tuple[int, ...], overlap: float
) -> Generator[Progress, None, list[LabelledPlane]]:
    """Planes whose ids go on along the fastest axis of the stack, Z before T; numbers of other axes start anew."""
    linked: list[LabelledPlane] = []
    length = plane_shape[-1] if plane_shape else 1
    for start in range(0, len(planes), length):
        following = max((plane.largest for plane in linked), default=0) + 1
        for plane in link_planes(planes[start : start + length], overlap, following):
            linked.append(plane)
            yield Progress(len(linked), len(planes), "linking")
    return linked


def _result_bands(finished: FinishedTiles, options: PredictOptions) -> ReadBand:
    columns = slice(0, finished.seen.own.width)
    return lambda plane, channel, rows: finished.written(options, plane, channel, rows, columns)


def _uncertain_bands(finished: FinishedTiles, options: PredictOptions) -> ReadBand:
    columns = slice(0, finished.seen.own.width)
    return lambda plane, _channel, rows: finished.uncertainty(plane, rows, columns, options.uncertainty)


def _label_bands(planes: list[LabelledPlane], width: int) -> ReadBand:
    def read(plane: int, _channel: int, rows: slice) -> NDArray[Any]:
        if plane and not rows.start:
            planes[plane - 1].release()
        return planes[plane].read(rows, slice(0, width))

    return read


def _blocks(layout: ResultLayout, read: ReadBand) -> Iterator[NDArray[Any]]:
    """The result block by block, in the order in which a tiled TIFF stores them; a row of blocks is read at once."""
    step = layout.tile[0]
    for plane, channel, top in product(range(layout.planes), range(layout.channels), range(0, layout.height, step)):
        band = read(plane, channel, slice(top, min(top + step, layout.height)))
        for left in range(0, layout.width, layout.tile[1]):
            yield band[:, left : left + layout.tile[1]].astype(layout.dtype, copy=False)


def _write_bands(path: Path, layout: ResultLayout, read: ReadBand) -> Iterator[Progress]:
    """Write in a thread of its own, so that who waits hears how far it is and may stop."""
    blocks = _Counted(_blocks(layout, read))
    total = layout.planes * layout.channels * len(layout.tiles)
    with ThreadPoolExecutor(1, "write") as pool:
        writing = pool.submit(write_tiled, path, layout, blocks)
        try:
            while not wait([writing], timeout=0.2).done:
                yield Progress(blocks.count, total, "writing")
        finally:
            blocks.stopped = True
        writing.result()
    yield Progress(total, total, "writing")


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
