"""From finished tiles to finished files: number the instances of each plane, then write block by block."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cellseg.files import writing
from cellseg.images.layout import ResultLayout
from cellseg.images.listing import UNCERTAINTY, stem
from cellseg.images.made import image_in, result_mark
from cellseg.images.omezarr.parts import omezarr_in_parts, rounds
from cellseg.images.omezarr.write import stored_places
from cellseg.images.write import is_zarr_name, write_tiled
from cellseg.inference.cell_classes import classes_of_cells
from cellseg.inference.finished import FinishedTiles
from cellseg.inference.instances import LabelledPlane, Pass, label_dtype, label_planes, link_planes
from cellseg.inference.instances.label import LabelProgress
from cellseg.inference.progress import Progress
from cellseg.inference.result import result_layout, uncertainty_layout
from cellseg.inference.tasks import (
    CountClasses,
    Executor,
    PassOverBlocks,
    PlaneTables,
    ReadRegion,
    ShareBlocks,
    WriteParts,
)
from cellseg.labels.cell_classes import CellClasses, classes_beside
from cellseg.metrics.overlap import Overlaps
from cellseg.options import PredictOptions
from cellseg.steps import retold


def write_result(
    finished: FinishedTiles, output: Path, planes: PlaneTables, mark: str, executor: Executor | None = None
) -> Iterator[Progress]:
    """Write the result of finished tiles, and the uncertainty beside it where the options say so.

    Of instances of several classes a table beside them says the class of each. The result comes last, and right behind
    it that table. Uncertainty and table of an earlier result go with it.

    Args:
        finished: the tiles.
        output: the file.
        planes: the options, and a folder for what does not stay in memory.
        mark: what the files are known by, see `mark_of`.
        executor: has several processes number and write OME-Zarr together; without it this one does.

    Raises InputError where a file cannot be written or the instances do not fit the type that was asked for.
    """
    seen, options = finished.seen, planes.options
    if options.uncertainty != "none":
        unsure = replace(uncertainty_layout(seen.own, options), mark=mark, holds="uncertainty")
        yield from _write_bands(uncertainty_file(output), unsure, _uncertain(finished, options))
    layout = replace(result_layout(seen.model, seen.own, options), mark=mark, holds=options.result)
    read: ReadRegion = partial(finished.written, options)
    classes: CellClasses | None = None
    if options.result == "instances":
        labelled = yield from number_instances(finished, planes, executor)
        if executor is not None:
            planes.save(labelled, "writing")
        counted = None if executor is None else _counted(labelled, planes, executor)
        classes = yield from classes_of_cells(finished, labelled, options, counted)
        layout = replace(layout, dtype=label_dtype(max(plane.largest for plane in labelled), options.label_type))
        read = _labels(labelled)
    if options.uncertainty == "none":
        _forget_uncertainty(output, mark)
    if classes is not None and is_zarr_name(output):
        classes = classes.at_planes(stored_places(layout))
    with classes_beside(output, classes):
        if executor is not None and is_zarr_name(output):
            yield from _write_parts(output, layout, planes, executor)
        else:
            yield from _write_bands(output, layout, read)


def _counted(labelled: list[LabelledPlane], planes: PlaneTables, executor: Executor) -> Iterator[Any]:
    """The pixels of the classes in the cells of saved planes, from several processes; begun when they are asked for."""
    grid = labelled[0].grid
    yield from executor(CountClasses(planes, grid), len(labelled) * len(grid))


def uncertainty_file(output: Path) -> Path:
    """The file of a result's uncertainty, beside it."""
    return output.with_name(f"{stem(output)}{UNCERTAINTY}.tif")


def _forget_uncertainty(output: Path, mark: str) -> None:
    """Remove the uncertainty of an earlier result, which is that of this image or that of what is replaced.

    Files of others stay, and so does the result of an image that is called like that. Raises InputError where it cannot
    be removed.
    """
    file = uncertainty_file(output)
    if (image := image_in(result_mark(file))) and image in (image_in(mark), image_in(result_mark(output))):
        with writing(file):
            file.unlink(missing_ok=True)


