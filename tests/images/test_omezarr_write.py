"""OME-Zarr 0.5 as the specification has it, streamed, and complete or not at all."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg import folders
from cellseg.errors import InputError
from cellseg.images.layout import ResultLayout
from cellseg.images.made import made_by_cellseg
from cellseg.images.open import open_image
from cellseg.images.pyramid import halved
from cellseg.images.write import write_stack, write_tiled

from .zarrs import write_image


def _values(shape, dtype) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


def _ome(path) -> dict:
    return json.loads((path / "zarr.json").read_text())["attributes"]["ome"]


@settings(max_examples=8)
@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.sampled_from([(16, 16), (32, 16), (64, 64)]),
    st.sampled_from(["uint8", "int16", "uint32", "float32"]),
    st.sampled_from(["YX", "ZYX", "CYX", "TYX", "ZCYX", "TZYX", "ZTYX", "TZCYX"]),
)
def test_what_is_written_comes_back(tmp_path_factory, height, width, tile, dtype, axes):
    path = tmp_path_factory.getbasetemp() / "round.ome.zarr"
    array = _values((*range(2, len(axes)), height, width), dtype)
    write_stack(path, array, axes, pixel_size_um=(0.5, 0.25), spacing_um=2.0, tile=tile)
    source = open_image(path)
    order = axes.replace("C", "").removesuffix("YX")
    assert sorted(source.plane_axes) == sorted(order)
    assert source.pixel_size_um == pytest.approx((0.5, 0.25))
    assert source.spacing_um == (pytest.approx(2) if "Z" in axes else None)
    found = np.stack([source.read(plane) for plane in range(source.planes)])
    stored = [axis for axis in "TZC" if axis in axes]
    wanted = np.moveaxis(array, [axes.index(axis) for axis in stored], range(len(stored)))
    np.testing.assert_array_equal(found.reshape(wanted.shape), wanted)


@pytest.fixture
def small_levels(monkeypatch):
    """Pyramids go on until 20 pixels."""
    monkeypatch.setattr("cellseg.images.pyramid.SMALLEST", 20)


def _check_image_of_0_5(path) -> list[str]:
    """The rules (MUST) of the specification for images; gives the paths of the levels."""
    node = json.loads((path / "zarr.json").read_text())
    assert (node["zarr_format"], node["node_type"]) == (3, "group")
    ome = node["attributes"]["ome"]
    assert ome["version"] == "0.5"
    (image,) = ome["multiscales"]
    assert {"name", "axes", "datasets", "type", "metadata"} <= image.keys()
    names = [axis["name"] for axis in image["axes"]]
    kinds = [axis["type"] for axis in image["axes"]]
    assert 2 <= len(set(names)) == len(names) <= 5
    assert kinds == sorted(kinds, key=["time", "channel", "space"].index)
    assert kinds.count("time") <= 1
    assert kinds.count("channel") <= 1
    assert 2 <= kinds.count("space") <= 3
    assert all(axis["unit"] == "micrometer" for axis in image["axes"] if "unit" in axis)
    sizes = []
    for dataset in image["datasets"]:
        scale, *rest = dataset["coordinateTransformations"]
        assert scale["type"] == "scale"
        assert len(rest) <= 1
        assert all(one["type"] == "translation" for one in rest)
        assert all(len(one[one["type"]]) == len(names) for one in (scale, *rest))
        array = json.loads((path / dataset["path"] / "zarr.json").read_text())
        assert (array["node_type"], array["dimension_names"]) == ("array", names)
        sizes.append(np.prod(array["shape"]))
    assert sizes == sorted(sizes, reverse=True)
    for channel in ome.get("omero", {}).get("channels", []):
        assert {"start", "min", "end", "max"} <= channel["window"].keys()
        assert len(channel["color"]) == 6
    if "image-label" in ome:
        assert set(json.loads((path / "0/zarr.json").read_text())["data_type"]) <= set("uint3264816")
    return [dataset["path"] for dataset in image["datasets"]]


def test_labels_have_a_pyramid_of_labels(tmp_path, small_levels):
    labels = np.kron(_values((2, 9, 8), np.uint32), np.ones((1, 7, 11), np.uint32))
    path = tmp_path / "cells.ome.zarr"
    write_stack(path, labels, "TYX", pixel_size_um=(0.5, 0.25), tile=(16, 16))
    levels = _check_image_of_0_5(path)
    assert levels == ["0", "1", "2", "3"]
    assert "image-label" in _ome(path)
    wanted = labels
    for level in levels:
        np.testing.assert_array_equal(zarr.open_array(str(path / level), mode="r")[:], wanted)
        wanted = np.stack([halved(plane, labels=True) for plane in wanted])
    transforms = _ome(path)["multiscales"][0]["datasets"][2]["coordinateTransformations"]
    assert transforms[0]["scale"] == [1, 2, 1]
    assert transforms[1]["translation"] == [0, 0.75, 0.375]  # the centre of the first 4 x 4 pixels


def test_probabilities_have_a_pyramid_of_means_and_channel_names(tmp_path, small_levels):
    layout = ResultLayout(
        height=40, width=50, dtype=np.dtype(np.float32), channels=2, channel_names=("cell", "border"),
        plane_axes="Z", plane_shape=(3,), tile=(16, 16),
    )  # fmt: skip
    array = np.random.default_rng(0).random((3, 2, 40, 50), np.float32)
    sheets = array.reshape(6, 40, 50)
    write_tiled(tmp_path / "p.zarr", layout, (sheet[region] for sheet in sheets for region in layout.tiles))
    assert _check_image_of_0_5(tmp_path / "p.zarr") == ["0", "1", "2"]
    assert "image-label" not in _ome(tmp_path / "p.zarr")
    source = open_image(tmp_path / "p.zarr")
    assert (source.channel_names, source.pixel_size_um) == (("cell", "border"), None)
    np.testing.assert_array_equal(np.stack([source.read(k) for k in range(3)]), array)
    smaller = zarr.open_array(str(tmp_path / "p.zarr/1"), mode="r")
    assert smaller.metadata.dimension_names == ("c", "z", "y", "x")
    np.testing.assert_allclose(smaller[1, 2], array[2, 1].reshape(20, 2, 25, 2).mean(axis=(1, 3)), rtol=1e-6)


def test_chunks_are_tiles_sixteen_in_a_file(tmp_path):
    write_stack(tmp_path / "a.zarr", np.ones((2, 40, 300), np.uint8), tile=(16, 16))
    array = zarr.open_array(str(tmp_path / "a.zarr/0"), mode="r")
    assert (array.chunks, array.shards) == ((1, 16, 16), (1, 16, 256))
    assert "zstd" in (tmp_path / "a.zarr/0/zarr.json").read_text()
    assert len([file for file in (tmp_path / "a.zarr/0/c").rglob("*") if file.is_file()]) == 2 * 3 * 2


def test_the_same_input_gives_the_same_bytes(tmp_path):
    for parent in ("one", "two"):
        write_stack(tmp_path / parent / "a.zarr", _values((2, 50, 300), np.uint16), tile=(16, 16))
    one, two = ({f.relative_to(p): f.read_bytes() for f in p.rglob("*") if f.is_file()} for p in tmp_path.iterdir())
    assert one == two


def test_a_few_rows_of_tiles_are_held(tmp_path):
    layout = ResultLayout(height=2048, width=2048, dtype=np.dtype(np.uint32), tile=(32, 512))
    blocks = (np.full((32, 512), k, np.uint32) for k, _ in enumerate(layout.tiles))
    write_tiled(
        tmp_path / "warm.zarr", ResultLayout(height=1, width=1, dtype=np.dtype(np.uint8)), iter([np.ones((1, 1))])
    )
    tracemalloc.start()
    write_tiled(tmp_path / "a.zarr", layout, blocks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 * 32 * 2048 * 4 < 2048 * 2048 * 4 / 10


def _stop_after(number):
    def blocks():
        for _ in range(number):
            yield np.full((16, 16), 3, np.uint8)
        raise KeyboardInterrupt

    return blocks()


LAYOUT = ResultLayout(height=64, width=64, dtype=np.dtype(np.uint8), tile=(16, 16))


@pytest.mark.parametrize("there", [False, True])
def test_nothing_half_written_stays(tmp_path, there):
    if there:
        write_stack(tmp_path / "a.zarr", np.full((8, 8), 5, np.uint8))
    with pytest.raises(KeyboardInterrupt):
        write_tiled(tmp_path / "a.zarr", LAYOUT, _stop_after(7))
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"] * there
    assert not there or open_image(tmp_path / "a.zarr").read(0).max() == 5


@pytest.mark.parametrize("exchange", [True, False])
def test_an_older_result_is_replaced(tmp_path, monkeypatch, exchange):
    if not exchange:
        monkeypatch.setattr(folders, "_exchange", lambda *_: False)
    for value in (5, 6):
        write_stack(tmp_path / "a.zarr", np.full((8, 8), value, np.uint8))
    assert open_image(tmp_path / "a.zarr").read(0).min() == 6
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


def test_while_it_is_replaced_one_of_both_is_always_there(tmp_path, monkeypatch):
    write_stack(tmp_path / "a.zarr", np.full((8, 8), 5, np.uint8))
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir(), other.mkdir()
    if not folders._exchange(one, other):
        pytest.skip("this file system cannot exchange two names")
    renamed = []
    monkeypatch.setattr(folders.os, "rename", lambda *names: renamed.append(names))
    write_stack(tmp_path / "a.zarr", np.full((8, 8), 6, np.uint8))
    assert not renamed
    assert open_image(tmp_path / "a.zarr").read(0).min() == 6


def test_what_cellseg_did_not_make_is_never_replaced(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/a.txt").write_text("work of a day")
    (tmp_path / "notes").rename(tmp_path / "b.zarr")
    write_image(tmp_path / "a.zarr", np.ones((8, 8), np.uint8), "yx")
    for name in ("a.zarr", "b.zarr"):
        with pytest.raises(InputError, match=f"{name}: exists and was not made by cellseg"):
            write_stack(tmp_path / name, np.zeros((8, 8), np.uint8))
    assert open_image(tmp_path / "a.zarr").read(0).min() == 1
    assert (tmp_path / "b.zarr/a.txt").read_text() == "work of a day"


def test_who_made_it(tmp_path):
    for name in ("a.zarr", "a.tif"):
        write_stack(tmp_path / name, np.zeros((8, 8), np.uint8))
        assert made_by_cellseg(tmp_path / name)
    (tmp_path / "b.tif").write_bytes(b"II")
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr/zarr.json").write_text("[]")
    for name in ("b.tif", "b.zarr", "none.tif", "none.zarr", ""):
        assert not made_by_cellseg(tmp_path / name)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match=r"a.zarr: cannot be written"):
        write_stack(tmp_path / "file/a.zarr", np.zeros((8, 8), np.uint8))
