"""The panel in a real window: annotation to network to preview, and what interrupts it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from napari_cellseg.forms.words import words_of
from napari_cellseg.session import Session
from napari_cellseg.train.curves import COLOURS, Curves
from napari_cellseg.train.form import TrainForm
from napari_cellseg.train.panel import TrainPanel
from napari_cellseg.train.preview import LAYER
from napari_cellseg.train.progress import SCORES, TrainingProgress
from napari_cellseg.train.runs import read_run
from napari_cellseg.train.trainer import Trainer
from napari_cellseg.train.wishes import Wishes
from qtpy.QtGui import QImage

from .conftest import TINY

PATIENT = 120_000
ENDLESS = ["--recipe", "fast", *words_of({**TINY, "steps": 100_000, "save_every": 3600.0})]
"""A training that ends when it is told, and writes no checkpoint before."""
SLIDERS = {
    "w0": 20.0,
    "sigma": 3.5,
    "where": "everywhere",
    "balance": "image",
    "spacing": 2.0,
    "elastic": 15.0,
    "grid": 5,
}
"""What the Borders panel tells, by the names of the options."""


@pytest.fixture
def shown_errors(monkeypatch):
    """What the panel told people of what went wrong."""
    told = []
    for name in ("show_error", "show_warning"):
        monkeypatch.setattr(f"napari_cellseg.train.panel.{name}", told.append)
    return told


@pytest.fixture
def panel(make_napari_viewer, sample, project, shown_errors):
    viewer = make_napari_viewer()
    viewer.add_image(sample[0], name="cells", scale=(2, 2))
    session = Session(viewer)
    session.use_project(project)
    made = TrainPanel(session)
    viewer.window.add_dock_widget(made, name="Train")
    return made


def test_train_pause_stop_resume_and_preview(panel, project, qtbot, shown_errors):
    viewer, session, trainer = panel._session.viewer, panel._session, panel.trainer
    assert panel.wishes.recipe == "quick"  # which strokes want
    assert not panel.setup.resume_row.isVisibleTo(panel)
    session.set_training(w0=20.0, where="everywhere", elastic=15.0, grid=5)  # as the Borders panel does
    shown = panel.wishes.answers.values
    assert (shown["w0"], shown["where"], shown["elastic"], shown["grid"]) == (20, "everywhere", 15, 5)
    panel.form.set_values({**TINY, "steps": 100_000})
    panel.plan_button.click()
    qtbot.waitUntil(lambda: panel.plan_box.isVisibleTo(panel), timeout=PATIENT)
    assert "100,000 steps" in panel.plan_label.text()
    assert project.runs == []  # a plan begins nothing
    panel.start_button.click()
    preview, image = viewer.layers[LAYER], viewer.layers["cells"]
    assert not preview.data.any()  # nothing is predicted yet
    qtbot.waitUntil(lambda: preview.data.any(), timeout=PATIENT)
    assert preview.data.shape == image.data.shape
    np.testing.assert_array_equal(preview.extent.world, image.extent.world)
    run = project.runs[0]
    assert session.model == str(run)
    panel.monitor.pause.click()
    qtbot.waitUntil(lambda: trainer.progress.phase == "paused", timeout=PATIENT)
    step = trainer.progress.step
    qtbot.wait(300)
    assert (trainer.progress.step, panel.monitor.pause.text()) == (step, "Continue")
    panel.monitor.pause.click()
    qtbot.waitUntil(lambda: trainer.progress.step > step, timeout=PATIENT)
    panel.monitor.stop.click()
    qtbot.waitUntil(lambda: not trainer.running, timeout=PATIENT)
    assert (trainer.progress.phase, shown_errors) == ("stopped", [])
    assert panel.setup.resume_row.isVisibleTo(panel)
    assert "interrupted" in panel.setup.unfinished.currentText()
    step = trainer.progress.step
    panel.setup.resume.click()
    assert trainer.progress.losses[-1][0] == step  # the curve goes on
    qtbot.waitUntil(lambda: trainer.progress.step > step, timeout=PATIENT)
    panel._session.viewer.window.remove_dock_widget(panel.parent())
    panel.trainer.close()  # as when the window closes
    panel.previewer.close()
    assert not trainer.running
    assert (run / "last.ckpt").exists()
    assert read_run(run).step >= step


def test_wrong_input_is_one_line(panel, project, qtbot, shown_errors):
    project.labels(project.images[0])[:] = 0
    panel.plan_button.click()
    qtbot.waitUntil(lambda: bool(shown_errors), timeout=PATIENT)
    assert "nothing is annotated" in shown_errors.pop()
    assert panel.plan_button.isEnabled()
    panel.data.source.setCurrentIndex(1)
    panel.plan_button.click()
    assert "labels layer" in shown_errors.pop()
    labels = panel._session.viewer.add_labels(np.ones((5, 5), int), name="small")
    panel.plan_button.click()
    qtbot.waitUntil(lambda: bool(shown_errors), timeout=PATIENT)
    assert "192 x 192 and the labels are 5 x 5" in shown_errors.pop()
    labels.data = np.zeros((192, 192), int)
    panel.plan_button.click()
    qtbot.waitUntil(lambda: bool(shown_errors), timeout=PATIENT)
    assert "nothing is labelled at all" in shown_errors.pop()


def test_the_form(qtbot):
    wishes = Wishes()
    form = TrainForm(wishes)
    qtbot.addWidget(form)
    assert wishes.words() == ["--recipe", "fast"]
    form.box("elastic").value = 7
    form.box("recipe").value = "paper"
    assert (form.box("base").value, form.box("optimiser").value) == (64, "sgd")
    assert wishes.words() == ["--recipe", "paper", "--elastic", "7"]  # what was changed stays
    form.box("recipe").value = "fast"
    form.box("elastic").value = 10
    form.box("model").value = "unetpp"
    form.box("rotate").value = False
    assert wishes.words() == ["--recipe", "fast", "--model", "unetpp", "--no-rotate"]
    form.take_network(True)
    assert not form.box("model").native.isEnabled()
    assert not form.box("depth").native.isEnabled()
    assert form.box("steps").native.isEnabled()
    form.length.setCurrentIndex(1)
    assert wishes.minutes == 2
    form.minutes.value = 5
    assert wishes.minutes == 5
    rate = form.box("rate")
    rate.native.lineEdit().setText("5e-5")
    rate.native.interpretText()
    assert (wishes.answers.values["rate"], rate.native.text()) == (5e-5, "5e-05")


def test_the_form_shows_what_the_sliders_set(qtbot):
    wishes = Wishes()
    form = TrainForm(wishes)
    qtbot.addWidget(form)
    form.set_values(SLIDERS)
    assert {name: form.box(name).value for name in SLIDERS} == SLIDERS
    form.box("recipe").value = "paper"
    assert {name: form.box(name).value for name in SLIDERS} == SLIDERS
    assert wishes.words()[wishes.words().index("--w0") :][:2] == ["--w0", "20"]


def test_every_score_has_a_colour_and_is_drawn():
    assert COLOURS.keys() == {"loss", *SCORES}
    assert len(set(COLOURS.values())) == len(COLOURS)
    progress = TrainingProgress()
    progress.hear({"event": "validated", "step": 5, "scores": {"v_both": 0.9, "v_info": 0.8}, "kept": True})
    assert (progress.scores, progress.best) == ({"v_both": [(5, 0.9)]}, "step 5: V_rand and V_info 0.900")


def test_curves_are_drawn_in_a_moment(qtbot):
    curves = Curves()
    qtbot.addWidget(curves)
    curves.resize(330, 190)
    progress = TrainingProgress("training", 5000, 10_000)
    progress.losses = [(step, 1 / step) for step in range(1, 5001)]
    progress.scores = {"iou": [(step, step / 5000) for step in range(100, 5000, 100)]}
    curves.show_progress(progress)
    curves.grab()
    began = time.process_time()
    for _ in range(10):
        curves.grab()
    assert (time.process_time() - began) / 10 < 0.05
    picture = curves.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(picture.constBits().asstring(picture.sizeInBytes()), np.uint8).reshape(-1, 4)[:, 2::-1]
    for colour in (COLOURS["loss"], COLOURS["iou"]):
        wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
        assert np.abs(pixels.astype(int) - wanted).sum(axis=1).min() < 60, colour


KILLED = """
import sys
from qtpy.QtCore import QCoreApplication
from napari_cellseg.children.child import Child

