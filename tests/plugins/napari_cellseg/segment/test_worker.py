"""The child by itself: orders in, events out."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari_cellseg.pixels.pyramid import open_levels
from napari_cellseg.segment.command import predict_words

import cellseg
from cellseg import cli
from cellseg.options import PredictOptions


class Worker:
    """The real program, read in a thread."""

    def __init__(self):
        command = [sys.executable, "-m", "napari_cellseg.segment.worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.events = []
        self._came = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self._came:
                self.events.append(json.loads(line))
                self._came.notify_all()

    def send(self, do, **order):
        self.process.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self.process.stdin.flush()

    def wait(self, event, count=1):
        """The last of so many events of that kind."""

        def found():
            return [e for e in self.events if e["event"] in (event, "failed")]

        with self._came:
            assert self._came.wait_for(lambda: len(found()) >= count, 60), self.events
        return found()[count - 1]

    def count(self, event):
        return sum(e["event"] == event for e in self.events)


@pytest.fixture
def worker():
    made = Worker()
    yield made
    made.process.stdin.close()
    made.process.wait(20)
    made.process.stdout.close()


@pytest.fixture
def image(tmp_path, pixels):
    path = tmp_path / "my image.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata={"axes": "ZYX"})
    return path


@pytest.fixture
def order(image, model_file, tmp_path):
    options = {"tile": 64}
    return {"model": str(model_file), "image": str(image), "folder": str(tmp_path / "kept"), "options": options}


def test_from_an_image_to_the_file_that_the_command_line_writes(worker, order, tmp_path):
    worker.send("open", **order)
    opened = worker.wait("opened")
    assert opened["lead"] == [3]
    assert (opened["done"], opened["total"], opened["tile"]) == (0, 36, 64)
    worker.send("predict", near=[1, 149, 209])
    assert worker.wait("predicted")["notes"] == []
    tiles = [event for event in worker.events if event["event"] == "tile"]
    assert (tiles[0]["plane"], tiles[0]["rows"], tiles[0]["columns"]) == (1, [128, 150], [192, 210])
    assert [event["done"] for event in tiles] == list(range(1, 37))
    assert tiles[-1]["seconds_left"] == 0
    source = cellseg.open_image(order["image"])
    wanted = cellseg.predict_array(cellseg.load(order["model"]), source.read(2)[0], tile=64)[1]
    (picture,) = open_levels(next(Path(e["folder"]) for e in worker.events if e["event"] == "picture"))
    np.testing.assert_allclose(picture[2] / 255, wanted, atol=0.5 / 255 + 1e-5)

    threshold = round(float(np.quantile(wanted, 0.7)), 2)
    cut = {"threshold": threshold, "minimum_size": 3, "fill_holes": 5, "split": "watershed"}
    whole = {**cut, "link": "overlap"}
    before = len(worker.events)
    field = {"plane": 1, "rows": [0, 150], "columns": [0, 210]}
    worker.send("cut", options=cut, file=str(tmp_path / "cut.npy"), **field)
    worker.wait("cut")
    worker.send("apply", options=whole)
    applied = worker.wait("applied")
    for name in ("saved.tif", "saved.ome.zarr"):
        worker.send("save", path=str(tmp_path / name), options={"result": "instances", **whole})
    worker.wait("saved", 2)
    assert all(event["event"] != "tile" for event in worker.events[before:])

    options = PredictOptions(tile=opened["tile"], precision=opened["precision"], **whole)
    words = predict_words(order["model"], order["image"], str(tmp_path / "command.tif"), options)
    assert cli.run(words[1:]) == 0
    command = tifffile.imread(tmp_path / "command.tif")
    assert len(np.unique(command)) > 10
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "saved.tif"), command)
    np.testing.assert_array_equal(open_levels(Path(applied["folder"]))[0][:], command)
    assert applied["cells"] == len(np.unique(command)) - 1  # linked: a cell of several planes is one
    worker.send("apply", options=cut)
    planes = open_levels(Path(worker.wait("applied", 2)["folder"]))[0][:]
    assert worker.events[-1]["cells"] == sum(len(np.unique(plane)) - 1 for plane in planes)
    saved = cellseg.open_image(tmp_path / "saved.ome.zarr")
    for plane in range(3):
        np.testing.assert_array_equal(saved.read(plane)[0], command[plane])
    preview = np.load(tmp_path / "cut.npy")
    np.testing.assert_array_equal(preview > 0, command[1] > 0)
    assert preview.max() == worker.wait("cut")["cells"]


def test_cancelled_or_killed_it_goes_on_with_the_tiles_that_are_done(worker, order):
    worker.send("open", **order)
    worker.send("predict", near=[0, 0, 0])
    worker.wait("tile", 3)
    worker.send("cancel")
    worker.wait("cancelled")
    done = worker.count("tile")
    assert done < 36
    worker.send("predict", near=[2, 0, 0])
    worker.wait("tile", done + 1)
    assert [event for event in worker.events if event["event"] == "tile"][-1]["done"] > done
    worker.process.kill()
    worker.process.wait()
    done = worker.count("tile")
    other = Worker()
    other.send("open", **order)
    assert done <= other.wait("opened")["done"] <= done + 3
    other.process.stdin.close()
    assert other.process.wait(20) == 0
    other.process.stdout.close()


def test_the_place_that_is_looked_at_may_change_meanwhile(worker, order):
    worker.send("open", **order)
    worker.send("predict", near=[0, 0, 0])
    worker.wait("tile")
    worker.send("near", near=[2, 149, 209])
    worker.wait("predicted")
    planes = [event["plane"] for event in worker.events if event["event"] == "tile"]
    assert len(planes) == 36
    assert planes != sorted(planes)


def test_uncertainty_is_made_of_tiles_that_are_there(worker, order):
    worker.send("open", **order)
    worker.send("predict")
    worker.wait("predicted")
    worker.send("show", names=["uncertainty"])
    worker.wait("drawn", 2)
    cell, unsure = (open_levels(Path(e["folder"]))[0][:] / 255 for e in worker.events if e["event"] == "picture")
    p = np.clip(cell, 1e-9, 1 - 1e-9)
    np.testing.assert_allclose(unsure, -(p * np.log2(p) + (1 - p) * np.log2(1 - p)), atol=0.03)
    assert worker.count("tile") == 36


def test_what_is_wrong_is_said_in_a_line(worker, order, tmp_path):
    worker.send("open", **{**order, "model": str(tmp_path / "none")})
    assert "no such model" in worker.wait("failed")["message"]
    worker.send("open", **order)
    worker.wait("opened", 2)
    worker.send("save", path=str(tmp_path / "out.tif"), options={})
    assert "0 of 36 tiles" in worker.wait("failed", 2)["message"]
    assert not (tmp_path / "out.tif").exists()
