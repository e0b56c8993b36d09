"""What the panel for segmenting decides, with no window, no child and no network."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from napari_cellseg.segment.controller import DIED, NO_IMAGE, NO_MODEL, Desk, SegmentController
from napari_cellseg.segment.cut import Cut
from napari_cellseg.segment.inputs import Choices, Input
from psygnal import Signal

from cellseg import InputError
from cellseg.options import PredictOptions

OPENED = {
    "event": "opened",
    "lead": [],
    "height": 30,
    "width": 40,
    "threshold": 0.7,
    "minimum_size": 12,
    "minimum_probability": 0.0,
    "fill_holes": 0,
    "split": 0.0,
    "tile": 64,
    "precision": "float32",
    "done": 0,
    "total": 4,
}
CHOICES = Choices(model="runs/one", network=PredictOptions(average="rotations7"), channel="2")


class Driver:
    """Keeps what it is told to do."""

    told, died = Signal(dict), Signal(str)

    def __init__(self):
        self.orders = []

    def send(self, order):
        self.orders.append(order)

    def hear(self, event, **more):
        self.told.emit({"event": event, **more})

    def done(self):
        """Names of the orders so far."""
        return [order["do"] for order in self.orders]


class Calls:
    """Answers to any method, and keeps its name."""

    def __init__(self):
        self.names = []

    def __getattr__(self, name):
        return lambda *arguments: self.names.append(name)


class Layers(Calls):
    """Layers of one image."""

    def __init__(self, name, shape, small=True):
        super().__init__()
        self.name, self.shape, self.small, self.uncertain = name, shape, small, False

    def field(self):
        return SimpleNamespace(centre=(0, 15, 20))

    def show_uncertainty(self, visible):
        return self.uncertain


class Tasks:
    """Does everything at once."""

    def run(self, do, then, failed):
        try:
            result = do()
        except InputError as error:
            failed(str(error))
        else:
            then(result)


class Work:
    """A controller and all it works with."""

    def __init__(self, small=True):
        self.driver, self.field, self.told = Driver(), Calls(), []
        self.made = []
        desk = Desk(self.driver, self.field, Tasks(), self.make, lambda folder: ("cells", False))
        self.controller, self.small = SegmentController(Cut(), desk), small
        for name in ("progressed", "counted", "warned", "failed", "said", "applying", "drawn", "tiled"):
            getattr(self.controller, name).connect(lambda *what, name=name: self.told.append((name, *what)))

    def make(self, chosen, opened, model):
        self.made.append(Layers(chosen.name, (*opened["lead"], opened["height"], opened["width"]), self.small))
        return self.made[-1]

    def begin(self, *names):
        self.controller.start([Input(name=name, folder=Path(name), path=f"{name}.tif") for name in names], CHOICES)


@pytest.fixture
def work():
    return Work()


def test_what_is_missing_is_said(work):
    work.controller.start([], CHOICES)
    work.controller.start([Input(name="a", folder=Path("a"), path="a.tif")], Choices(model=""))
    assert work.told == [("warned", NO_IMAGE), ("warned", NO_MODEL)]
    assert (work.driver.orders, work.controller.busy) == ([], False)


def test_one_image_after_another_is_opened_predicted_and_cut(work):
    work.begin("a", "b")
    assert work.driver.orders[0]["image"] == "a.tif"
    assert work.driver.orders[0]["options"] == {"average": "rotations7"}
    work.driver.hear(**OPENED)
    assert work.driver.orders[1] == {"do": "predict", "near": (0, 15, 20)}
    work.driver.hear("tile", done=1, total=4, seconds_left=30.0)
    assert work.controller.words == "1 of 4 tiles, about 30 s left"
    work.driver.hear("predicted", notes=[])
    assert work.driver.orders[2] == {"do": "apply", "options": {}}
    work.driver.hear("applied", folder="f", complete=True, cells=7)
    assert ("counted", "7 cells") in work.told
    assert work.made[0].names == ["show_cells"]
    assert work.driver.orders[3]["image"] == "b.tif"
    assert work.controller.busy
    work.driver.hear(**OPENED)
    work.driver.hear("predicted", notes=[])
    work.driver.hear("applied", folder="f", complete=False, cells=1)
    assert ("counted", "1 cells in what is predicted so far") in work.told
    assert (work.controller.busy, len(work.made)) == (False, 2)
    assert work.field.names == ["take", "follow", "rest", "forget", "take", "rest", "forget"]


def test_what_is_odd_about_grey_values_is_shown(work):
    work.begin("a")
    work.driver.hear(**OPENED)
    work.driver.hear("predicted", notes=["3 pixels lie far above the others."])
    assert ("warned", "a: 3 pixels lie far above the others.") in work.told


def test_cancelling_forgets_the_images_that_wait(work):
    work.begin("a", "b")
    work.driver.hear(**OPENED)
    work.controller.cancel()
    work.driver.hear("cancelled")
    assert work.driver.done() == ["open", "predict", "cancel"]
    assert not work.controller.busy
    assert "cancelled" in work.controller.words


@pytest.mark.parametrize("how", ["died", "failed"])
def test_a_child_that_fails_leaves_the_panel_ready(work, how):
    work.begin("a", "b")
    work.driver.hear(**OPENED)
    if how == "died":
        work.driver.died.emit("killed")
        wanted = f"{DIED} It said: killed"
    else:
        work.driver.hear("failed", order="predict", message="no memory")
        wanted = "no memory"
    assert work.told[-1] == ("failed", wanted)
    assert not work.controller.busy
    assert work.driver.done() == ["open", "predict"]


def test_a_preview_that_fails_stops_nothing(work):
    work.begin("a")
    work.driver.hear(**OPENED)
    work.driver.hear("failed", order="cut", message="no memory")
    assert work.controller.busy


@pytest.mark.parametrize(("small", "busy", "applied"), [(True, False, 1), (False, False, 0), (True, True, 0)])
def test_only_small_images_follow_the_sliders_and_only_while_nothing_else_goes_on(small, busy, applied):
    work = Work(small=small)
    work.begin("a")
    work.driver.hear(**OPENED)
    if not busy:
        work.driver.hear("cancelled")
    work.controller.cut.answers.give({"threshold": 0.5})
    work.controller.apply_if_small()
    assert work.driver.done().count("apply") == applied
    if applied:
        assert work.driver.orders[-1]["options"] == {"threshold": 0.5}
        assert work.told[-1] == ("applying",)


def test_the_same_image_keeps_its_layers_and_what_was_changed(work):
    for _ in range(2):
        work.begin("a")
        work.driver.hear(**OPENED)
        work.driver.hear("cancelled")
        work.controller.cut.answers.give({"threshold": 0.5})
    assert len(work.made) == 1
    assert work.controller.cut.options == {"threshold": 0.5}


def test_uncertainty_is_asked_for_once(work):
    work.begin("a")
    work.controller.show_uncertainty(True)  # there is no image yet
    work.driver.hear(**OPENED)
    assert work.driver.done() == ["open", "show", "predict"]
    work.made[0].uncertain = True
    work.controller.show_uncertainty(False)
    work.controller.show_uncertainty(True)
    assert work.driver.done().count("show") == 1


def test_saving_and_the_command_say_the_same(work, tmp_path):
    assert work.controller.command == ""
    work.begin("a")
    work.driver.hear(**OPENED)
    work.controller.cut.answers.give({"threshold": 0.5, "fill_holes": 3})
    work.controller.save(tmp_path / "cells.tif")
    wanted = {"result": "instances", "threshold": 0.5, "fill_holes": 3}
    assert work.driver.orders[-1] == {"do": "save", "path": str(tmp_path / "cells.tif"), "options": wanted}
    words = work.controller.command_words("out.tif")
    assert words[:6] == ["cellseg", "predict", "runs/one", "a.tif", "--out", "out.tif"]
    flags = dict(zip(words[6::2], words[7::2], strict=True))
    assert flags.pop("--precision") == "float32"
    said = {"--average": "rotations7", "--tile": "64", "--channel": "2"}
    assert flags == {**said, "--threshold": "0.5", "--fill-holes": "3"}
    work.controller.result = "probabilities"
    assert "--threshold" not in work.controller.command_words("out.tif")
    work.driver.hear("saved", path="cells.tif")
    assert work.told[-1] == ("said", "wrote cells.tif")


def test_an_image_that_cannot_be_handed_over(work):
    class Odd:
        shape, ndim, dtype = (2, 2, 2, 2, 2), 5, "uint8"

    work.controller.start([Input(name="a", folder=Path("a"), data=Odd())], CHOICES)
    assert work.told[-1][0] == "failed"
    assert "5 axes" in work.told[-1][1]
    assert not work.controller.busy


def test_what_is_decided_needs_no_window_and_no_torch():
    code = "import sys, napari_cellseg.segment.controller, napari_cellseg.segment.cut"
    code += "; sys.exit(any(name in sys.modules for name in ('torch', 'qtpy', 'napari', 'magicgui')))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_what_is_known_of_an_image_is_not_said_of_the_next(work):
    images = [
        Input(name=name, folder=Path(name), path=f"{name}.tif", axes=axes) for name, axes in (("a", "CYX"), ("b", ""))
    ]
    work.controller.start(images, CHOICES)
    work.driver.hear(**OPENED)
    first = work.controller.command_words("out.tif")
    assert (work.driver.orders[0]["axes"], first[3], first[first.index("--axes") + 1]) == ("CYX", "a.tif", "CYX")
    work.driver.hear("predicted", notes=[])
    work.driver.hear("applied", folder="f", complete=True, cells=7)
    assert (work.driver.orders[-1]["image"], work.driver.orders[-1]["axes"]) == ("b.tif", "")
    assert work.controller.command_words("out.tif") == first  # what is shown, until the next image is open
    work.driver.hear(**OPENED)
    second = work.controller.command_words("out.tif")
    assert (second[3], "--axes" in second) == ("b.tif", False)


@pytest.mark.parametrize(("stored", "known", "wanted"), [(0, 30, 30), (12, 30, 12), (0, 0, 0)])
def test_the_smallest_cell_follows_what_is_annotated_where_the_model_says_nothing(stored, known, wanted):
    work = Work()
    work.controller._desk = replace(work.controller._desk, smallest=lambda: known)
    work.begin("a")
    work.driver.hear(**{**OPENED, "minimum_size": stored})
    assert work.controller.cut.answers.values["minimum_size"] == wanted
    assert work.controller.cut.options.get("minimum_size", stored) == wanted, "the child is told"
