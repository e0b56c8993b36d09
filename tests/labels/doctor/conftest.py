"""Pairs in memory, and what the doctor says of them."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.images.source import array_source
from cellseg.labels.doctor.examine import Examination, examine
from cellseg.labels.doctor.finding import Report
from cellseg.labels.pairs import Pair
from cellseg.options import LabelOptions
from cellseg.samples.sample import make_sample


def pairs_of(images, labels) -> list[Pair]:
    """Pairs of stacks (N, H, W)."""
    image, label = array_source(images), array_source(labels)
    return [Pair(f"plane[{k}]", image, k, label, k) for k in range(len(images))]


def report_on(pairs, **options) -> Report:
    """The report of an examination."""
    *_, report = examine(Examination(pairs, LabelOptions(**options), margin=44))
    return report


@pytest.fixture(scope="session")
def samples():
    """Images and labels (5, 256, 256) of each kind of sample."""

    def stack(kind):
        made = [make_sample(kind, (256, 256), np.random.default_rng([3, k])) for k in range(5)]
        return tuple(np.stack(arrays) for arrays in zip(*made, strict=True))

    return {kind: stack(kind) for kind in ("blobs", "em")}
