"""Plan of a comparison, and the walk through its errors. Knows no window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cellseg import InputError
from napari_cellseg.annotation import background_of, is_annotation
from napari_cellseg.measure.table import PlaneIndex

if TYPE_CHECKING:
    from napari_cellseg.measure.scope import ScopeOptions

CHOOSE_TWO = "Choose two Labels layers: the segmentation, and the truth beside it."


@dataclass(frozen=True, slots=True)
class ComparisonPlan:
    """An order for the program beside the window, and what of each layer it is about."""

    order: dict[str, Any]
    prediction: PlaneIndex
    """Axes before those that are compared; empty: the whole layer."""
    truth: PlaneIndex


def plan_comparison(prediction: Any, truth: Any, options: ScopeOptions, *, seen: PlaneIndex) -> ComparisonPlan:
    """Plan a comparison of two layers.

    Args:
        prediction: a Labels layer, or None.
        truth: another one, or None; it may have fewer axes.
        options: the part of a stack.
        seen: the plane of the prediction that is seen.

    Raises:
        InputError: two different layers are needed, or it is a series of volumes.
    """
    if None in (prediction, truth) or prediction is truth:
        raise InputError("There are no two layers to compare", CHOOSE_TWO)
    place = seen if options.scope == "plane" else _whole(prediction)
    order = {
        "do": "compare",
        "background": background_of(prediction.metadata),
        "annotation": is_annotation(truth),
        "by_plane": options.scope == "planes" and prediction.ndim > 2,
    }
    return ComparisonPlan(order, place, place[max(len(place) + 2 - truth.ndim, 0) :])


def _whole(layer: Any) -> PlaneIndex:
    if layer.ndim > 3:
        found = "A series of volumes is compared plane by plane"
        raise InputError(found, "Choose the plane that is seen.")
    return ()


def next_line(line: int, count: int, by: int) -> int:
    """The line of a table after a step, round and round; from none (-1) to the first or the last."""
    if line < 0:
        return 0 if by > 0 else count - 1
    return (line + by) % count
