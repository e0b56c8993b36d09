"""From an open image to a finished file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.inference.journal import NOTE, close_journal, journal_folder, left_behind, start_journal
from cellseg.inference.journal_key import fingerprint, journal_key, key_of
from cellseg.inference.noted_size import noted_size
from cellseg.inference.notes import FolderNotes
from cellseg.inference.opened import prediction_joined, prediction_on_disk
from cellseg.inference.predicted import Predicted
from cellseg.inference.prediction import Plan, Prediction
from cellseg.inference.progress import Progress
from cellseg.inference.result import Stored
from cellseg.inference.scope import PLAN, refuse_without_effect
from cellseg.inference.seen import SeenImage, seen_by
from cellseg.inference.tasks import Executor
from cellseg.inference.work_log import close_unbegun, refuse_at_work
from cellseg.locks import sole_writer
from cellseg.models.trained import TrainedModel, as_model, pruned
from cellseg.options import PredictOptions


def segment(
    model: TrainedModel, source: ImageSource, output: Path, options: PredictOptions, *, resume: bool = False
) -> Iterator[Plan | Progress]:
    """Predict an image into a file; yields the plan, then progress.

    The file appears under its name when it is complete, and so does the uncertainty, if wanted, beside it. What is done
    is kept in a journal, so that the same call with `resume` goes on after a crash, to the same bytes. Raises
    InputError as `predict`, where the memory does not suffice, and where a file cannot be written.
    """
    with sole_writer(output):
        prediction = prediction_into(output, model, source, options, resume=resume)
        yield prediction.plan()
        yield from finish(prediction, output)


def prediction_into(
    output: Path, model: TrainedModel, source: ImageSource, options: PredictOptions, *, resume: bool = False
) -> Prediction:
    """The prediction of a file: the one that an interrupted run has left, or a new one. See `segment`.

    Who calls it is the `sole_writer` of the file until it is finished. Raises InputError, too, where shares are at
    work on it.
    """
    refuse_at_work(output)
    if resume:
        return joined_prediction(output, model, source, options)
    refuse_without_effect(options, classes=len(as_model(model).card.class_names))
    seen = seen_by(model, source, options)
    return prediction_on_disk(seen, output, _stored(seen), journal_key(seen, without=PLAN), None)


def joined_prediction(output: Path, model: TrainedModel, source: ImageSource, options: PredictOptions) -> Prediction:
    """The prediction of a file to which any number of processes may add tiles; the first to come begins it.

    What is measured before the first tile is measured by one of them. Raises InputError as `segment`, and where a
    prediction of another image, by another model or with other options is there.
    """
    refuse_without_effect(options, classes=len(as_model(model).card.class_names))
    key = key_of(pruned(as_model(model), options.prune), source, options, without=PLAN)
    folder = journal_folder(output)
    if (folder / NOTE).exists() and left_behind(output, key) is None:  # no JSON
        start_journal(output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        seen = seen_by(model, source, options, measure=noted_size(FolderNotes(folder), key))
        return prediction_joined(seen, output, _stored(seen), key)
    finally:
        close_unbegun(output)


def _stored(seen: SeenImage) -> Stored:
    """Values of a result; where the network sees another size, classes are told in the image's own pixels, so
    probabilities are stored."""
    whole = replace(seen.options, result="probabilities", probability_type="float32")
    return Stored(seen.options if seen.back.same else whole)


def finish(
    prediction: Prediction,
    output: Path,
    look: Callable[[Predicted], None] | None = None,
    executor: Executor | None = None,
) -> Iterator[Progress]:
    """Predict what is missing, write the file and remove the journal. See `segment`.

    `look` is shown each tile. `executor` has several processes write the file, see `write_result`.
    """
    try:
        yield from prediction.measure()
        yield from prediction.fill(behind=True, look=look)
    except InputError:
        if not prediction.journal.done():  # the image itself is wrong: nothing to go on from
            close_journal(output)
        raise
    _refuse_changed(prediction, output)
    prediction.noted.recall(range(prediction.source.planes))
    yield from prediction.write(output, executor)
    close_journal(output)


def _refuse_changed(prediction: Prediction, output: Path) -> None:
    """InputError where the image is another one than when it was begun; what was made of both is thrown away."""
    own = prediction.seen.own
    if prediction.key and fingerprint(own) != prediction.key["image"]:
        close_journal(output)
        raise InputError("was changed while it was predicted", "Predict it again.", path=own.path or own.name)
