"""The width of the objects, measured once for all processes that predict one image."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

from cellseg.images.grey_values import GreyRule
from cellseg.images.source import ImageSource
from cellseg.inference.notes import Notes, note
from cellseg.inference.object_size import with_measured_size
from cellseg.inference.seen import MeasureSize
from cellseg.models.trained import TrainedModel
from cellseg.options import PredictOptions


def noted_size(notes: Notes, key: dict[str, Any]) -> MeasureSize:
    """The measurement of `seen_by`, noted for a prediction with this key: who comes first measures."""
    digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode()).hexdigest()

    def measure(trained: TrainedModel, own: ImageSource, rule: GreyRule, asked: PredictOptions) -> PredictOptions:
        def found() -> bytes:
            return json.dumps(with_measured_size(trained, own, rule, asked).diameter).encode()

        return replace(asked, diameter=json.loads(note(notes, f"width-{digest[:16]}.json", found)))

    return measure
