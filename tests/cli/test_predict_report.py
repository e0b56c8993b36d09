"""predict --report: one page that needs nothing else, with every image, what was refused, and what to look at first."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

import cellseg
from cellseg.images.write import write_stack
from cellseg.inference.certainty import CertaintySum
from cellseg.inference.result import entropy

from .conftest import assert_refused

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture
def predict(cellseg_cli, untrained, tmp_path):
    grey = (np.random.default_rng(0).random((2, 48, 40)) * 255).astype(np.uint8)
    (tmp_path / "in").mkdir()
    write_stack(tmp_path / "in/a<b>.tif", grey[0], pixel_size_um=(0.5, 0.5))
    write_stack(tmp_path / "in/c.tif", grey)

    def call(*words):
        files = "--out", tmp_path / "out", "--report", tmp_path / "report.html"
        return cellseg_cli("predict", untrained, tmp_path / "in", *files, *words)

    return call


def data_of(path):
    page = path.read_text("utf-8")
    return json.loads(re.search(r'id="cellseg-data">\n(.*)\n</script>', page)[1])


def test_the_page_tells_each_image_and_needs_nothing_else(predict, tmp_path):
    (tmp_path / "in/bad.tif").write_bytes(b"II*\0 cut off")
    done = predict("--threshold", "0.4")
    assert done.code == 1, done.err
    assert "report.html: open it in a browser" in done.err
    page, data = (tmp_path / "report.html").read_text("utf-8"), data_of(tmp_path / "report.html")
    assert not re.search(r'(src|href)="(?!data:|#)|https?://|@import|url\(', page)
    assert page.count("data:image/jpeg") >= 4
    assert "a&lt;b&gt;.tif" in page
    assert "plane 1 of 2 (from 0) is shown" in page
    assert "<b>.tif" not in page
    assert "--threshold 0.4" in page
    assert "bad.tif" in page
    assert "numpy" in page
    for name, image in zip(("a<b>", "c"), data["images"], strict=True):
        cells = cellseg.measure_file(tmp_path / f"out/{name}.tif", labels_are="instances")
        assert (image["name"], image["result"]) == (f"{name}.tif", f"out/{name}.tif")
        assert image["cells"] == len(cells)
        assert 0 < image["certainty"] < 1
    assert list(data["refused"]) == [str(tmp_path / "in/bad.tif")]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_resume_knows_what_the_first_run_was_sure_of(predict, tmp_path):
    assert predict().code == 0
    before = data_of(tmp_path / "report.html")
    (tmp_path / "out/c.tif").unlink()
    assert predict("--resume", "--table", tmp_path / "cells.csv").code == 0
    assert data_of(tmp_path / "report.html") == before
    assert (tmp_path / "cells.csv").exists()


def test_what_was_known_survives_a_stop(predict, tmp_path, monkeypatch):
    from cellseg.report import results

    def stopped(*_args, **_words):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(results, "pictures_of", stopped)
        assert predict().code == 130
    assert not (tmp_path / "report.html").exists()
    assert predict("--resume").code == 0
    assert all(image["certainty"] for image in data_of(tmp_path / "report.html")["images"])
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_page_needs_cells_and_a_place(predict, cellseg_cli, untrained, tmp_path):
    assert_refused(predict("--result", "classes"), "--report measures cells")
    image, both = tmp_path / "in/c.tif", tmp_path / "x.html"
    words = "predict", untrained, image, "--out", tmp_path / "x.tif"
    assert_refused(cellseg_cli(*words, "--report", image), "c.tif", "--report")
    assert_refused(cellseg_cli(*words, "--report", both, "--table", both), "x.html", "--report")
    assert not (tmp_path / "out").exists()


def test_certainty_is_the_doubt_where_cells_may_be():
    class Found:
        def __init__(self, cell):
            self.probabilities = np.stack([1 - np.array(cell, np.float32), np.array(cell, np.float32)])

    def value(*tiles):
        total = CertaintySum()
        for tile in tiles:
            total.add(Found(tile))
        return total.value

    assert value([[1.0, 0.0]]) == pytest.approx(1)
    assert value([[0.5, 0.0]]) == pytest.approx(0)
    assert value([[0.0, 0.0]]) is None
    tile = [[0.9, 0.2], [0.0, 0.6]]
    doubt = entropy(Found(tile).probabilities)
    assert value(tile) == pytest.approx(1 - (np.array(tile) * doubt).sum() / np.sum(tile), rel=1e-5)
    assert value(tile[:1], tile[1:]) == pytest.approx(value(tile))


def test_images_of_one_name_keep_their_folders(cellseg_cli, untrained, tmp_path):
    grey = (np.random.default_rng(0).random((40, 40)) * 255).astype(np.uint8)
    for field in ("one", "deep/two"):
        write_stack(tmp_path / f"in/{field}/cells.tif", grey)
    words = "predict", untrained, tmp_path / "in", "--out", tmp_path / "in/out", "--report", tmp_path / "r.html"
    for _ in range(2):
        assert cellseg_cli(*words).code == 0
    found = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "in/out").rglob("*.tif"))
    assert found == ["in/out/deep/two/cells.tif", "in/out/one/cells.tif"]
    assert [image["name"] for image in data_of(tmp_path / "r.html")["images"]] == [
        "deep/two/cells.tif",
        "one/cells.tif",
    ]


@pytest.mark.skipif(BROWSER is None, reason="no chromium here: apt-get install chromium")
def test_a_browser_shows_the_page_and_a_picture_large(predict, tmp_path):
    assert predict().code == 0
    place = f"file://{tmp_path}/report.html#show-i1"
    words = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    words += [f"--user-data-dir={tmp_path}/browser", "--window-size=900,700", "--dump-dom", place]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    page, shown = done.stdout.split("<dialog", 1)
    assert "open" in shown.split(">", 1)[0]
    assert "<b>c.tif</b>" in shown
    assert shown.count("<img") == 2
    assert page.count('class="card"') >= 2
    assert "CONSOLE" not in done.stderr, done.stderr
