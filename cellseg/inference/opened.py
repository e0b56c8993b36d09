"""Predictions opened in memory or beside a file, where other processes may go on with them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from cellseg.errors import reading
from cellseg.inference.decisions import Decisions, decide
from cellseg.inference.endless import refuse_beyond_disk
from cellseg.inference.journal import ANEW, DAMAGED, NOTE, Journal, journal_folder, left_behind, note_of, start_journal
from cellseg.inference.notes import FolderNotes, note, put_first
from cellseg.inference.prediction import Prediction
from cellseg.inference.result import Stored
from cellseg.inference.runner import Runner
from cellseg.inference.seen import SeenImage
from cellseg.inference.store import ArrayStore
from cellseg.models.hardware import use_threads

ARRAY_TILE = 512
"""Longest side in pixels of the automatic tiles of an image in memory."""


def prediction_in_memory(seen: SeenImage, side: int | None = ARRAY_TILE) -> Prediction:
    """A prediction whose tiles stay in memory, as probabilities of all classes; nothing is predicted yet.

    `side` and errors as in `decide`.
    """
    runner = Runner(seen.network, adaptive=seen.trained.adaptive)
    stored = Stored(replace(seen.options, result="probabilities", probability_type="float32"), every_class=True)
    decisions = decide(seen, runner, side)
    return Prediction(seen, decisions, runner, stored, ArrayStore(stored.layers(seen)))


def prediction_on_disk(
    seen: SeenImage,
    output: Path,
    stored: Stored,
    key: dict[str, Any],
    left: dict[str, Any] | None,
    side: int | None = None,
) -> Prediction:
    """A prediction with a journal beside `output`, which another process may go on with; nothing is predicted yet.

    Args:
        seen: the image.
        output: the file that the journal belongs to.
        stored: the values that are stored of each tile.
        key: all that they depend on, see `journal_key`.
        left: decisions of the run that is resumed, see `left_behind`; None to begin an empty journal.
        side: as in `decide`.

    Raises:
        InputError: as `decide`, and where the tiles do not fit on the disk.
    """
    runner = Runner(seen.network, adaptive=seen.trained.adaptive)
    if left is None:
        decisions = decide(seen, runner, side)
        refuse_beyond_disk(seen.own, stored.layers(seen), decisions.tile, output.parent)
        put_first(start_journal(output) / NOTE, _begun(seen, output, stored, key, decisions))
    else:
        decisions = _as_decided(runner, output, left)
    journal = Journal(journal_folder(output), stored.layers(seen), decisions.tile)
    return Prediction(seen, decisions, runner, stored, journal, key)


def prediction_joined(seen: SeenImage, output: Path, stored: Stored, key: dict[str, Any]) -> Prediction:
    """The prediction of a journal that several processes add to; who comes first decides and begins it.

    Args and errors as in `prediction_on_disk`; InputError, too, where a journal with another key is there.
    """
    runner, folder = Runner(seen.network, adaptive=seen.trained.adaptive), journal_folder(output)

    def begun() -> bytes:
        decisions = decide(seen, runner)
        refuse_beyond_disk(seen.own, stored.layers(seen), decisions.tile, output.parent)
        return _begun(seen, output, stored, key, decisions)

    note(FolderNotes(folder), NOTE, begun)
    decisions = _as_decided(runner, output, left_behind(output, key) or {})
    return Prediction(seen, decisions, runner, stored, Journal(folder, stored.layers(seen), decisions.tile), key)


def _begun(seen: SeenImage, output: Path, stored: Stored, key: dict[str, Any], decisions: Decisions) -> bytes:
    """Make the arrays of a journal; returns the note that is its beginning."""
    folder, layers = journal_folder(output), stored.layers(seen)
    for layer in layers:
        shutil.rmtree(folder / layer.name, ignore_errors=True)
    Journal(folder, layers, decisions.tile)
    return note_of(key, decisions.as_json())


def _as_decided(runner: Runner, output: Path, left: dict[str, Any]) -> Decisions:
    with reading(journal_folder(output), DAMAGED, ANEW):
        decisions = Decisions.from_json(left)
    runner.precision = decisions.precision
    use_threads(decisions.threads)
    return decisions
