"""OME-Zarr on the command line: in, out, evaluated, and never written over what is not ours."""

import numpy as np
import tifffile

from cellseg.images.open import open_image

from ..images.zarrs import write_image
from .conftest import assert_refused


def test_predict_from_ome_zarr_to_ome_zarr(cellseg_cli, run_folder, sample_folder, tmp_path):
    image = sample_folder / "large/images.tif"
    zarr = write_image(tmp_path / "i.ome.zarr", tifffile.imread(image), "yx", scale=[0.5, 0.5], chunks=(64, 64))
    assert cellseg_cli("predict", run_folder, image, "--out", tmp_path / "o.tif").code == 0
    for _ in range(2):  # the second replaces the first
        assert cellseg_cli("predict", run_folder, zarr, "--out", tmp_path / "o.ome.zarr").code == 0
    found = open_image(tmp_path / "o.ome.zarr")
    np.testing.assert_array_equal(found.read(0)[0], tifffile.imread(tmp_path / "o.tif"))
    assert found.pixel_size_um == (0.5, 0.5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["i.ome.zarr", "o.ome.zarr", "o.tif"]


def test_an_ome_zarr_image_is_never_replaced_by_its_result(cellseg_cli, run_folder, tmp_path):
    zarr = write_image(tmp_path / "i.ome.zarr", np.zeros((64, 64), np.uint8), "yx")
    other = write_image(tmp_path / "other.zarr", np.ones((64, 64), np.uint8), "yx")
    assert_refused(cellseg_cli("predict", run_folder, zarr, "--out", zarr), "i.ome.zarr", "input")
    assert_refused(cellseg_cli("predict", run_folder, zarr, "--out", other), "other.zarr", "not made by cellseg")
    assert open_image(other).read(0).min() == 1


def test_a_plate_is_refused_before_anything_is_written(cellseg_cli, run_folder, tmp_path):
    (tmp_path / "p.zarr/A/1").mkdir(parents=True)
    (tmp_path / "p.zarr/.zattrs").write_text('{"plate": {"wells": [{"path": "A/1"}]}}')
    (tmp_path / "p.zarr/A/1/.zattrs").write_text('{"well": {"images": [{"path": "0"}]}}')
    done = cellseg_cli("predict", run_folder, tmp_path / "p.zarr", "--out", tmp_path / "o.tif")
    assert_refused(done, "p.zarr", "plate", "p.zarr/A/1/0")
    assert [path.name for path in tmp_path.iterdir()] == ["p.zarr"]


def test_a_damaged_tiff_under_the_name_of_the_result(cellseg_cli, run_folder, sample_folder, tmp_path):
    (tmp_path / "o.tif").write_bytes(b"II*")
    done = cellseg_cli("predict", run_folder, sample_folder / "large/images.tif", "--out", tmp_path / "o.tif")
    assert_refused(done, "o.tif", "not made by cellseg")
