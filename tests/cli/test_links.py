"""Links as places of results: what leads nowhere or back to itself is told in a line, before anything is written."""

import os

import numpy as np
import pytest
import tifffile

from .conftest import assert_refused

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows lets not everybody make links")


@pytest.fixture
def here(untrained, tmp_path, monkeypatch):
    """A folder with an image, its labels, a model, and links: rounds that lead to themselves, one to nothing."""
    monkeypatch.chdir(tmp_path)
    cells = np.zeros((64, 64), np.uint16)
    cells[10:20, 10:20], cells[30:45, 30:45] = 1, 2
    tifffile.imwrite("cells.tif", cells)
    tifffile.imwrite("image.tif", cells.astype(np.uint8) * 60)
    os.symlink(untrained, "model")
    for name in ("round", "round.tif", "round.csv"):
        os.symlink(name, name)
    for name, leads_to in {"one.tif": "there", "there": "one.tif", "dangling": "gone"}.items():
        os.symlink(leads_to, name)
    return tmp_path


ENDLESS = "a link that leads back to itself. Remove the link, or name another place."


@pytest.mark.parametrize(
    "words",
    [
        "predict model image.tif --out round.tif",
        "predict model image.tif --out one.tif",
        "predict model image.tif --out round",
        "predict model image.tif --out round/a.tif",
        "predict model image.tif cells.tif --out round",
        "predict model image.tif --out o.tif --table round.csv",
        "convert cells.tif --out round.tif",
        "convert cells.tif --out round/a.png",
        "convert cells.tif --out round --to png",
        "measure cells.tif --out round.csv",
        "check --images image.tif --labels cells.tif --fix round",
        "train --images image.tif --labels cells.tif --out round",
    ],
)
def test_a_place_that_leads_back_to_itself(cellseg_cli, here, words):
    before = sorted(os.listdir(here))
    assert_refused(cellseg_cli(*words.split()), ENDLESS)
    assert sorted(os.listdir(here)) == before
    assert all((here / name).is_symlink() for name in ("round", "round.tif", "round.csv", "one.tif"))


@pytest.mark.parametrize(
    "words",
    ["convert round.tif --out o.tif", "measure round.tif --out o.csv", "measure cells.tif round.tif --out o.csv"],
)
def test_an_input_that_leads_back_to_itself(cellseg_cli, here, words):
    assert_refused(cellseg_cli(*words.split()), "round.tif: is a link to round.tif, which is not there")


def test_among_several_images_it_does_not_end_the_rest(cellseg_cli, here):
    os.mkdir("images")
    os.rename("image.tif", "images/a.tif")
    os.symlink("b.tif", "images/b.tif")
    done = cellseg_cli("predict", "model", "images", "--out", "results")
    assert done.code == 1, done.err
    assert "b.tif: is a link to b.tif, which is not there" in done.err
    assert os.listdir("results") == ["a.tif"]


def test_a_slash_behind_a_link_to_nothing(cellseg_cli, here):
    done = cellseg_cli("predict", "model", "image.tif", "--out", "dangling/")
    assert_refused(done, "dangling: is a link to gone, which is not there. Put it back, or make the link anew.")
    assert not os.path.exists("gone")
    assert cellseg_cli("predict", "model", "image.tif", "--out", "dangling").code == 0
    assert os.path.isfile("gone")
