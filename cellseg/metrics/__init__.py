"""Metrics of a segmentation; each is called as metric(prediction, truth)."""

from cellseg.metrics.cells import *  # noqa: F403
from cellseg.metrics.em import *  # noqa: F403