def number_instances(
    finished: FinishedTiles, planes: PlaneTables, executor: Executor | None = None
) -> Generator[Progress, None, list[LabelledPlane]]:
    """Number the instances of each plane, and link them through the stack where the options say so.

    What lies in the folder of `planes` is wanted as long as they are read. `executor` as in `write_result`.
    """
    source, options = finished.seen.own, planes.options
    if executor is None:
        found = yield from _numbered_here(finished, planes)
    else:
        passes = [planes.passes(finished, number) for number in range(source.planes)]
        steps = label_planes(passes, partial(_handed_out, planes, executor))
        found = yield from retold(steps, lambda one: Progress(one.done, one.total, "numbering"))
    if options.link == "overlap":
        found = yield from _linked(found, source.plane_shape, planes, executor)
    return found


def _numbered_here(finished: FinishedTiles, planes: PlaneTables) -> Generator[Progress, None, list[LabelledPlane]]:
    """Plane after plane, so that what is kept of one is of use to its next pass."""
    total, found = finished.seen.own.planes, list[LabelledPlane]()
    for number in range(total):
        steps = label_planes([planes.passes(finished, number)])
        found += yield from retold(steps, partial(_of_stack, number, total))
        if total > 1:
            found[-1].release()
    return found


def _of_stack(number: int, planes: int, one: LabelProgress) -> Progress:
    """The progress of the plane `number` as that of the whole stack."""
    return Progress(number * one.total + one.done, planes * one.total, "numbering")


def _handed_out(
    planes: PlaneTables, executor: Executor, passes: Sequence[Pass], before: Sequence[LabelledPlane | None]
) -> Iterator[Any]:
    """The blocks of a pass, for several processes, see `Workers`."""
    name, grid = passes[0].name, passes[0].grid
    planes.save([plane for plane in before if plane is not None], name)
    return executor(PassOverBlocks(planes, grid, name), len(passes) * len(grid))


def _linked(
    found: list[LabelledPlane], plane_shape: tuple[int, ...], planes: PlaneTables, executor: Executor | None
) -> Generator[Progress, None, list[LabelledPlane]]:
    """Planes whose ids go on along the fastest axis of the stack, Z before T; numbers of other axes start anew."""
    linked: list[LabelledPlane] = []
    length = plane_shape[-1] if plane_shape else 1
    shared = None if executor is None or length < 2 else _shared(found, length, planes, executor)
    for start in range(0, len(found), length):
        following = max((plane.largest for plane in linked), default=0) + 1
        for plane in link_planes(found[start : start + length], planes.options.link_overlap, following, shared):
            linked.append(plane)
            yield Progress(len(linked), len(found), "linking")
    return linked


def _shared(found: list[LabelledPlane], length: int, planes: PlaneTables, executor: Executor) -> Iterator[Overlaps]:
    """The overlaps of planes with those before them, block by block, from several processes."""
    planes.save(found, "linking")
    grid = found[0].grid
    task = ShareBlocks(planes, grid, length)
    units = (len(found) - len(found) // length) * len(grid)
    return (one for one in executor(task, units) if one is not None)


def _uncertain(finished: FinishedTiles, options: PredictOptions) -> ReadRegion:
    return lambda plane, _channel, rows, columns: finished.uncertainty(plane, rows, columns, options.uncertainty)


def _labels(planes: list[LabelledPlane]) -> ReadRegion:
    def read(plane: int, _channel: int, rows: slice, columns: slice) -> NDArray[Any]:
        if plane and not rows.start:
            planes[plane - 1].release()
        return planes[plane].read(rows, columns)

    return read


def _write_parts(path: Path, layout: ResultLayout, planes: PlaneTables, executor: Executor) -> Iterator[Progress]:
    """Write OME-Zarr by several processes."""
    parts = rounds(layout)
    total, done = sum(map(len, parts)), 0
    with omezarr_in_parts(path.absolute(), layout) as folder:
        for number, together in enumerate(parts):
            for one in executor(WriteParts(planes, layout, folder, number), len(together)):
                done += one is not None
                yield Progress(done, total, "writing")


def _blocks(layout: ResultLayout, read: ReadRegion) -> Iterator[NDArray[Any]]:
    """The result block by block, in the order in which a tiled TIFF stores them; a row of blocks is read at once."""
    step = layout.tile[0]
    for plane, channel, top in product(range(layout.planes), range(layout.channels), range(0, layout.height, step)):
        band = read(plane, channel, slice(top, min(top + step, layout.height)), slice(0, layout.width))
        for left in range(0, layout.width, layout.tile[1]):
            yield band[:, left : left + layout.tile[1]].astype(layout.dtype, copy=False)


def _write_bands(path: Path, layout: ResultLayout, read: ReadRegion) -> Iterator[Progress]:
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
