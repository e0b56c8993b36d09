"""Large TIFFs hold smaller copies of themselves, where QuPath, Bio-Formats and tifffile look for them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from cellseg.images.layout import ResultLayout
from cellseg.images.open import open_image
from cellseg.images.pyramid import halved, level_shapes
from cellseg.images.tiff import write as writetiff
from cellseg.images.write import write_stack, write_tiled


@pytest.fixture
def from_sixty(monkeypatch):
    """Images larger than 60 pixels get copies down to 20."""
    monkeypatch.setattr(writetiff, "PYRAMID_FROM", 60)
    monkeypatch.setattr("cellseg.images.pyramid.SMALLEST", 20)


@pytest.mark.parametrize("tile", [(16, 16), (32, 16), (64, 64)])
@pytest.mark.parametrize("dtype", ["uint32", "uint8", "float32"])
@pytest.mark.parametrize(("axes", "shape"), [("YX", ()), ("ZYX", (3,)), ("TCYX", (2, 2))])
def test_levels_of_each_page(tmp_path, from_sixty, tile, dtype, axes, shape):
    array = np.random.default_rng(0).integers(0, 9, (*shape, 75, 101)).astype(dtype)
    write_stack(tmp_path / "a.tif", array, axes, pixel_size_um=(0.5, 0.25), tile=tile)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        (series,) = tif.series
        assert (tif.is_ome, tif.is_bigtiff, series.axes) == (True, True, axes)
        assert [level.shape[-2:] for level in series.levels] == level_shapes(75, 101) == [
            (75, 101), (38, 51), (19, 26), (10, 13)
        ]  # fmt: skip
        wanted = array.reshape(-1, 75, 101)
        for level in series.levels:
            np.testing.assert_array_equal(level.asarray().reshape(wanted.shape), wanted)
            assert level.keyframe.is_tiled
            assert level.keyframe.compression == 8
            assert level.keyframe.subfiletype == (level is not series.levels[0])
            wanted = np.stack([halved(page, dtype != "float32") for page in wanted])
        across = series.levels[1].keyframe.tags["XResolution"].value
        assert across[0] / across[1] == pytest.approx(1e4 / 0.5)
    source = open_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(np.stack([source.read(k) for k in range(source.planes)]).reshape(array.shape), array)


def test_small_images_have_none(tmp_path):
    write_stack(tmp_path / "a.tif", np.zeros((16, 4096), np.uint8))
    write_stack(tmp_path / "b.tif", np.zeros((16, 4112), np.uint8))
    for name, levels in (("a.tif", 1), ("b.tif", 4)):
        with tifffile.TiffFile(tmp_path / name) as tif:
            assert len(tif.series[0].levels) == levels


def test_the_same_input_gives_the_same_bytes(tmp_path, from_sixty):
    array = np.random.default_rng(0).random((2, 75, 101), np.float32)
    for name in "ab":
        write_stack(tmp_path / name, array, tile=(16, 16))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_nothing_half_written_stays(tmp_path, from_sixty):
    layout = ResultLayout(height=64, width=64, dtype=np.dtype(np.uint8), tile=(16, 16))

    def blocks():
        for _ in range(9):
            yield np.zeros((16, 16), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tiled(tmp_path / "a.tif", layout, blocks())
    assert not list(tmp_path.iterdir())
