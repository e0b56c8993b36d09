"""OME-Zarr written in parts, in any order: the files of one that is written as a stream."""

import shutil
from contextlib import suppress
from itertools import product

import numpy as np
import pytest

from cellseg.images.omezarr import parts
from cellseg.images.omezarr import write as write_module
from cellseg.images.write import ResultLayout, write_tiled


def contents(folder):
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def small(monkeypatch):
    """Pyramids go on until 20 pixels, and two chunks make a shard."""
    monkeypatch.setattr("cellseg.images.pyramid.SMALLEST", 20)
    for module in (write_module, parts):
        monkeypatch.setattr(module, "CHUNKS_IN_A_FILE", 2)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("height", "width", "channels", "dtype", "halvings"),
    [
        (130, 131, 1, np.uint32, 1),
        (70, 201, 1, np.uint8, 2),
        (150, 33, 2, np.float32, 1),
        (16, 16, 1, np.uint8, 2),
    ],
)
def test_parts_make_the_files_of_a_stream(tmp_path, monkeypatch, height, width, channels, dtype, halvings):
    monkeypatch.setattr(parts, "HALVINGS", halvings)
    layout = ResultLayout(
        height=height, width=width, dtype=np.dtype(dtype), channels=channels, plane_axes="Z",
        plane_shape=(2 // channels,),
        tile=(16, 16), mark="m",
    )  # fmt: skip
    rng = np.random.default_rng(0)
    coarse = rng.random((2, -(-height // 5), -(-width // 5)), np.float32) * 9
    sheets = np.kron(coarse, np.ones((5, 5), np.float32))[:, :height, :width].astype(dtype)
    sheets[:, : height // 3] = 0  # shards without a cell are not written
    regions = product(range(len(sheets)), layout.tiles)
    write_tiled(tmp_path / "one" / "r.ome.zarr", layout, (sheets[sheet][region] for sheet, region in regions))
    with parts.omezarr_in_parts(tmp_path / "parts" / "r.ome.zarr", layout) as folder:
        for together in parts.rounds(layout):
            for number in rng.permutation(len(together)):
                parts.write_part(folder, layout, together[number], lambda sheet, y, x: sheets[sheet, y, x])
        assert not (tmp_path / "parts" / "r.ome.zarr").exists()
    assert contents(tmp_path / "parts") == contents(tmp_path / "one")


@pytest.mark.usefixtures("small")
def test_no_two_parts_of_a_round_write_into_one_shard(tmp_path, monkeypatch):
    layout = ResultLayout(height=150, width=151, dtype=np.dtype(np.uint8), tile=(16, 16))
    written = {}
    with parts.omezarr_in_parts(tmp_path / "r.ome.zarr", layout) as folder:
        for together in parts.rounds(layout):
            for number, part in enumerate(together):
                before = {file: file.stat().st_mtime_ns for file in folder.rglob("c/**/*") if file.is_file()}
                parts.write_part(folder, layout, part, lambda _, y, x: np.ones((y.stop - y.start, x.stop - x.start)))
                now = {file: file.stat().st_mtime_ns for file in folder.rglob("c/**/*") if file.is_file()}
                written[part.level, number] = {file for file, time in now.items() if before.get(file) != time}
    assert sum(map(len, written.values())) == len(set().union(*written.values())) > 30


def test_nothing_stays_of_a_part_that_ends_when_the_folder_was_given_up(tmp_path):
    layout = ResultLayout(height=16, width=20, dtype=np.dtype(np.uint8), tile=(16, 16))
    (part,) = parts.rounds(layout)[0]

    def given_up(_sheet, rows, columns):
        shutil.rmtree(folder)
        return np.ones((rows.stop - rows.start, columns.stop - columns.start))

    with suppress(KeyboardInterrupt), parts.omezarr_in_parts(tmp_path / "r.zarr", layout) as folder:
        parts.write_part(folder, layout, part, given_up)
        assert not folder.exists()
        raise KeyboardInterrupt
    assert not (tmp_path / "r.zarr").exists()
