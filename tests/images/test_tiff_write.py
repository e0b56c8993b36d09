from __future__ import annotations

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.images.write import ResultLayout, layout_like, write_stack, write_tiled

SIZES = st.integers(1, 70)
TILES = st.sampled_from([(16, 16), (32, 16), (16, 48), (64, 64)])
TYPES = st.sampled_from(["uint8", "int8", "uint16", "int16", "uint32", "float32", "float64"])


def _values(shape, dtype) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


@settings(deadline=None, max_examples=50)
@given(SIZES, SIZES, TILES, TYPES, st.sampled_from(["YX", "ZYX", "CYX", "TYX", "ZCYX", "TZYX", "TZCYX"]))
def test_what_is_written_comes_back(tmp_path_factory, height, width, tile, dtype, axes):
    path = tmp_path_factory.getbasetemp() / "round.tif"
    array = _values((*range(2, len(axes)), height, width), dtype)
    write_stack(path, array, axes, pixel_size_um=(0.5, 0.25), spacing_um=2.0, tile=tile)
    back = tifffile.imread(path)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    source = open_image(path)
    assert source.plane_axes == axes.replace("C", "").removesuffix("YX")
    assert source.plane_shape == tuple(n for axis, n in zip(axes, array.shape, strict=True) if axis in "TZ")
    assert source.pixel_size_um == pytest.approx((0.5, 0.25))
    assert source.spacing_um == pytest.approx(2)
    planes = np.stack([source.read(plane) for plane in range(source.planes)])
    np.testing.assert_array_equal(planes.reshape(array.shape), array)


def test_it_is_a_tiled_compressed_bigtiff(tmp_path):
    write_stack(tmp_path / "a.tif", np.zeros((3, 100, 90), np.float32), pixel_size_um=(0.25, 0.25))
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        page = tif.pages.first
        assert tif.is_bigtiff
        assert tif.is_ome
        assert (page.is_tiled, page.compression, page.software) == (True, 8, "cellseg")
        assert "DateTime" not in page.tags
        assert page.tags["XResolution"].value[0] / page.tags["XResolution"].value[1] == pytest.approx(40000)
        assert tif.series[0].axes == "ZYX"


def test_the_same_input_gives_the_same_bytes(tmp_path):
    array = _values((2, 2, 50, 60), np.uint16)
    for name in "ab":
        write_stack(tmp_path / name, array, "ZCYX", channel_names=("DAPI", "GFP"), pixel_size_um=(0.1, 0.1))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_channel_names_come_back(tmp_path):
    write_stack(tmp_path / "a.tif", np.zeros((2, 8, 8), np.uint8), "CYX", channel_names=("β cells", 'a "b" <c>'))
    assert open_image(tmp_path / "a.tif").channel_names == ("β cells", "a _b_ _c_")


@pytest.mark.parametrize(
    ("axes", "shape", "wanted"),
    [("IYX", (3,), "Z"), ("PZYX", (2, 3), "TZ"), ("PIYX", (2, 3), "ZT"), ("PTZYX", (2, 3, 4), "TZ"), ("ZYX", (1,), "")],
)
def test_axes_that_ome_does_not_know_become_z_or_t(tmp_path, axes, shape, wanted):
    array = _values((*shape, 20, 30), np.uint8)
    write_stack(tmp_path / "a.tif", array, axes)
    source = open_image(tmp_path / "a.tif")
    assert source.plane_axes == wanted
    np.testing.assert_array_equal([source.read(k)[0] for k in range(source.planes)], array.reshape(-1, 20, 30))


def test_blocks_are_asked_for_in_file_order_and_not_all_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("cellseg.images.tiff.write.ENCODER_BYTES", 4 * 16 * 16)
    layout = ResultLayout(
        height=160, width=160, dtype=np.dtype(np.uint8), channels=2, channel_names=("a", "b"), tile=(16, 16)
    )
    ahead, sizes = [], []

    def blocks():
        for number, (rows, columns) in enumerate(layout.tiles * 2):
            ahead.append(number)
            sizes.append((tmp_path / ".a.tif.part").stat().st_size)
            yield np.full((rows.stop - rows.start, columns.stop - columns.start), number, np.uint8)

    write_tiled(tmp_path / "a.tif", layout, blocks())
    assert ahead == list(range(200))
    assert sizes[-1] > sizes[0]
    assert open_image(tmp_path / "a.tif").read(0)[1, 0, :32:16].tolist() == [100, 101]


def test_a_layout_like_an_image(tmp_path):
    write_stack(tmp_path / "a.tif", np.zeros((3, 40, 50), np.uint8), "TYX", pixel_size_um=(0.3, 0.2))
    layout = layout_like(open_image(tmp_path / "a.tif"), np.float32, channels=2, tile=(16, 32))
    assert (layout.plane_axes, layout.plane_shape, layout.planes) == ("T", (3,), 3)
    assert (layout.height, layout.width, layout.pixel_size_um) == (40, 50, (0.3, 0.2))
    covered = np.zeros((40, 50), int)
    for region in layout.tiles:
        covered[region] += 1
    assert (covered == 1).all()


def test_nothing_half_written_stays(tmp_path):
    layout = ResultLayout(height=64, width=64, dtype=np.dtype(np.uint8), tile=(16, 16))

    def blocks():
        yield np.zeros((16, 16), np.uint8)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_tiled(tmp_path / "a.tif", layout, blocks())
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "a.tif").mkdir()
    with pytest.raises(InputError, match=r"a.tif: cannot be written"):
        write_stack(tmp_path / "a.tif", np.zeros((8, 8), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["a.tif"]


@pytest.mark.parametrize(("shape", "axes"), [((8, 8), "ZYX"), ((2, 8, 8), "YX"), ((8, 8, 2), "YXC")])
def test_axes_that_do_not_fit(tmp_path, shape, axes):
    with pytest.raises(InputError, match=r"a.tif: the array has shape .*, which does not fit the axes"):
        write_stack(tmp_path / "a.tif", np.zeros(shape, np.uint8), axes)
