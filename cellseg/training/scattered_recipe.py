"""The recipe `fast` where cells have background between them: statistics are held for the last tenth of the steps.

Of nuclei of many kinds it finds more so than with statistics held for the second half: what each sample is normalised
by varies, and the network learns to do with that. In EM it is the other way round (docs/measurements.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cellseg.evaluation.choose_cut import are_outlined
from cellseg.evaluation.cut_scores import is_dense
from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet

LATE = 0.9
"""Part of the steps after which statistics are held."""


def for_scattered(settings: TrainSettings, data: TrainingSet, given: Mapping[str, Any]) -> TrainSettings:
    """The settings for cells with background between them, where they are outlined; given options stay."""
    options = settings.train
    if options.recipe != "fast" or options.statistics != "fixed" or given.get("hold") is not None or data.classes > 2:
        return settings
    truths = [image.truth for image in data.training]
    if is_dense(truths) or not are_outlined(truths):
        return settings
    return replace(settings, train=replace(options, hold=LATE))
