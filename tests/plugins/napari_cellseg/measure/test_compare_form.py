"""The form of a comparison: magicgui's widgets, made from its options, that follow the viewer."""

from __future__ import annotations

import numpy as np
import pytest
from magicgui.widgets import ComboBox
from napari.components import ViewerModel
from napari_cellseg.measure.compare_form import CompareForm
from napari_cellseg.measure.scope import ScopeOptions

from cellseg import InputError


@pytest.fixture
def viewer():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 4, 4)), name="image")
    viewer.add_labels(np.zeros((4, 4), int), name="truth")
    viewer.add_labels(np.zeros((2, 4, 4), int), name="cells")
    return viewer


@pytest.fixture
def form(viewer, qtbot):
    made = CompareForm(viewer)
    qtbot.addWidget(made)
    made.refresh()
    return made


def chosen(form):
    return [field.layer.name for field in (form.prediction, form.truth)]


def test_it_is_made_of_magicgui_s_widgets_with_the_help_of_the_options(form):
    fields = [form.prediction, form.truth, form.scope.field("scope")]
    assert all(isinstance(field, ComboBox) for field in fields)
    assert fields[2].choices == ("plane", "planes", "volume")
    assert fields[2].tooltip.startswith("Of a stack: one plane")
    assert "command line" not in fields[2].tooltip
    with pytest.raises(InputError, match="scope"):
        ScopeOptions(scope="field")


def test_two_layers_are_proposed_and_stay_chosen(form, viewer):
    assert chosen(form) == ["cells", "truth"]
    form.prediction.choose(viewer.layers["truth"])
    form.refresh()
    assert chosen(form) == ["truth", "cells"]
    viewer.layers["truth"].name = "by hand"
    viewer.add_labels(np.zeros((4, 4), int), name="new")
    form.refresh()
    assert chosen(form) == ["by hand", "cells"]
    assert [layer.name for layer in form.truth.choices] == ["new", "cells", "by hand"]
    viewer.layers.remove("by hand")
    form.refresh()
    assert chosen(form) == ["new", "cells"]
    viewer.layers.clear()
    form.refresh()
    assert form.prediction.layer is form.truth.layer is None


def test_only_a_stack_has_a_scope(form, viewer):
    assert not form.scope.isHidden()
    form.scope.answers.give({"scope": "volume"})
    assert (form.scope.options.together, form.scope.options.everywhere) == (3, False)
    form.prediction.choose(viewer.layers["truth"])
    assert form.scope.isHidden()
    assert form.scope.options == ScopeOptions()
