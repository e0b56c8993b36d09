"""The recipe `fast` where cells have background between them: statistics are held for the last tenth of the steps.

Of nuclei of many kinds it finds more so than with statistics held for the second half: what each sample is normalised
by varies, and the network learns to do with that. In EM it is the other way round (docs/measurements.md).
"""

from __future__ import annotations

from dataclasses import replace

from cellseg.evaluation.choose_cut import are_outlined
from cellseg.evaluation.cut_scores import is_dense
from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet
from cellseg.training.settling import HOLD

LATE = 0.9
"""Part of the steps after which statistics are held."""
NOTE = (
    "cells have background between them: normalisation statistics are held for the last tenth of the steps; "
    "--hold 0.5 holds them for half"
)


def with_hold(
    settings: TrainSettings, data: TrainingSet, *, goes_on: bool = False
) -> tuple[TrainSettings, tuple[str, ...]]:
    """The settings with `hold` where it is open, and a sentence where it is late.

    Runs and models that are gone on with (`goes_on`) stay as they were.
    """
    options = settings.train
    if options.hold is not None:
        return settings, ()
    late = not goes_on and options.recipe == "fast" and options.statistics == "fixed" and _is_scattered(data)
    return replace(settings, train=replace(options, hold=LATE if late else HOLD)), (NOTE,) if late else ()


def _is_scattered(data: TrainingSet) -> bool:
    truths = [image.truth for image in data.training]
    return data.classes == 2 and not is_dense(truths) and are_outlined(truths)
