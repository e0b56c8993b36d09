"""Any region of any OME-Zarr image equals the slice of the whole; what is none is refused in one line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from cellseg.errors import InputError
from cellseg.images.omezarr import image as omezarr
from cellseg.images.omezarr.folder import labels_of
from cellseg.images.open import open_image

from .zarrs import write_group, write_image

SHAPE = (2, 3, 4, 37, 53)  # TCZYX
PICTURE = np.random.default_rng(0).integers(0, 60000, SHAPE).astype(np.uint16)

STORED = {  # version, how it is stored
    "v2": ("0.4", {}),
    "v3": ("0.5", {}),
    "v3 sharded": ("0.5", {"shards": (1, 1, 1, 32, 64)}),
    "v2 deep chunks": ("0.4", {"chunks": (1, 3, 4, 16, 16)}),
    "v3 deep chunks in shards": ("0.5", {"chunks": (1, 1, 2, 8, 16), "shards": (2, 3, 4, 16, 16)}),
    "one chunk": ("0.5", {"chunks": SHAPE}),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stored")
    return {
        name: open_image(write_image(folder / f"{name}.zarr", PICTURE, version=version, **how))
        for name, (version, how) in STORED.items()
    }


@pytest.mark.parametrize("name", STORED)
@given(data=st.data())
def test_any_region(sources, name, data):
    source = sources[name]
    assert (source.plane_axes, source.plane_shape, source.channels, source.dtype) == ("TZ", (2, 4), 3, np.uint16)
    plane = data.draw(st.integers(0, source.planes - 1))
    rows, columns = (_span(data, length) for length in SHAPE[-2:])
    t, z = divmod(plane, 4)
    np.testing.assert_array_equal(source.read(plane, rows, columns), PICTURE[t, :, z, rows, columns])


def _span(data, length: int) -> slice:
    start = data.draw(st.integers(0, length - 1))
    return slice(start, data.draw(st.integers(start + 1, length)))


@pytest.mark.parametrize("axes", ["yx", "zyx", "cyx", "tcyx", "yxc", "xyz"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_axes_in_the_order_of_the_metadata(tmp_path, axes, version):
    picture = PICTURE[0, 0, 0][(None,) * (len(axes) - 2)].repeat(3, 0) if len(axes) > 2 else PICTURE[0, 0, 0]
    stored = np.moveaxis(picture, (-2, -1), (axes.index("y"), axes.index("x")))
    chunks = tuple(16 if axis in "yx" else 1 for axis in axes)
    source = open_image(write_image(tmp_path / "a.zarr", stored, axes, version, chunks=chunks))
    assert (source.height, source.width) == picture.shape[-2:]
    assert source.channels == (3 if axes in ("cyx", "yxc") else 1)
    np.testing.assert_array_equal(source.read(source.planes - 1)[0], PICTURE[0, 0, 0])


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool", ">u2", "int32", "uint32", "float16", "float32", "float64"])
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_types(tmp_path, dtype, version):
    array = (PICTURE[0, 0, 0] % 100).astype(dtype)
    source = open_image(write_image(tmp_path / "a.zarr", array, "yx", version))
    assert source.dtype == ("uint8" if dtype == "bool" else np.dtype(dtype).newbyteorder("="))
    part = source.read(0)
    assert part.dtype == source.dtype
    assert part.dtype.isnative
    np.testing.assert_array_equal(part[0], array)


def test_pixel_size_and_channel_names(tmp_path):
    omero = {"channels": [{"label": "DAPI"}, {"color": "00FF00"}, {"label": "GFP"}]}
    path = write_image(tmp_path / "a.zarr", PICTURE, scale=[1, 1, 500, 250, 125], unit="nanometer", omero=omero)
    source = open_image(path)
    assert source.pixel_size_um == pytest.approx((0.25, 0.125))
    assert source.spacing_um == pytest.approx(0.5)
    assert source.channel_names == ("DAPI", "1", "GFP")
    np.testing.assert_array_equal(open_image(path, channel="GFP").read(5), PICTURE[1, 2:, 1])


def test_the_scale_of_all_levels_counts_too(tmp_path):
    path = write_image(tmp_path / "a.zarr", PICTURE[0, 0, 0], "yx", scale=[0.5, 0.5])
    node = json.loads((path / "zarr.json").read_text())
    both = node["attributes"]["ome"]["multiscales"][0]
    both["coordinateTransformations"] = [{"type": "scale", "scale": [3, 2]}]
    (path / "zarr.json").write_text(json.dumps(node))
    assert open_image(path).pixel_size_um == pytest.approx((1.5, 1.0))


@pytest.mark.parametrize("unit", ["", "furlong"])
def test_without_a_known_unit_there_is_no_pixel_size(tmp_path, unit):
    assert open_image(write_image(tmp_path / "a.zarr", PICTURE[0, 0, 0], "yx", unit=unit)).pixel_size_um is None


def test_labels_inside_an_image_are_an_image(tmp_path):
    image = write_image(tmp_path / "a.ome.zarr", PICTURE)
    write_group(image / "labels", {"labels": ["cells", "nuclei"]})
    write_image(image / "labels/cells", PICTURE[0, 0, 0].astype(np.uint32), "yx", **{"image-label": {}})
    np.testing.assert_array_equal(open_image(image / "labels/cells").read(0)[0], PICTURE[0, 0, 0])
    with pytest.raises(InputError, match=r"is a group of labels with 2 images. Open one of them: .*labels/cells, "):
        open_image(image / "labels")


@pytest.mark.parametrize("shards", [None, (1, 1, 1, 32, 64)])
def test_only_the_chunks_of_a_region_are_read(tmp_path, monkeypatch, shards):
    source = open_image(write_image(tmp_path / "a.zarr", PICTURE, shards=shards))
    asked = []
    get = zarr.storage.LocalStore.get

    async def counting(self, key, *args, **more):
        asked.append(key)
        return await get(self, key, *args, **more)

    monkeypatch.setattr(zarr.storage.LocalStore, "get", counting)
    for _ in range(2):  # the second time from memory
        source.select([1]).read(3, slice(17, 20), slice(30, 34))
    names = {"0/c/0/1/3/1/1", "0/c/0/1/3/1/2"} if shards is None else {"0/c/0/1/3/0/0"}
    assert {key.split("a.zarr/")[-1].removeprefix("0/") for key in asked} == {name.removeprefix("0/") for name in names}
    assert len(asked) <= 4  # of a shard: its index and the piece, for each of the two pieces


def test_a_chunk_is_decoded_once_for_the_planes_in_it(tmp_path, monkeypatch):
    source = open_image(write_image(tmp_path / "a.zarr", PICTURE, chunks=(1, 3, 4, 37, 53)))
    decoded = []
    decode = type(source.pixels)._decode
    monkeypatch.setattr(
        type(source.pixels), "_decode", lambda self, chunk: decoded.append(chunk) or decode(self, chunk)
    )
    for plane in range(8):
        source.read(plane)
    assert decoded == [[(0, 0, 0, 0, 0)], [(1, 0, 0, 0, 0)]]


def test_neighbouring_chunks_are_asked_for_together(tmp_path, monkeypatch):
    source = open_image(write_image(tmp_path / "a.zarr", PICTURE[0, 0], "zyx"))
    asked = []
    get = zarr.Array.__getitem__
    monkeypatch.setattr(zarr.Array, "__getitem__", lambda self, part: asked.append(part) or get(self, part))
    source.read(1, slice(0, 9), slice(16, 32))
    np.testing.assert_array_equal(source.read(1)[0], PICTURE[0, 0, 1])
    columns = [(part[1].start, part[2].start, part[2].stop) for part in asked]
    assert columns == [(0, 16, 32), (0, 0, 16), (0, 32, 64), (16, 0, 64), (32, 0, 64)]


def test_several_threads(tmp_path):
    source = open_image(write_image(tmp_path / "a.zarr", PICTURE, shards=(1, 1, 1, 32, 64)))
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda k: source.read(k % 8, slice(k % 30, k % 30 + 5)), range(120)))
    for k, found in enumerate(rows):
        t, z = divmod(k % 8, 4)
        np.testing.assert_array_equal(found, PICTURE[t, :, z, k % 30 : k % 30 + 5])


def test_chunks_that_were_never_written_are_background(tmp_path):
    array = np.zeros((64, 64), np.uint8)
    array[:16, :16] = 7
    path = write_image(tmp_path / "a.zarr", array, "yx")
    assert len([file for file in (path / "0/c").rglob("*") if file.is_file()]) == 1
    np.testing.assert_array_equal(open_image(path).read(0)[0], array)


def _refusal(path, **options) -> str:
    with pytest.raises(InputError) as caught:
        open_image(path, **options).read(0)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_plate_names_its_images(tmp_path, version):
    plate = tmp_path / "plate.zarr"
    wells = [{"path": f"{row}/{column}"} for row in "AB" for column in (1, 2)]
    write_group(plate, {"plate": {"wells": wells}}, version)
    for well in wells:
        write_group(plate / well["path"], {"well": {"images": [{"path": "0"}]}}, version)
    expected = f"is a plate of 4 images. Open one of them: {plate}/A/1/0, {plate}/A/2/0, {plate}/B/1/0 and 1 more"
    assert expected in _refusal(plate)
    assert f"is a well of 1 image. Open one of them: {plate}/A/1/0" in _refusal(plate / "A/1")


@pytest.mark.parametrize("series", [["first", "second"], None])
def test_a_collection_by_bioformats2raw_names_its_images(tmp_path, series):
    path = write_group(tmp_path / "a.zarr", {"bioformats2raw.layout": 3}, "0.4")
    names = series or ["0", "1"]
    for name in names:
        write_image(path / name, PICTURE, version="0.4")
    if series:
        write_group(path / "OME", {"series": series}, "0.4")
    expected = f"is a collection of 2 images. Open one of them: {path / names[0]}, {path / names[1]}"
    assert _refusal(path).endswith(expected)
    assert open_image(path / names[1]).planes == 8


def test_what_is_no_image(tmp_path):
    assert "there is no such folder" in _refusal(tmp_path / "none.ome.zarr")
    (tmp_path / "empty.zarr").mkdir()
    assert "without OME-Zarr metadata of an image" in _refusal(tmp_path / "empty.zarr")
    path = write_image(tmp_path / "a.zarr", PICTURE)
    assert (
        f"is a single zarr array, whose axes nobody names. Open the OME-Zarr image that holds it: {path}"
        in _refusal(path / "0")
    )


def test_damaged(tmp_path):
    path = write_image(tmp_path / "a.zarr", PICTURE, chunks=(1, 1, 1, 37, 53))
    chunk = path / "0/c/0/0/0/0/0"
    chunk.write_bytes(chunk.read_bytes()[:50])
    assert "chunk 0/0/0/0/0 cannot be read" in _refusal(path)
    (path / "0/zarr.json").write_text("{}")
    assert "its array '0' cannot be opened" in _refusal(path)
    (path / "zarr.json").write_text('{"zarr_format":')
    assert "zarr.json: cannot be read" in _refusal(path)


MALFORMED = {
    "datasets is no list": {"multiscales": [{"datasets": {"path": "0"}}]},
    "a dataset is no object": {"multiscales": [{"datasets": ["0"]}]},
    "axes are numbers": {"multiscales": [{"axes": 5, "datasets": [{"path": "0"}]}]},
    "two axes of one name": {"multiscales": [{"axes": [*"xxxxx"], "datasets": [{"path": "0"}]}]},
    "channels are no list": {
        "multiscales": [{"axes": [*"tczyx"], "datasets": [{"path": "0"}]}],
        "omero": {"channels": 3},
    },
    "multiscales is no list": {"multiscales": 3},
    "wells are numbers": {"plate": {"wells": [1, 2]}},
    "labels are none": {"labels": None},
    "nothing": {},
}


@pytest.mark.parametrize("ome", MALFORMED.values(), ids=MALFORMED)
@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_malformed_metadata(tmp_path, ome, version):
    path = write_image(tmp_path / "a.zarr", PICTURE, version=version)
    name = ".zattrs" if version == "0.4" else "zarr.json"
    node = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    (path / name).write_text(json.dumps(ome if version == "0.4" else node))
    _refusal(path)
    labels_of(path)


@pytest.mark.parametrize("step", ["a", "", None, -1, float("nan"), 1e400])
def test_a_scale_that_is_no_number_is_unknown(tmp_path, step, caplog):
    path = write_image(tmp_path / "a.zarr", PICTURE[0, 0, 0], "yx")
    node = json.loads((path / "zarr.json").read_text())
    transform = {"type": "scale", "scale": [step, 0.5]}
    node["attributes"]["ome"]["multiscales"][0]["coordinateTransformations"] = [transform]
    (path / "zarr.json").write_text(json.dumps(node))
    assert open_image(path).pixel_size_um is None
    assert "no length" in caplog.text


@pytest.mark.parametrize("version", ["0.1", "0.4", "0.6"])
def test_metadata_without_axes(tmp_path, version):
    path = write_image(tmp_path / "a.zarr", PICTURE)
    ome = {"version": version, "multiscales": [{"datasets": [{"path": "0"}], "coordinateSystems": []}]}
    (path / "zarr.json").write_text(json.dumps({"node_type": "group", "attributes": {"ome": ome}}))
    if version == "0.1":
        assert open_image(path).plane_axes == "TZ"
    else:
        assert f"names no axes in its OME-Zarr metadata of version {version}" in _refusal(path)
    assert open_image(path, axes="tczyx").channels == 3


def test_other_axes(tmp_path):
    path = write_image(tmp_path / "a.zarr", PICTURE)
    assert open_image(path, axes="CTZYX").channels == 2
    fewer = json.loads((path / "zarr.json").read_text())
    fewer["attributes"]["ome"]["multiscales"][0]["axes"].pop(0)
    (path / "zarr.json").write_text(json.dumps(fewer))
    assert "does not fit the axes 'CZYX'" in _refusal(path)
    assert open_image(path, axes="TCZYX").plane_axes == "TZ"
    assert "holds an array of shape (2, 3, 4, 37, 53), which does not fit the axes 'ZYX'" in _refusal(path, axes="ZYX")
    assert "there is no channel 'GFP'" in _refusal(path, axes="TCZYX", channel="GFP")


def test_a_huge_chunk(tmp_path, monkeypatch):
    path = write_image(tmp_path / "a.zarr", PICTURE, chunks=SHAPE)
    monkeypatch.setattr(omezarr, "LARGEST_SEGMENT", 1000)
    assert "keeps 2 x 3 x 4 x 37 x 53 values in one chunk" in _refusal(path)


def test_values_of_an_unknown_type(tmp_path):
    assert "holds values of type complex64" in _refusal(
        write_image(tmp_path / "a.zarr", np.ones((8, 8), np.complex64), "yx")
    )
