"""What the panel for measuring decides, with no window."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari_cellseg.measure.cell_filter import MEASURE_FIRST, CellFilter
from napari_cellseg.measure.comparison import next_line, plan_comparison
from napari_cellseg.measure.scope import ScopeOptions

from cellseg import CellTable, InputError


def layer(ndim, what=""):
    return SimpleNamespace(ndim=ndim, metadata={"cellseg": {"what": what}} if what else {})


@pytest.mark.parametrize(
    ("ndims", "scope", "places", "by_plane"),
    [
        ((2, 2), "plane", ((), ()), False),
        ((3, 3), "plane", ((4,), (4,)), False),
        ((3, 2), "plane", ((4,), ()), False),
        ((3, 3), "planes", ((), ()), True),
        ((3, 3), "volume", ((), ()), False),
        ((4, 3), "plane", ((1, 4), (4,)), False),
    ],
    ids=["planes", "the plane that is seen", "one truth for all", "every plane", "volumes", "series"],
)
def test_what_is_compared(ndims, scope, places, by_plane):
    prediction, truth = (layer(ndim) for ndim in ndims)
    seen = {2: (), 3: (4,), 4: (1, 4)}[ndims[0]]
    plan = plan_comparison(prediction, truth, ScopeOptions(scope=scope), seen=seen)
    assert (plan.prediction, plan.truth) == places
    assert plan.order == {"do": "compare", "background": 0, "annotation": False, "by_plane": by_plane}


def test_annotations_have_a_background_and_gaps():
    annotation, result = layer(2, "annotation"), layer(2, "instances")
    plan = plan_comparison(annotation, result, ScopeOptions(), seen=())
    assert (plan.order["background"], plan.order["annotation"]) == (1, False)
    plan = plan_comparison(result, annotation, ScopeOptions(), seen=())
    assert (plan.order["background"], plan.order["annotation"]) == (0, True)


def test_what_cannot_be_compared():
    one = layer(4)
    for pair in ((one, one), (None, one), (one, None)):
        with pytest.raises(InputError, match="two Labels layers"):
            plan_comparison(*pair, ScopeOptions(), seen=())
    with pytest.raises(InputError, match="plane by plane"):
        plan_comparison(one, layer(4), ScopeOptions(scope="planes"), seen=())


@pytest.mark.parametrize(
    ("line", "by", "following"), [(-1, 1, 0), (-1, -1, 2), (0, 1, 1), (2, 1, 0), (0, -1, 2)], ids=str
)
def test_a_walk_through_errors_goes_round(line, by, following):
    assert next_line(line, 3, by) == following


TABLE = CellTable(("cell", "area_px", "mean"), np.array([[1, 10, 0.5], [2, 30, np.nan], [3, 20, 0.7]], float))


def test_cells_in_ranges():
    chosen = CellFilter()
    assert chosen.summary(None, 0) == MEASURE_FIRST
    assert chosen.take(TABLE)
    assert (chosen.column, chosen.limits, chosen.chosen) == ("area_px", (10, 30), (10, 30))
    assert chosen.choose(25, 5) == (5, 25)
    assert chosen.rows.tolist() == [True, False, True]
    chosen.column = "mean"
    assert chosen.limits == (0.5, 0.7)
    chosen.choose(0.6, 1)
    assert chosen.rows.tolist() == [False, False, True]
    assert not chosen.take(CellTable(TABLE.columns, TABLE.values[1:]))  # after a stroke: ranges stay
    assert chosen.rows.tolist() == [False, True]
    assert chosen.take(CellTable(("cell", "mean", "volume_px3"), TABLE.values))
    assert (chosen.column, chosen.rows.all()) == ("mean", True)
    chosen.choose_all()
    assert chosen.take(CellTable(("cell", "volume_px3"), TABLE.values[:, :2]))
    assert chosen.column == "volume_px3"