app = QCoreApplication([])
child = Child(sys.argv[1:])
def hear(event):
    if event["event"] in ("stepped", "paused"):
        print(event["event"], int(child._process.processId()), flush=True)
child.told.connect(hear)
child.ended.connect(app.exit)
child.start()
app.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
@pytest.mark.parametrize("paused", [False, True], ids=["training", "paused"])
def test_a_training_ends_with_its_checkpoint_when_the_window_is_killed(sample, tmp_path, paused):
    from napari_cellseg.train.layer_files import write_layers

    files = write_layers(sample[0], sample[2], tmp_path / "data", annotation=True)
    run = tmp_path / "run"
    words = ["cellseg", "train", "--out", str(run), "--events", *files.arguments, *ENDLESS]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *words], stdout=subprocess.PIPE, text=True, env=environment
    ) as window:
        child = int(next(line for line in window.stdout if "stepped" in line).split()[1])
        if paused:
            (run / "control").write_text("pause")
            next(line for line in window.stdout if "paused" in line)
        assert not (run / "last.ckpt").exists()
        window.kill()
        window.stdout.read()
    _wait_for_the_end_of(child)
    assert (run / "last.ckpt").exists()
    assert read_run(run).step > 0


def test_a_window_that_closes_ends_its_training_as_ctrl_c(qtbot, sample, tmp_path):
    from napari_cellseg.train.layer_files import write_layers

    files = write_layers(sample[0], sample[2], tmp_path / "data", annotation=True)
    trainer, run = Trainer(), tmp_path / "run"
    trainer.start(run, [*files.arguments, *ENDLESS])
    qtbot.waitUntil(lambda: trainer.progress.step > 3, timeout=PATIENT)
    trainer.close()
    assert not trainer.running
    assert (run / "last.ckpt").exists()


def _wait_for_the_end_of(number, seconds=60):
    try:
        process = psutil.Process(number)
        process.wait(seconds)
    except psutil.NoSuchProcess:
        pass


def test_a_training_may_begin_with_a_model_that_comes_with_cellseg(panel):
    panel.data.start.setCurrentIndex(panel.data.start.findData("nuclei"))
    panel.data.start.activated.emit(panel.data.start.currentIndex())
    assert panel.data.model == "nuclei"
    assert panel.wishes.recipe == "finetune"
    panel.data.start.setCurrentIndex(0)
    panel.data.start.activated.emit(0)
    assert (panel.data.model, panel.wishes.recipe) == ("", "quick")  # of a project
