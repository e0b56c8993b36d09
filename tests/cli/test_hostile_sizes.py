"""Images that are larger than any disk or memory are refused at every door, in a line and at once."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference import endless

from ..images.zarrs import write_sparse
from .conftest import assert_refused


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """A folder with i.zarr and l.zarr of 2^40 x 2^40 pixels."""
    folder = tmp_path_factory.mktemp("huge")
    for name in ("i.zarr", "l.zarr"):
        write_sparse(folder / name, (2**40, 2**40))
    return folder


DOORS = {
    "predict": "predict MODEL i.zarr --out o.tif",
    "predict to zarr": "predict MODEL i.zarr --out o.zarr",
    "predict by size": "predict nuclei i.zarr --out o.tif",
    "predict with a report": "predict MODEL i.zarr --out o.tif --report r.html --table t.csv",
    "convert": "convert l.zarr --out o.geojson",
    "convert to tiff": "convert l.zarr --out o.tif",
    "measure": "measure l.zarr --out o.csv",
    "measure an image": "measure l.zarr i.zarr --out o.csv",
    "evaluate": "evaluate l.zarr i.zarr",
    "train": "train --images i.zarr --labels l.zarr --out run --trust-pairs",
    "check": "check i.zarr l.zarr",
    "weights": "weights l.zarr --out o.tif",
    "augment": "augment i.zarr l.zarr --out o.png",
}


@pytest.mark.parametrize("name", DOORS)
def test_every_command(cellseg_cli, untrained, huge, monkeypatch, name):
    monkeypatch.chdir(huge)
    before = sorted(huge.iterdir())
    words = [str(untrained) if word == "MODEL" else word for word in DOORS[name].split()]
    assert_refused(cellseg_cli(*words), ".zarr", "1099511627776")
    assert sorted(huge.iterdir()) == before


def test_what_it_would_need_is_said(cellseg_cli, untrained, huge, tmp_path):
    done = cellseg_cli("predict", untrained, huge / "i.zarr", "--out", tmp_path / "o.tif")
    assert_refused(done, "years", "TB", "Predict parts of it")


def test_python(huge, untrained):
    for call in (
        lambda: next(cellseg.train(huge / "i.zarr", huge / "l.zarr")),
        lambda: next(cellseg.evaluate(huge / "i.zarr", huge / "l.zarr")),
        lambda: cellseg.convert(huge / "l.zarr", huge / "o.tif"),
        lambda: cellseg.keep_prediction(untrained, open_image(huge / "i.zarr"), huge / "kept"),
    ):
        with pytest.raises(InputError, match="1099511627776"):
            call()


def test_a_disk_that_cannot_hold_the_tiles(cellseg_cli, untrained, tmp_path, monkeypatch):
    class Full:
        free = 1000

    monkeypatch.setattr(endless.shutil, "disk_usage", lambda _: Full)
    tifffile.imwrite(tmp_path / "i.tif", np.eye(64, dtype=np.uint8))
    done = cellseg_cli("predict", untrained, tmp_path / "i.tif", "--out", tmp_path / "new/o.tif")
    assert_refused(done, "i.tif", "on the disk", "are free")
    assert not (tmp_path / "new/o.tif").exists()


def test_one_of_several_does_not_end_the_rest(cellseg_cli, untrained, huge, tmp_path):
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in/a.tif", np.eye(64, dtype=np.uint8))
    write_sparse(tmp_path / "in/z.zarr", (2**40, 2**40))
    (tmp_path / "in/gone.tif").symlink_to(tmp_path / "nowhere")
    done = cellseg_cli("predict", untrained, tmp_path / "in", "--out", tmp_path / "out")
    assert done.code == 1
    assert "2 of 3 images have no result" in done.err
    assert "gone.tif: is a link to" in done.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.tif"]
