"""From an open image to a finished file: decide, predict, keep each tile, number the instances, write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.background import Behind
from cellseg.errors import InputError
from cellseg.images.listing import stem
from cellseg.images.source import ImageSource
from cellseg.inference.assemble import Stage, assemble
from cellseg.inference.journal import Journal, close_journal, journal_folder, left_behind, start_journal
from cellseg.inference.normalised import NormalisedImage
from cellseg.inference.predict import check_channels, predict_tiles, tiles_of
from cellseg.inference.prepare import Decisions, decide_within_memory, expect
from cellseg.inference.result import layers_of, result_layout, values_of
from cellseg.inference.returned import OwnPixels, Returned
from cellseg.inference.scale import at_own_size, kept_as, seen_by
from cellseg.inference.tiling import Tile
from cellseg.models.trained import TrainedModel, pruned
from cellseg.options import PredictOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be done, and what it will take."""

    done: int
    """Tiles that an interrupted run has left."""
    total: int
    """Tiles in all."""
    decisions: Decisions
    memory_bytes: int
    """What the process will take, about."""
    seconds: float
    """What the network will need for the missing tiles, about."""
    output_bytes: int
    """Size of the result before compression."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a stage is."""

    done: int
    total: int
    stage: Stage = "tiles"


def segment(
    model: TrainedModel, source: ImageSource, output: Path, options: PredictOptions, *, resume: bool = False
) -> Iterator[Plan | Progress]:
    """Predict an image into a file; yields the plan, then progress.

    The file appears under its name when it is complete, and so does the uncertainty, if wanted, beside it. What is done
    is kept in a journal, so that the same call with `resume` goes on after a crash, to the same bytes. Raises
    InputError as `predict`, where the memory does not suffice, and where a file cannot be written.
    """
    model = pruned(model, options.prune)
    check_channels(model, source)
    _check_uncertainty(options)
    image, kept = NormalisedImage(seen_by(model.card, source, options), options.invert), kept_as(model.card, options)
    decisions = _decisions(model, image, output, options, resume)
    journal = Journal(journal_folder(output), layers_of(model, image.source, kept), decisions.tile)
    plan, missing = _plan(model, image, options, decisions, journal, source)
    yield plan
    try:
        with Behind() as behind:
            for count, found in enumerate(predict_tiles(model, image, missing, options, decisions), plan.done + 1):
                behind.do(journal.add, found.tile, values_of(found, model, kept))
                yield Progress(count, plan.total)
    except InputError:
        if not journal.done():  # the image itself is wrong: nothing to go on from
            close_journal(output)
        raise
    model = at_own_size(model, options)
    finished = journal if image.source is source else Returned(OwnPixels(journal, source, image.source), model, options)
    for stage, done, total in assemble(finished, model, source, output, uncertainty_file(output), options):
        yield Progress(done, total, stage)
    close_journal(output)


def uncertainty_file(output: Path) -> Path:
    """Where the uncertainty of a result is written: beside it."""
    return output.with_name(f"{stem(output)}-uncertainty.tif")


def fingerprint(source: ImageSource) -> dict[str, Any]:
    """What tells one image from another without reading all of it: sizes, file time, three rows of pixels."""
    found = hashlib.sha256()
    for row in sorted({0, source.height // 2, source.height - 1}):
        found.update(np.ascontiguousarray(source.read(0, slice(row, row + 1))).tobytes())
    stats = [file.stat() for file in _files(source.path)]
    return {
        "shape": [source.planes, source.channels, source.height, source.width],
        "files": len(stats),
        "bytes": sum(stat.st_size for stat in stats),
        "changed": max((stat.st_mtime_ns for stat in stats), default=0),
        "rows": found.hexdigest(),
    }


def _files(path: Path | None) -> list[Path]:
    """The file of an image, or those of an OME-Zarr folder."""
    if path is None:
        return []
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]


def _decisions(
    model: TrainedModel, image: NormalisedImage, output: Path, options: PredictOptions, resume: bool
) -> Decisions:
    """Those of the run that is resumed, else new ones and an empty journal."""
    decisive = {name: value for name, value in asdict(options).items() if name not in ("tile", "memory")}
    key = {"model": model.digest, "image": fingerprint(image.source), "options": decisive}
    left = left_behind(output, key) if resume else None
    if left:
        return Decisions.from_json(left)
    decisions = decide_within_memory(model, image, options)
    start_journal(output, key, decisions.as_json())
    return decisions


def _plan(
    model: TrainedModel,
    image: NormalisedImage,
    options: PredictOptions,
    decisions: Decisions,
    journal: Journal,
    source: ImageSource,
) -> tuple[Plan, list[Tile]]:
    """What is to be done for an image of which the network sees another size, and the tiles that are missing."""
    seen = image.source
    total, missing = len(tiles_of(model, seen, decisions)), tiles_of(model, seen, decisions, journal.done())
    memory, seconds = expect(model, image, options, decisions)
    layout = result_layout(model, source, options)
    plan = Plan(
        done=total - len(missing),
        total=total,
        decisions=decisions,
        memory_bytes=memory,
        seconds=seconds * len(missing) / total,
        output_bytes=layout.planes * layout.channels * layout.height * layout.width * layout.dtype.itemsize,
    )
    return plan, missing


def _check_uncertainty(options: PredictOptions) -> None:
    if options.uncertainty == "disagreement" and options.average == "none":
        raise InputError(
            "--uncertainty disagreement compares averaged versions, and there is one",
            "Add --average dihedral8 or rotations7, or take --uncertainty entropy.",
        )
