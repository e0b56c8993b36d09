"""`predict --cluster`: workers of Dask compute the tiles, and the file is that of one process, to the byte."""

import signal
import sys
import time

import numpy as np
import psutil
import pytest
import tifffile

import cellseg
from cellseg.inference.cluster import hand_out, worker
from cellseg.inference.cluster.batches import batch_size, batches
from cellseg.inference.cluster.job import BatchDone
from cellseg.inference.journal import journal_folder
from cellseg.inference.work_log import logs_of
from tests.cli.conftest import assert_refused
from tests.forked import Forked

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    import torch

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    cellseg.save(cellseg.build("unet", base=2, depth=2, norm="batch"), path)
    return path


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "stack.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (2, 70, 100)).astype(np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack")
    return path


@pytest.fixture(scope="module")
def address():
    """Two workers in this process."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def predict(cellseg_cli, model, image, out, *more):
    return cellseg_cli("predict", model, image, "--out", out, "--tile", 32, *more)


MORE = ("--split", "watershed", "--fill-holes", 9, "--minimum-size", 4, "--link", "overlap")


def test_workers_make_the_bytes_of_one_process(cellseg_cli, model, stack, address, tmp_path):
    one, out = tmp_path / "one.tif", tmp_path / "out.tif"
    assert predict(cellseg_cli, model, stack, one, *MORE).code == 0
    done = predict(cellseg_cli, model, stack, out, *MORE, "--cluster", address)
    assert done.code == 0, done.err
    assert out.read_bytes() == one.read_bytes()
    assert "2 workers" in done.err
    assert "24 tiles in" in done.err  # both are one process here
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.tif", "out.tif"]


def test_what_was_done_before_is_not_computed_again(cellseg_cli, model, stack, address, tmp_path):
    out = tmp_path / "out.tif"
    assert predict(cellseg_cli, model, stack, out, "--share", "1/2").code == 0
    done = predict(cellseg_cli, model, stack, out, "--resume", "--cluster", address)
    assert done.code == 0, done.err
    assert "12 tiles in" in done.err


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("local:0", "local:N"),
        ("local:x", "local:N"),
        ("nowhere.json", "no file"),
        ("tcp://127.0.0.1:9", "no Dask scheduler answers"),
    ],
)
def test_no_cluster_is_said_and_nothing_begun(cellseg_cli, model, stack, tmp_path, monkeypatch, where, said):
    monkeypatch.setattr("cellseg.inference.cluster.connect.PATIENCE", 0.5)
    assert_refused(predict(cellseg_cli, model, stack, tmp_path / "out.tif", "--cluster", where), said)
    assert not list(tmp_path.iterdir())


def test_share_and_cluster_are_two_ways(cellseg_cli, model, stack, tmp_path):
    more = ("--share", "1/2", "--cluster", "local:2")
    assert_refused(predict(cellseg_cli, model, stack, tmp_path / "out.tif", *more), "--share", "--cluster")


@pytest.mark.parametrize(
    ("name", "fake", "said"),
    [
        ("__version__", "0.0.9", "has cellseg 0.0.9"),
        ("_sees_token", lambda job: False, "does not see the folder"),
        ("_fault_of_model", lambda job: "has another model m", "has another model"),
    ],
)
def test_a_worker_that_cannot_do_it_is_named(
    cellseg_cli, model, stack, address, tmp_path, monkeypatch, name, fake, said
):
    out = tmp_path / "out.tif"
    assert predict(cellseg_cli, model, stack, out, "--share", "1/2").code == 0
    before = sorted(journal_folder(out).rglob("*"))
    monkeypatch.setattr(worker, name, fake)
    for more in ((), ("--resume",)):
        done = predict(cellseg_cli, model, stack, out, "--cluster", address, *more)
        assert_refused(done, "the worker inproc", said)
    assert sorted(journal_folder(out).rglob("*")) == before


def test_a_worker_without_torch_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    job = type("Job", (), {"version": cellseg.__version__})()
    assert worker.fault_of_worker(job) == "has no torch"


def test_a_full_disk_on_a_worker_is_told_and_what_is_done_is_kept(
    cellseg_cli, model, stack, address, tmp_path, monkeypatch
):
    from cellseg.inference.journal import Journal

    add = Journal.add

    def full(self, tile, values):
        if tile.plane:
            raise OSError(28, "No space left on device", str(self.folder))
        add(self, tile, values)

    monkeypatch.setattr(Journal, "add", full)
    out = tmp_path / "out.tif"
    assert_refused(predict(cellseg_cli, model, stack, out, "--cluster", address), "No space left")
    monkeypatch.setattr(Journal, "add", add)
    done = predict(cellseg_cli, model, stack, out, "--resume")
    assert "(12 are there already)" in done.err or "are there already" in done.err
    assert out.exists()


CALLS = []


def hangs_first(job, numbers):
    """A batch; the first one that is asked for hangs."""
    CALLS.append(numbers)
    if len(CALLS) == 1:
        time.sleep(3)
    return BatchDone("w", len(numbers), 0.1)


def test_a_batch_that_hangs_is_given_to_another_and_the_run_ends_without_it(address, monkeypatch):
    CALLS.clear()
    monkeypatch.setattr(hand_out, "compute_batch", hangs_first)
    monkeypatch.setattr(hand_out, "HANGS", 0.3)
    began = time.monotonic()
    with distributed.Client(address) as client:
        assert sum(hand_out.HandOut(client, None).run(iter([range(2), range(2, 5)]))) == 5
        assert time.monotonic() - began < 3
        assert CALLS.count(CALLS[0]) == 2
        time.sleep(max(0, 3.2 - (time.monotonic() - began)))


def test_batches_are_about_a_minute_and_cover_each_number_once():
    assert batch_size(10**6, 10**6, 8) == 60
    assert batch_size(100, 1, 4) == 7
    assert batch_size(3, 10**6, 4) == 1
    numbers = np.array([0, 1, 2, 5, 6, 7, 8])
    found = list(batches(numbers, 3))
    assert found == [range(3), range(5, 8), range(8, 9)]
    assert list(batches(numbers[:5], 4)) == [[0, 1, 2, 5], range(6, 7)]


# real processes


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_workers_are_killed_twenty_times_and_the_client_once(cellseg_cli, model, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (300, 400)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", pixels, photometric="minisblack")
    words = ("predict", model, tmp_path / "image.tif", "--tile", 16)
    assert cellseg_cli(*words, "--out", tmp_path / "one.tif").code == 0
    out, rng, kills = tmp_path / "out.tif", np.random.default_rng(0), 0
    process = Forked(*words, "--out", out, "--cluster", "local:2")
    while process.poll() is None and kills < 20:
        time.sleep(rng.uniform(0.5, 2))
        pids = [int(log.path.name.split("-")[-2]) for log in logs_of(out) if log.at_work]
        for pid in pids[:1]:
            psutil.Process(pid).kill()
            kills += 1
    print(f"{kills} workers were killed")
    process.send(signal.SIGKILL)
    process.finish()
    found = [tile for log in logs_of(out) for tile in log.tiles]
    assert max((found.count(tile) for tile in set(found)), default=1) <= 2
    done = cellseg_cli(*words, "--out", out, "--resume")
    assert done.code == 0, done.err
    assert out.read_bytes() == (tmp_path / "one.tif").read_bytes()
