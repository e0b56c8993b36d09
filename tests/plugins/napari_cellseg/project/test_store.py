"""A label store behaves as an array, and what was written is there when it is opened again."""

from __future__ import annotations

import copy
import multiprocessing
import os
import threading
import time
from unittest.mock import patch

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from napari_cellseg.project import chunks
from napari_cellseg.project import store as store_module
from napari_cellseg.project.store import LabelStore, open_store

from cellseg.errors import InputError

SHAPES = [(300, 520), (3, 260, 257), (2, 5, 6)]


def _new(folder, shape):
    chunks.create(folder, shape, {})
    return LabelStore(folder)


@st.composite
def writes(draw, shape):
    """Any index that numpy takes, but new axes, and a value."""
    kind = draw(st.sampled_from(["basic", "points", "mask"]))
    if kind == "basic":
        key = draw(hnp.basic_indices(shape, allow_newaxis=False))
    elif kind == "points":
        key = draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=5)))
    else:
        seed = draw(st.integers(0, 99))
        key = np.random.default_rng(seed).random(shape) < draw(st.sampled_from([0.0, 0.001, 0.5]))
    return key, draw(st.integers(0, 2**32 - 1) | st.just(0))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("journalled", [100, 1 << 30])
def test_any_writes_equal_those_to_an_array(shape, journalled, tmp_path_factory, monkeypatch):
    monkeypatch.setattr("napari_cellseg.project.store.MOST_JOURNALLED", journalled)

    @given(st.lists(writes(shape), max_size=6))
    @settings(max_examples=20)
    def check(changes):
        folder = tmp_path_factory.mktemp("store") / "a.zarr"
        store, wanted = _new(folder, shape), np.zeros(shape, np.uint32)
        for key, value in changes:
            store[key] = value
            wanted[key] = value
            np.testing.assert_array_equal(store[key], wanted[key])
        for again in (store, LabelStore(folder), LabelStore(folder, writable=False)):
            np.testing.assert_array_equal(again[...], wanted)
            assert again.max() == wanted.max()
        store.flush()
        assert store.annotated_blocks() == sorted(chunks.files_in(folder)) == LabelStore(folder).annotated_blocks()
        for again in (store, LabelStore(folder), zarr.open_array(str(folder), mode="r")):
            np.testing.assert_array_equal(np.asarray(again[...]), wanted)
        assert store.max() == np.max(store) == wanted.max()

    check()


@given(st.lists(writes(SHAPES[0]), max_size=4), st.sampled_from([100, 1 << 30]))
@settings(max_examples=20)
def test_changes_lie_on_other_labels_which_stay_as_they_are(tmp_path_factory, changes, journalled):
    folder = tmp_path_factory.mktemp("store") / "corrected"
    beneath = np.random.default_rng(1).integers(0, 9, SHAPES[0]).astype(np.uint16)
    found, wanted = beneath.copy(), beneath.astype(np.uint32)
    with patch("napari_cellseg.project.store.MOST_JOURNALLED", journalled):
        store = LabelStore(folder, beneath=beneath)
        assert not store.corrected
        for key, value in changes:
            store[key] = value
            wanted[key] = value
            np.testing.assert_array_equal(store[key], wanted[key])
    changed = not np.array_equal(wanted, found)
    assert store.corrected or not changed
    for again in (store, LabelStore(folder, beneath=beneath), LabelStore(folder, beneath=beneath, writable=False)):
        np.testing.assert_array_equal(again[...], wanted)
        assert again.max() >= wanted.max(), "the next number is free"
    store.flush()
    np.testing.assert_array_equal(LabelStore(folder, beneath=beneath)[...], wanted)
    np.testing.assert_array_equal(beneath, found)


@pytest.mark.parametrize("key", [(0, 0, 0), 300, (0, -521), None, True, 0.5, [600], [0.5], (..., ...)])
def test_indices_that_mean_nothing_are_refused(key, tmp_path):
    store = _new(tmp_path / "a.zarr", SHAPES[0])
    with pytest.raises((IndexError, TypeError)):
        store[key] = 1
    assert store.max() == 0


def test_values_may_be_arrays(tmp_path):
    store = _new(tmp_path / "a.zarr", (300, 300))
    values = np.arange(100, dtype=np.uint32).reshape(10, 10)
    store[250:260, 250:260] = values
    np.testing.assert_array_equal(LabelStore(store.folder)[250:260, 250:260], values)
    with pytest.raises(ValueError, match="broadcast"):
        store[0:3, 0:3] = values


def test_only_changed_blocks_are_written(tmp_path):
    store = _new(tmp_path / "a.zarr", (2, 600, 600))
    for number in range(10):
        store[1, 300:310, 300:310] = number
    store.flush()
    assert store.changes == 1
    assert store.annotated_blocks() == [(1, 1, 1)]
    store[...] = store[...]
    store[1, 300:310, 300:310] = 9
    store.flush()
    assert store.changes == 1
    store[1] = 0
    store.flush()
    assert not chunks.file_of(store.folder, (1, 1, 1)).exists()
    assert store.annotated_blocks() == [], "a block of zeros needs no file"


def test_what_was_read_is_a_copy(tmp_path):
    store = _new(tmp_path / "a.zarr", (10, 10))
    store[:] = 4
    store[:][0, 0] = 9
    duplicate = copy.deepcopy(store)
    duplicate[1, 1] = 9
    assert (store[:] == 4).all()


def test_all_who_open_it_see_what_one_writes(tmp_path):
    _new(tmp_path / "a.zarr", (10, 10))
    one, other = open_store(tmp_path / "a.zarr"), open_store(tmp_path / "." / "a.zarr")
    reader = open_store(tmp_path / "a.zarr", writable=False)
    one[2, 2] = 3
    assert one is other
    assert reader[2, 2] == 3
    with pytest.raises(InputError, match="open in another window"):
        reader[2, 2] = 4


