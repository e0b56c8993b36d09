"""From an open image to a finished file: predict, keep each tile, number the instances, write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.images.write import TiffLayout, write_tiled
from cellseg.inference.instances import label_instances
from cellseg.inference.journal import Journal, close_journal, open_journal
from cellseg.inference.predict import check_channels, predict
from cellseg.inference.tiling import Box, plan, tile_side
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions

BLOCK = 256  # side of the tiles in the written TIFF


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a prediction is: tiles done of tiles in all."""

    done: int
    total: int


def segment(
    model: TrainedModel, source: ImageSource, output: Path, options: PredictOptions, *, resume: bool = False
) -> Iterator[Progress]:
    """Predict an image into a TIFF; yields after each tile.

    The file appears under its name when it is complete. What is done is kept in a journal beside it, so that
    the same call with `resume` goes on after a crash, to the same bytes. Raises InputError as `predict`, and
    where the file cannot be written.
    """
    check_channels(model, source)
    geometry = model.network.geometry
    tiles = list(plan(source.planes, source.height, source.width, geometry, options.tile))
    kept, dtype = _kept(model, options)
    side = tile_side(geometry, options.tile)
    shape = (source.planes, kept, source.height, source.width)
    key = {"model": model.digest, "image": fingerprint(source), "options": asdict(options)}
    chunk = (min(side, source.height), min(side, source.width))
    journal = open_journal(output, key, shape, dtype, chunk, resume=resume)
    done = journal.done()
    yield Progress(len(done), len(tiles))
    found = predict(model, source, skip=done, tile=options.tile, average=options.average, precision=options.precision)
    try:
        for count, (tile, probabilities) in enumerate(found, len(done) + 1):
            journal.add(tile, _keep(model, options, probabilities))
            yield Progress(count, len(tiles))
    except InputError:
        if not journal.done():  # the image itself is wrong: nothing to go on from
            close_journal(journal)
        raise
    layout = result_layout(model, source, options)
    write_tiled(output, layout, _blocks(journal, source, model, options))
    close_journal(journal)


def result_layout(model: TrainedModel, source: ImageSource, options: PredictOptions) -> TiffLayout:
    """Shape, type and axes of the file that `segment` writes."""
    kept, dtype = _kept(model, options)
    if options.result == "instances":
        dtype = np.dtype(np.uint32)
    names = model.card.class_names if kept > 1 else (model.card.class_names[-1],)
    return TiffLayout(
        plane_axes=source.plane_axes,
        plane_shape=source.plane_shape,
        channels=kept,
        height=source.height,
        width=source.width,
        dtype=dtype,
        pixel_size_um=source.pixel_size_um,
        channel_names=names if options.result == "probabilities" else (),
        tile=(BLOCK, BLOCK),
    )


def classes_of(model: TrainedModel, probabilities: NDArray[np.float32], threshold: float = 0.0) -> NDArray[np.uint8]:
    """Class numbers uint8 (h, w) of probabilities (classes, h, w).

    With two classes a pixel is a cell from the threshold on (0 = the one stored with the model); with more
    it belongs to the most probable class.
    """
    if len(probabilities) == 2:
        foreground: NDArray[np.uint8] = (probabilities[1] >= (threshold or model.card.threshold)).astype(np.uint8)
        return foreground
    best: NDArray[np.uint8] = probabilities.argmax(axis=0).astype(np.uint8)
    return best


def fingerprint(source: ImageSource) -> dict[str, Any]:
    """What tells one image from another without reading all of it: sizes, file time, three rows of pixels."""
    found = hashlib.sha256()
    for row in sorted({0, source.height // 2, source.height - 1}):
        found.update(np.ascontiguousarray(source.read(0, slice(row, row + 1))).tobytes())
    stat = source.path.stat() if source.path else None
    return {
        "shape": [source.planes, source.channels, source.height, source.width],
        "bytes": stat.st_size if stat else 0,
        "changed": stat.st_mtime_ns if stat else 0,
        "rows": found.hexdigest(),
    }


def _kept(model: TrainedModel, options: PredictOptions) -> tuple[int, np.dtype[Any]]:
    """Channels and type of what is kept of each tile: the cell's probability of two classes, else all."""
    if options.result != "probabilities":
        return 1, np.dtype(np.uint8)
    classes = model.network.options.classes
    return (1 if classes == 2 else classes), np.dtype(np.float32)


def _keep(model: TrainedModel, options: PredictOptions, probabilities: NDArray[np.float32]) -> NDArray[Any]:
    if options.result == "probabilities":
        return probabilities[1:] if len(probabilities) == 2 else probabilities
    return classes_of(model, probabilities, options.threshold)[None]


def _blocks(
    journal: Journal, source: ImageSource, model: TrainedModel, options: PredictOptions
) -> Iterator[NDArray[Any]]:
    """The result block by block, in the order in which a tiled TIFF stores them."""
    boxes = list(_boxes(source.height, source.width))
    whole = Box(0, 0, source.height, source.width)
    for plane in range(source.planes):
        if options.result == "instances":
            labels = label_instances(journal.read(plane, 0, whole), options.minimum_size, model.card.grow)
            yield from (labels[box.rows, box.columns] for box in boxes)
        else:
            for channel in range(journal.channels):
                yield from (journal.read(plane, channel, box) for box in boxes)


def _boxes(height: int, width: int) -> Iterator[Box]:
    for top in range(0, height, BLOCK):
        for left in range(0, width, BLOCK):
            yield Box(top, left, min(BLOCK, height - top), min(BLOCK, width - left))
