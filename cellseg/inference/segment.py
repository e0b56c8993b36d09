"""From an open image to a finished file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.source import ImageSource
from cellseg.inference.journal import close_journal, left_behind
from cellseg.inference.journal_key import journal_key
from cellseg.inference.opened import prediction_on_disk
from cellseg.inference.predicted import Predicted
from cellseg.inference.prediction import Plan, Prediction
from cellseg.inference.progress import Progress
from cellseg.inference.result import Stored
from cellseg.inference.scope import PLAN, refuse_without_effect
from cellseg.inference.seen import seen_by
from cellseg.locks import sole_writer
from cellseg.models.trained import TrainedModel
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

    Who calls it is the `sole_writer` of the file until it is finished.
    """
    refuse_without_effect(options)
    seen = seen_by(model, source, options)
    # where the network sees another size, classes are told in the image's own pixels, so probabilities are stored
    whole = replace(options, result="probabilities", probability_type="float32")
    stored = Stored(options if seen.back.same else whole)
    key = journal_key(seen, without=PLAN)
    return prediction_on_disk(seen, output, stored, key, left_behind(output, key) if resume else None)


def finish(prediction: Prediction, output: Path, look: Callable[[Predicted], None] | None = None) -> Iterator[Progress]:
    """Predict what is missing, write the file and remove the journal; `look` is shown each tile. See `segment`."""
    try:
        yield from prediction.measure()
        yield from prediction.fill(behind=True, look=look)
    except InputError:
        if not prediction.journal.done():  # the image itself is wrong: nothing to go on from
            close_journal(output)
        raise
    yield from prediction.write(output)
    close_journal(output)