@pytest.mark.parametrize("journalled", [0, 1 << 20])
def test_threads(journalled, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_cellseg.project.store.MOST_JOURNALLED", journalled)
    monkeypatch.setattr("napari_cellseg.project.store.REST_S", 0.001)
    store = _new(tmp_path / "a.zarr", (8, 40))

    def paint(row):
        for column in range(40):
            store[row, column] = row + 1

    threads = [threading.Thread(target=paint, args=(row,)) for row in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(LabelStore(store.folder)[:], np.repeat(np.arange(1, 9)[:, None], 40, 1))


def test_more_blocks_than_are_kept_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_cellseg.project.blocks.MOST_BLOCKS", 2)
    store = _new(tmp_path / "a.zarr", (600, 600))
    store[:] = np.arange(360_000).reshape(600, 600)
    np.testing.assert_array_equal(store[:], np.arange(360_000).reshape(600, 600))


def test_a_damaged_block(tmp_path):
    store = _new(tmp_path / "a.zarr", (300, 300))
    store[:] = 1
    store.flush()
    block = chunks.file_of(store.folder, (1, 0))
    huge = b"\x28\xb5\x2f\xfd\xe0" + (2**62).to_bytes(8, "little")  # a frame that says how much it holds
    for broken in (b"", block.read_bytes()[:-3], b"not zstd", huge):
        block.write_bytes(broken)
        with pytest.raises(InputError, match="damaged"):
            LabelStore(store.folder)[299, 0]
    assert LabelStore(store.folder)[0, 0] == 1


def test_blocks_beyond_the_edge_are_none(tmp_path):
    store = _new(tmp_path / "a.zarr", (300, 300))
    store[0, 0] = 3
    store.flush()
    block = chunks.file_of(store.folder, (0, 0))
    for stray in ((0, 5), (7, 0), (9, 9)):
        file = chunks.file_of(store.folder, stray)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(block.read_bytes())
    again = LabelStore(store.folder)
    assert again.annotated_blocks() == [(0, 0)]
    assert again.max() == 3


def test_a_folder_that_is_no_store(tmp_path):
    with pytest.raises(InputError, match="is no label store"):
        LabelStore(tmp_path / "none.zarr")
    zarr.create_array(str(tmp_path / "other.zarr"), shape=(4, 4), chunks=(2, 2), dtype="uint32")
    with pytest.raises(InputError, match="none that cellseg made"):
        LabelStore(tmp_path / "other.zarr")


def test_a_disk_that_takes_nothing(tmp_path, monkeypatch):
    store = _new(tmp_path / "a.zarr", (20, 20))
    store[0] = 1
    write = os.write
    monkeypatch.setattr("os.write", lambda file, text: write(file, text[:20]))
    with pytest.raises(InputError, match="No space left on device"):
        store[1] = 1
    monkeypatch.undo()
    assert store[1, 0] == 0, "memory tells what is on disk"
    store[2] = 3
    assert LabelStore(store.folder)[:3, 0].tolist() == [1, 0, 3], "half a record does not hide what follows"


def test_blocks_that_cannot_be_written_stay_in_the_journal(tmp_path, monkeypatch):
    store = _new(tmp_path / "a.zarr", (20, 20))
    store[0] = 1

    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(InputError, match="No space left on device"):
        store.flush()
    assert LabelStore(store.folder)[0, 0] == 1
    monkeypatch.undo()
    store.flush()
    assert (store.folder / "strokes.journal").stat().st_size == 0


def test_blocks_follow_when_the_hand_rests(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_cellseg.project.store.REST_S", 0.05)
    store = _new(tmp_path / "a.zarr", (20, 20))
    store[0] = 1
    deadline = time.monotonic() + 20
    while not store.changes and time.monotonic() < deadline:
        time.sleep(0.01)
    assert zarr.open_array(str(store.folder), mode="r")[0, 0] == 1


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 99)), min_size=1, max_size=5), st.integers(1, 60))
def test_a_journal_that_was_cut_off(tmp_path_factory, dabs, cut):
    store = _new(tmp_path_factory.mktemp("store") / "a.zarr", (10, 10))
    states = [np.zeros(10, np.uint32)]
    for row, value in dabs:
        store[row] = value
        states.append(store[:, 0])
    journal = store.folder / "strokes.journal"
    journal.write_bytes(journal.read_bytes()[:-cut])
    left = LabelStore(store.folder)[:, 0]
    assert any(np.array_equal(left, state) for state in states[:-1]), "what is left is a state that there was"


def _write_for_ever(folder, started, journalled):
    store_module.MOST_JOURNALLED = journalled
    store = LabelStore(folder)
    value = 0
    while True:
        value += 1
        store[:] = value
        started.set()


@pytest.mark.parametrize("journalled", [True, False])
def test_a_kill_never_leaves_a_broken_block(journalled, tmp_path):
    folder = tmp_path / "a.zarr"
    _new(folder, (20, 600))
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    writer = context.Process(target=_write_for_ever, args=(folder, started, 0 if not journalled else 1 << 20))
    writer.start()
    assert started.wait(60)
    writer.kill()
    writer.join()
    left = LabelStore(folder)[:]
    blocks = [np.unique(left[:, start : start + 256]) for start in (0, 256, 512)]
    assert all(len(values) == 1 for values in blocks), "a block is as it was before, or as it is after"
    assert blocks[0][0] > 0
    assert not journalled or len(np.unique(left)) == 1
