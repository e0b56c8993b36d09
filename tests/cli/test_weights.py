"""cellseg weights: a stack in, a stack out; a picture; masks and options."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
from matplotlib.image import imread

from cellseg import weight_map
from cellseg.images.write import write_stack

from .conftest import assert_refused

CELLS = np.zeros((40, 60), np.uint16)
CELLS[5:20, 5:20], CELLS[5:20, 23:40], CELLS[24:36, 10:50] = 1, 2, 7


@pytest.fixture
def stack(tmp_path):
    """Three planes of cells, of pixels of 0.5 µm; the last one is empty."""
    path = tmp_path / "labels.tif"
    write_stack(path, np.stack([CELLS, np.roll(CELLS, 4, axis=1), 0 * CELLS]), "ZYX", pixel_size_um=(0.5, 0.5))
    return path


def test_a_stack_gives_a_stack_and_a_picture(cellseg_cli, stack, tmp_path):
    done = cellseg_cli("weights", stack, "--out", tmp_path / "w.tif", "--picture", tmp_path / "w.png", "--plane", 1)
    assert done.code == 0, done.err
    maps = tifffile.imread(tmp_path / "w.tif")
    assert (maps.shape, maps.dtype) == ((3, 40, 60), np.float32)
    np.testing.assert_array_equal(maps[0], weight_map(CELLS))
    picture = imread(tmp_path / "w.png")
    assert picture.shape[2] in (3, 4)
    assert picture.std() > 0.1


def test_a_picture_alone(cellseg_cli, stack, tmp_path):
    assert cellseg_cli("weights", stack, "--picture", tmp_path / "w.png").code == 0
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["labels.tif", "w.png"]


def test_masks_weigh_nothing_and_hide_cells(cellseg_cli, tmp_path):
    write_stack(tmp_path / "l.tif", CELLS)
    write_stack(tmp_path / "m.tif", (CELLS != 2).astype(np.uint8) * 255)
    words = ("--out", tmp_path / "w.tif", "--annotated", tmp_path / "m.tif", "--balance", "none")
    assert cellseg_cli("weights", tmp_path / "l.tif", *words).code == 0
    wanted = weight_map(CELLS, balance=False, ignore=CELLS == 2)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "w.tif"), wanted)


def test_options_change_the_map(cellseg_cli, tmp_path):
    write_stack(tmp_path / "l.tif", CELLS)
    words = ("--w0", 3, "--sigma", 2.5, "--spacing", 2, "--where", "everywhere", "--balance", "none")
    assert cellseg_cli("weights", tmp_path / "l.tif", "--out", tmp_path / "w.tif", *words).code == 0
    wanted = weight_map(CELLS, 3, 2.5, balance=False, spacing=(2, 1), everywhere=True)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "w.tif"), wanted)


def test_each_plane_is_balanced_by_itself_whatever_else_is_asked(cellseg_cli, stack, tmp_path):
    assert cellseg_cli("weights", stack, "--out", tmp_path / "w.tif", "--sigma", 3).code == 0
    maps = tifffile.imread(tmp_path / "w.tif")
    np.testing.assert_array_equal(maps[0], weight_map(CELLS, sigma=3))
    assert (maps[2] == 1).all(), "an empty plane has one class"


def test_classes_are_balanced_over_all_planes_if_wanted(cellseg_cli, stack, tmp_path):
    words = ("--out", tmp_path / "w.tif", "--balance", "dataset", "--w0", 0)
    assert cellseg_cli("weights", stack, *words).code == 0
    maps = tifffile.imread(tmp_path / "w.tif")
    assert len(np.unique(maps)) == 2, "one weight for cells and one for background, in all planes"
    np.testing.assert_allclose(maps.mean(), 1, rtol=1e-5)


def test_what_is_wrong_is_refused(cellseg_cli, stack, tmp_path):
    assert_refused(cellseg_cli("weights", stack), "--out", "--picture")
    assert_refused(
        cellseg_cli("weights", stack, "--picture", tmp_path / "w.png", "--plane", 3), "--plane is 3", "0 to 2"
    )
    assert_refused(cellseg_cli("weights", tmp_path, "--out", tmp_path / "w.tif"), str(tmp_path))
    write_stack(tmp_path / "m.tif", CELLS[1:])
    words = ("--out", tmp_path / "w.tif", "--annotated", tmp_path / "m.tif")
    assert_refused(cellseg_cli("weights", stack, *words), "--annotated", "planes")
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["labels.tif", "m.tif"]
