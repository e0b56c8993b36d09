"""Any region of any TIFF equals the slice of the whole."""

from __future__ import annotations

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from cellseg.images.open import open_image
from cellseg.images.tiff import pixels as tiffpixels
from cellseg.images.tiff.pixels import TiffPixels
from cellseg.images.write import write_stack

ENCODINGS = {
    "mapped": {},
    "big endian": {"byteorder": ">"},
    "bigtiff": {"bigtiff": True},
    "strips": {"rowsperstrip": 7},
    "deflate strips": {"rowsperstrip": 7, "compression": "zlib", "predictor": True},
    "one lzw strip": {"compression": "lzw"},
    "zstd strips": {"rowsperstrip": 10, "compression": "zstd"},
    "packbits": {"rowsperstrip": 5, "compression": "packbits"},
    "tiles": {"tile": (16, 32)},
    "big endian tiles": {"tile": (32, 16), "byteorder": ">"},
    "deflate tiles": {"tile": (16, 16), "compression": "zlib", "predictor": True},
    "big endian lzw tiles": {"tile": (16, 48), "compression": "lzw", "predictor": True, "byteorder": ">"},
    "jpeg 2000 tiles": {"tile": (32, 32), "compression": "jpeg2000"},
    "ome": {"ome": True, "metadata": {"axes": "ZYX"}},
    "ome tiles": {"ome": True, "metadata": {"axes": "ZYX"}, "tile": (32, 32), "compression": "zlib"},
    "imagej": {"imagej": True, "metadata": {"axes": "ZYX"}},
    "no metadata": {"metadata": None},
}
TYPES = ("uint8", "uint16", "int16", "float32")
SHAPE = (3, 53, 71)


def _picture(dtype: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    values = np.random.default_rng(1).normal(100, 30, shape)
    return np.clip(values, 0, 255).astype(dtype)


def _writable(name: str, dtype: str) -> bool:
    return not (name == "jpeg 2000 tiles" and dtype not in ("uint8", "uint16"))


CASES = [(name, dtype) for name in ENCODINGS for dtype in TYPES if _writable(name, dtype)]


@pytest.mark.parametrize(("name", "dtype"), CASES)
def test_regions_of_stacks(tmp_path, name, dtype):
    picture = _picture(dtype)
    tifffile.imwrite(tmp_path / "a.tif", picture, photometric="minisblack", **ENCODINGS[name])
    _compare(tmp_path / "a.tif", picture[:, None])


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("encoding", ["mapped", "strips", "big endian", "deflate strips", "tiles", "deflate tiles"])
def test_regions_of_rgb(tmp_path, planar, encoding):
    picture = _picture("uint16", (2, 3, 40, 37))
    stored = picture if planar == "separate" else picture.transpose(0, 2, 3, 1)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, **ENCODINGS[encoding])
    _compare(tmp_path / "a.tif", picture)


def _compare(path, wanted: np.ndarray) -> None:
    """`wanted` is (planes, C, H, W)."""
    source = open_image(path)
    assert (source.planes, source.channels, source.height, source.width) == wanted.shape
    assert source.dtype == wanted.dtype
    for plane, (rows, columns) in enumerate(
        [(slice(0, 1), slice(3, 9)), (slice(6, 40), slice(30, None)), (None, None)]
    ):
        region = source.read(plane % source.planes, rows, columns)
        assert region.dtype == wanted.dtype
        part = wanted[plane % source.planes][:, rows or slice(None), columns or slice(None)]
        np.testing.assert_array_equal(region, part)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, sources = tmp_path_factory.mktemp("regions"), {}
    picture = _picture("uint16")
    for name, encoding in ENCODINGS.items():
        tifffile.imwrite(folder / f"{name}.tif", picture, photometric="minisblack", **encoding)
        sources[name] = open_image(folder / f"{name}.tif")
    return picture, sources


@settings(deadline=None, max_examples=50)
@given(st.data())
def test_any_region_of_any_encoding(files, data):
    picture, sources = files
    source = sources[data.draw(st.sampled_from(sorted(ENCODINGS)))]
    plane = data.draw(st.integers(0, SHAPE[0] - 1))
    rows, columns = (_span(data, length) for length in SHAPE[1:])
    np.testing.assert_array_equal(source.read(plane, rows, columns)[0], picture[plane, rows, columns])


