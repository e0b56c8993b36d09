"""Widgets of magicgui, made from options: limits, choices and helps stand in the dataclasses alone."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from magicgui.widgets.bases import BaseValueWidget, RangedWidget
from napari_cellseg.forms.answers import Answers
from napari_cellseg.forms.fields import field_of
from napari_cellseg.forms.numbers import NOT_GIVEN, SlideBox
from napari_cellseg.forms.option_form import OptionForm
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QFormLayout

from cellseg import InputError
from cellseg.options import AugmentOptions, NetworkOptions, PredictOptions, TrainOptions, WeightOptions, described

OPTIONS = [
    option
    for owner in (WeightOptions, AugmentOptions, NetworkOptions, TrainOptions, PredictOptions)
    for option in described(owner).values()
]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_option_has_a_widget_with_its_help_limits_and_choices(qtbot, option):
    made = field_of(option)
    qtbot.addWidget(made.native)
    assert isinstance(made, BaseValueWidget)
    assert option.help in made.tooltip
    assert option.flag in made.tooltip
    if option.choices:
        assert {choice for choice in made.choices if choice is not None} == set(option.choices)
        assert (None in made.choices) == option.optional
    if isinstance(made, RangedWidget):
        assert str(option.limits) in made.tooltip
        made.value = option.limits.high + 5
        assert made.value == option.limits.high
        made.value = option.limits.low
        assert made.value == option.limits.low
    if option.optional:
        made.value = None
        assert made.value is None
    elif option.default is not None:
        assert field_of(option).value == option.default


def test_a_number_may_be_left_open(qtbot):
    box = field_of(replace(described(TrainOptions)["momentum"], default=None, optional=True))
    qtbot.addWidget(box.native)
    assert (box.value, box.native.text()) == (None, NOT_GIVEN)
    box.native.stepBy(1)
    assert box.value == 0  # which is a value that may be asked for
    box.native.stepBy(-1)
    assert box.value is None
    box.native.lineEdit().setText("5e-2")
    box.native.interpretText()
    assert (box.value, box.native.text()) == (0.05, "0.05")


def test_a_slider_covers_the_usual_numbers_and_the_box_all_of_them(qtbot):
    made = field_of(described(WeightOptions)["w0"], span=(0, 50, 0.5))
    qtbot.addWidget(made.native)
    heard = []
    made.changed.connect(heard.append)
    assert isinstance(made, SlideBox)
    made._slider.value = 12.3
    made.value = 700
    assert (heard, made._slider.value) == ([12.5, 700], 50)
    made.span(0, 1000)
    assert (heard, made._slider.value) == ([12.5, 700], 700)


@pytest.fixture
def form(qtbot):
    options = described(WeightOptions)
    answers = Answers({name: option.default for name, option in options.items()})
    made = OptionForm(answers, options.values(), spans={"w0": (0, 50, 0.5)})
    qtbot.addWidget(made)
    return made, answers


def test_a_form_shows_answers_and_changes_them(form):
    made, answers = form
    made.field("w0").value = 20
    made.field("where").value = "everywhere"
    assert answers.given == {"w0": 20, "where": "everywhere"}
    assert WeightOptions(**answers.values).w0 == 20
    answers.follow({**answers.base, "sigma": 3.0, "w0": 1.0})
    assert (made.field("sigma").value, made.field("w0").value) == (3, 20)


def test_what_was_set_by_hand_can_be_taken_back(form):
    made, answers = form
    button = made._resets["sigma"]
    assert not button.isVisibleTo(made)
    made.field("sigma").value = 7
    assert button.isVisibleTo(made)
    button.click()
    assert (made.field("sigma").value, answers.given) == (5, {})
    assert not button.isVisibleTo(made)


def test_a_wheel_that_scrolls_the_panel_changes_nothing(form):
    made, answers = form
    for widget in (made.field("sigma").native, made.field("where").native, made.field("w0")._slider._widget._qwidget):
        middle, down = QPointF(widget.rect().center()), QPoint(0, -120)
        keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(middle, QPointF(widget.mapToGlobal(QPoint())), QPoint(), down, *keys, False)
        QApplication.sendEvent(widget, event)
    assert answers.given == {}


def test_rows_are_hidden_and_shut(form):
    made, _ = form
    made.show_row("spacing", False)
    assert not made.field("spacing").native.isVisibleTo(made)
    made.enable_rows(["sigma", "unheard_of"], False)
    assert not made.field("sigma").native.isEnabled()
    assert isinstance(made.layout(), QFormLayout)


def test_values_are_checked_where_the_options_are():
    assert {field.name for field in fields(WeightOptions)} == set(described(WeightOptions))
    with pytest.raises(InputError, match="--sigma is 0"):
        WeightOptions(sigma=0.0)
