"""Metrics of single cells."""

from cellseg.metrics.boundary import boundary_f1
from cellseg.metrics.ctc import annotated_only, det, inside_field, seg
from cellseg.metrics.detection import THRESHOLDS, Detections, average_precision, count_error, f1
from cellseg.metrics.hausdorff import hausdorff95
from cellseg.metrics.objects import ObjectRow, object_table
from cellseg.metrics.overlap import Overlaps, overlaps
from cellseg.metrics.panoptic import aggregated_jaccard, panoptic_quality
from cellseg.metrics.pixel import ClassTally, dice, iou, tally_classes
from cellseg.metrics.states import COLOURS, STATES, error_map
from cellseg.metrics.tally import CellTally, tally_cells

__all__ = [
    "COLOURS",
    "STATES",
    "THRESHOLDS",
    "CellTally",
    "ClassTally",
    "Detections",
    "ObjectRow",
    "Overlaps",
    "aggregated_jaccard",
    "annotated_only",
    "average_precision",
    "boundary_f1",
    "count_error",
    "det",
    "dice",
    "error_map",
    "f1",
    "hausdorff95",
    "inside_field",
    "iou",
    "object_table",
    "overlaps",
    "panoptic_quality",
    "seg",
    "tally_cells",
    "tally_classes",
]