def _span(data, length: int) -> slice:
    start = data.draw(st.integers(0, length - 1))
    return slice(start, data.draw(st.integers(start + 1, length)))


def test_plain_data_are_mapped_and_others_decoded_in_part(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((64, 64), np.uint16), rowsperstrip=8)
    tifffile.imwrite(tmp_path / "tiles.tif", np.zeros((64, 64), np.uint16), tile=(16, 16), compression="zlib")
    plain, tiles = open_image(tmp_path / "plain.tif"), open_image(tmp_path / "tiles.tif")
    decoded = []
    monkeypatch.setattr("cellseg.images.tiff.pixels._decode", lambda *_: decoded.append(1) or np.zeros((16, 16, 1)))
    plain.read(0, slice(5, 20), slice(5, 20))
    assert not decoded
    tiles.read(0, slice(5, 20), slice(5, 10))
    assert len(decoded) == 2


@pytest.mark.parametrize("layout", [{"tile": (32, 32)}, {"rowsperstrip": 16}])
def test_jpeg(tmp_path, layout):
    picture = _picture("uint8", (50, 60, 3))
    tifffile.imwrite(tmp_path / "a.tif", picture, photometric="rgb", compression="jpeg", metadata=None, **layout)
    wanted = tifffile.imread(tmp_path / "a.tif").transpose(2, 0, 1)
    source = open_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(source.read(0, slice(9, 40), slice(20, 60)), wanted[:, 9:40, 20:60])


def test_tiles_that_were_left_out_are_zero(tmp_path):
    blocks = iter([np.full((16, 16), 7, np.uint8), None])
    tifffile.imwrite(tmp_path / "a.tif", blocks, shape=(16, 32), dtype=np.uint8, tile=(16, 16), compression="zlib")
    assert open_image(tmp_path / "a.tif").read(0)[0, 0, ::16].tolist() == [7, 0]


def test_imagej_stack_with_a_single_directory(tmp_path):
    picture = _picture("uint16")
    tifffile.imwrite(tmp_path / "a.tif", picture, imagej=True, metadata={"axes": "ZYX"})
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        assert len(tif.pages) == 3
        tif.pages[0]._nextifd()
        with open(tmp_path / "a.tif", "r+b") as file:  # cut the chain after the first page, as ImageJ does over 4 GB
            file.seek(tif.pages[0].offset)
            entries = int.from_bytes(file.read(2), "big")
            file.seek(tif.pages[0].offset + 2 + 12 * entries)
            file.write(bytes(4))
    source = open_image(tmp_path / "a.tif")
    assert source.plane_axes == "Z"
    np.testing.assert_array_equal(source.read(2)[0], picture[2])


def test_pages_written_one_by_one_make_a_stack(tmp_path):
    picture = _picture("uint8")
    with tifffile.TiffWriter(tmp_path / "a.tif") as tif:
        for page in picture:
            tif.write(page, photometric="minisblack", compression="zlib")
    source = open_image(tmp_path / "a.tif")
    assert source.planes == 3
    np.testing.assert_array_equal(source.read(2)[0], picture[2])


def test_a_pyramid_is_read_at_full_size(tmp_path):
    picture = _picture("uint8", (64, 64))
    with tifffile.TiffWriter(tmp_path / "a.tif", ome=True) as tif:
        tif.write(picture, subifds=1, tile=(16, 16))
        tif.write(picture[::2, ::2], subfiletype=1, tile=(16, 16))
    np.testing.assert_array_equal(open_image(tmp_path / "a.tif").read(0)[0], picture)


def test_an_image_can_be_read_from_several_threads(tmp_path):
    picture = _picture("uint8", (256, 256))
    tifffile.imwrite(tmp_path / "a.tif", picture, tile=(32, 32), compression="zlib")
    source = open_image(tmp_path / "a.tif")
    assert isinstance(source.pixels, TiffPixels)
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda k: source.read(0, slice(k, k + 9)), range(200)))
    assert all((rows[k][0] == picture[k : k + 9]).all() for k in range(200))


class _Counted:
    """Files opened for reading, and how many bytes were read of them."""

    def __init__(self, monkeypatch):
        self.bytes, self.opened = 0, open
        monkeypatch.setattr(tiffpixels, "open", self.open, raising=False)

    def open(self, path, mode):
        file = self.opened(path, mode)
        read = file.read

        class Counting:
            __enter__ = lambda this: this  # noqa: E731
            __exit__ = lambda this, *error: file.close()  # noqa: E731
            seek = file.seek

            def read(this, length):
                self.bytes += length
                return read(length)

        return Counting()


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"rowsperstrip": 8, "compression": "zlib"}, [3, 4, 5]),
        ({"tile": (16, 32), "compression": "zlib"}, [8 + 1, 8 + 2, 16 + 1, 16 + 2]),
        ({"tile": (16, 32)}, [8 + 1, 8 + 2, 16 + 1, 16 + 2]),
    ],
    ids=["strips", "tiles", "plain tiles"],
)
def test_only_the_covered_strips_or_tiles_are_read(tmp_path, monkeypatch, how, wanted):
    tifffile.imwrite(tmp_path / "a.tif", _picture("uint16", (256, 256)), metadata=None, **how)
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        sizes = tif.pages[0].databytecounts
    source, counted = open_image(tmp_path / "a.tif"), _Counted(monkeypatch)
    region = slice(26, 45), slice(40, 70)
    for _ in range(3):  # what was decoded is kept
        source.read(0, *region)
    assert counted.bytes == sum(sizes[k] for k in wanted)


def test_reading_tile_by_tile_with_overlap_reads_each_piece_once(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", _picture("uint8", (512, 512)), tile=(64, 64), compression="zlib")
    with tifffile.TiffFile(tmp_path / "a.tif") as tif:
        data = sum(tif.pages[0].databytecounts)
    source, counted = open_image(tmp_path / "a.tif"), _Counted(monkeypatch)
    for top in range(0, 512, 100):
        for left in range(0, 512, 100):
            source.read(0, slice(max(top - 44, 0), min(top + 144, 512)), slice(max(left - 44, 0), min(left + 144, 512)))
    assert counted.bytes == data


@pytest.mark.parametrize("how", [{"tile": (256, 256), "compression": "zlib"}, {}], ids=["tiles", "mapped"])
def test_an_image_larger_than_the_cache_is_never_held_whole(tmp_path, monkeypatch, how):
    monkeypatch.setattr("cellseg.images.cache.shared_blocks.limit", 2**20)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8192, 4096), np.uint8), metadata=None, **how)
    source = open_image(tmp_path / "a.tif")
    tracemalloc.start()
    for top in range(0, 8192, 256):
        for left in range(0, 4096, 256):
            source.read(0, slice(top, top + 256), slice(left, left + 256))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 2**20 < 8192 * 4096 / 10


@pytest.mark.parametrize("name", ["tiles", "strips", "mapped", "zarr"])
def test_a_reader_thread_beside_one_that_computes(tmp_path, monkeypatch, name):
    """Several readers, a cache too small for them, and one thread that keeps the processor busy."""
    monkeypatch.setattr("cellseg.images.cache.shared_blocks.limit", 20_000)
    picture = _picture("uint16", (2, 200, 300))
    how = {"tiles": {"tile": (32, 48), "compression": "zlib"}, "strips": {"rowsperstrip": 9, "compression": "lzw"}}
    path = tmp_path / ("a.zarr" if name == "zarr" else "a.tif")
    if name == "zarr":
        write_stack(path, picture, tile=(32, 48))
    else:
        tifffile.imwrite(path, picture, photometric="minisblack", **how.get(name, {}))
    source, stop = open_image(path), threading.Event()

    def compute():
        while not stop.is_set():
            picture.astype(np.float64).sum()

    def read(seed):
        rng = np.random.default_rng(seed)
        for _ in range(25):
            plane, top, left = (int(rng.integers(0, limit)) for limit in (2, 190, 290))
            rows, columns = slice(top, int(rng.integers(top + 1, 201))), slice(left, int(rng.integers(left + 1, 301)))
            np.testing.assert_array_equal(source.read(plane, rows, columns)[0], picture[plane, rows, columns])
        return True

    worker = threading.Thread(target=compute)
    worker.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(read, range(6)))
    finally:
        stop.set()
        worker.join()
