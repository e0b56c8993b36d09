"""`predict --cluster`: workers of Dask compute the tiles, and the file is that of one process, to the byte."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
import tifffile

import cellseg
from cellseg.images.open import open_image
from cellseg.inference.cluster import connect, hand_out, worker
from cellseg.inference.cluster.batches import batch_size, batches
from cellseg.inference.cluster.job import CLIENT, BatchDone
from cellseg.inference.journal import journal_folder
from cellseg.inference.work_log import at_work, logs_of
from cellseg.locks import sole_writer
from tests.cli.conftest import assert_refused

distributed = pytest.importorskip("distributed")


def predict(cellseg_cli, model, image, out, *more):
    return cellseg_cli("predict", model, image, "--out", out, "--tile", 32, *more)


def test_what_was_done_before_is_not_computed_again(cellseg_cli, measuring, noise, two_workers, tmp_path):
    out = tmp_path / "out.tif"
    assert predict(cellseg_cli, measuring, noise, out, "--share", "1/2").code == 0
    done = predict(cellseg_cli, measuring, noise, out, "--resume", "--cluster", two_workers)
    assert done.code == 0, done.err
    assert "9 tiles in" in done.err


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("local:0", "local:N"),
        ("local:x", "local:N"),
        ("nowhere.json", "no file"),
        ("tcp://127.0.0.1:9", "no Dask scheduler answers"),
    ],
)
def test_no_cluster_is_said_and_nothing_begun(cellseg_cli, measuring, noise, tmp_path, monkeypatch, where, said):
    monkeypatch.setattr("cellseg.inference.cluster.connect.PATIENCE", 0.5)
    assert_refused(predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", "--cluster", where), said)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", "9" * 5000])
def test_no_file_of_a_scheduler(cellseg_cli, measuring, noise, tmp_path, text):
    (tmp_path / "s.json").write_text(text)
    done = predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", "--cluster", tmp_path / "s.json")
    assert_refused(done, "s.json", "no file of a Dask scheduler")


def test_a_listener_that_says_nothing_is_given_up(cellseg_cli, measuring, noise, tmp_path, monkeypatch):
    monkeypatch.setattr("cellseg.inference.cluster.connect.PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        assert_refused(predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", "--cluster", where), "no Dask")


def test_workers_that_do_not_answer_are_given_up(cellseg_cli, measuring, noise, two_workers, tmp_path, monkeypatch):
    monkeypatch.setattr(hand_out, "fault_of_worker", says_nothing)
    monkeypatch.setattr(hand_out, "ANSWER", 0.3)
    done = predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", "--cluster", two_workers)
    assert_refused(done, "not all workers answered")
    assert not list(tmp_path.iterdir())


async def says_nothing(_job):
    """No answer; it lets others work, as another process would."""
    await asyncio.sleep(1)


def test_two_runs_into_one_output(cellseg_cli, measuring, noise, two_workers, tmp_path):
    out = tmp_path / "out.tif"
    assert predict(cellseg_cli, measuring, noise, out, "--share", "1/2").code == 0
    where = ("--cluster", two_workers)
    with sole_writer(out):
        assert_refused(predict(cellseg_cli, measuring, noise, out, *where), "being written by another")
    for name in (CLIENT, "share 2/2"):  # on a machine whose locks are not seen here
        with at_work(out, name):
            assert_refused(predict(cellseg_cli, measuring, noise, out, *where), f"{name} is at work on it")
    other = predict(cellseg_cli, measuring, noise, out, *where, "--threshold", 0.3, "--resume")
    assert_refused(other, "made with another options")
    assert predict(cellseg_cli, measuring, noise, out, "--resume", *where).code == 0


# devices


@pytest.mark.parametrize("wrong", ["1", "cpu", "cpu:0", "cpu:x", "gpu:1", ""])
def test_no_devices(cellseg_cli, measuring, noise, tmp_path, wrong):
    done = predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", "--devices", wrong)
    assert_refused(done, "--devices is", "cpu:N")


def test_all_devices_of_a_machine_without_any(cellseg_cli, measuring, noise, tmp_path, monkeypatch):
    monkeypatch.setattr(connect, "cards_of_machine", tuple)
    done = predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", "--devices", "all")
    assert_refused(done, "finds no GPU")
    assert not list(tmp_path.iterdir())


def test_the_cards_that_this_process_may_use(monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-5")
    assert connect.cards_of_machine() == ("3", "GPU-5")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert connect.devices_address("all").cards == ("0", "1")


@pytest.mark.slow  # starts two processes
def test_processes_that_pretend_to_have_a_card_each(cellseg_cli, measuring, noise, tmp_path, monkeypatch):
    monkeypatch.setattr(connect, "cards_of_machine", lambda: ("4", "7"))
    with connect.connected(connect.devices_address("all")) as client:
        client.wait_for_workers(2)
        assert sorted(client.run(os.getenv, "CUDA_VISIBLE_DEVICES").values()) == ["4", "7"]
    one, out = tmp_path / "one.tif", tmp_path / "out.tif"
    assert predict(cellseg_cli, measuring, noise, one).code == 0
    assert predict(cellseg_cli, measuring, noise, out, "--devices", "all").code == 0
    assert out.read_bytes() == one.read_bytes()


def test_share_and_cluster_are_two_ways(cellseg_cli, measuring, noise, tmp_path):
    more = ("--share", "1/2", "--cluster", "local:2")
    assert_refused(predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", *more), "--share", "--cluster")


@pytest.mark.parametrize(
    ("name", "fake", "said"),
    [
        ("__version__", "0.0.9", "has cellseg 0.0.9"),
        ("_sees_token", lambda job: False, "does not see the folder"),
        ("_fault_of_model", lambda job: "has another model m", "has another model"),
        ("_image", lambda job: open_image(job.model.replace("m.safetensors", "other.npy")), "has another image"),
    ],
)
def test_a_worker_that_cannot_do_it_is_named(
    cellseg_cli, measuring, noise, two_workers, tmp_path, monkeypatch, name, fake, said
):
    out = tmp_path / "out.tif"
    assert predict(cellseg_cli, measuring, noise, out, "--share", "1/2").code == 0
    before = sorted(journal_folder(out).rglob("*"))
    np.save(measuring.with_name("other.npy"), np.zeros((50, 70), np.uint8))
    monkeypatch.setattr(worker, name, fake)
    for more in ((), ("--resume",)):
        done = predict(cellseg_cli, measuring, noise, out, "--cluster", two_workers, *more)
        assert_refused(done, "the worker inproc", said)
    assert sorted(journal_folder(out).rglob("*")) == before


def test_a_worker_without_torch_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    job = type("Job", (), {"version": cellseg.__version__})()
    assert worker.fault_of_worker(job) == "has no torch"


def test_a_full_disk_on_a_worker_is_told_and_what_is_done_is_kept(
    cellseg_cli, measuring, noise, two_workers, tmp_path, monkeypatch
):
    from cellseg.inference.journal import Journal

    add = Journal.add

    def full(self, tile, values):
        if tile.plane:
            raise OSError(28, "No space left on device", str(self.folder))
        add(self, tile, values)

    monkeypatch.setattr(Journal, "add", full)
    out = tmp_path / "out.tif"
    assert_refused(predict(cellseg_cli, measuring, noise, out, "--cluster", two_workers), "No space left")
    monkeypatch.setattr(Journal, "add", add)
    done = predict(cellseg_cli, measuring, noise, out, "--resume")
    assert "(12 are there already)" in done.err or "are there already" in done.err
    assert out.exists()


CALLS = []


def hangs_first(job, numbers):
    """A batch; the first one that is asked for hangs."""
    CALLS.append(numbers)
    if len(CALLS) == 1:
        time.sleep(3)
    return BatchDone("w", len(numbers), 0.1)


def test_a_batch_that_hangs_is_given_to_another_and_the_run_ends_without_it(two_workers, monkeypatch):
    CALLS.clear()
    monkeypatch.setattr(hand_out, "compute_batch", hangs_first)
    monkeypatch.setattr(hand_out, "HANGS", 0.3)
    began = time.monotonic()
    with distributed.Client(two_workers) as client:
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


class Cluster:
    """A scheduler and two workers, which are started anew when they are killed; all end with the block."""

    def __enter__(self):
        dask = (sys.executable, "-m", "dask")
        words = ("--host", "127.0.0.1", "--no-dashboard")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        port = self.address.rpartition(":")[2]
        self.scheduler = started(*dask, "scheduler", *words, "--port", port, "--dashboard-address", "127.0.0.1:0")
        self.workers = [started(*dask, "worker", self.address, *words, "--nthreads", 1) for _ in range(2)]
        return self

    def __exit__(self, *_):
        for process in (*self.workers, self.scheduler):
            for each in [*psutil.Process(process.pid).children(recursive=True), process]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
            process.wait()


def started(*words, **more):
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(list(map(str, words)), **(quiet | more))


def kill_workers(out, count, client, rng):
    """Kill so many workers, one after the other, each when it has stored a tile; how many it were before the end."""
    dead = set()
    while len(dead) < count and client.poll() is None:
        ready = [log for log in logs_of(out) if log.tiles and log.at_work and log.path not in dead]
        if ready:
            time.sleep(rng.uniform(0, 0.3))
            victim = ready[rng.integers(len(ready))].path
            psutil.Process(int(victim.name.split("-")[-2])).kill()
            dead.add(victim)
        time.sleep(0.05)
    return len(dead)


def wait_until_idle(out):
    while any(log.at_work for log in logs_of(out)):
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_workers_are_killed_twenty_times_the_scheduler_once_and_the_client_once(cellseg_cli, measuring, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 256, (400, 600)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", pixels, photometric="minisblack")
    words = ("predict", measuring, tmp_path / "image.tif", "--tile", 16)
    out, rng, kills, said = tmp_path / "out.tif", np.random.default_rng(0), 0, []

    def client(cluster, *more):
        called = (sys.executable, "-m", "cellseg", *words, "--out", out, "--cluster", cluster.address, *more)
        said.append((tmp_path / f"said{len(said)}").open("w"))
        return started(*called, env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=said[-1])

    def ended(run):
        code = run.wait()
        return code, Path(said[-1].name).read_text().strip().rpartition("\n")[2]

    with Cluster() as cluster:
        run = client(cluster)
        kills += kill_workers(out, 7, run, rng)
        cluster.scheduler.kill()
        assert ended(run) == (2, "error: the scheduler is gone. What is done is kept: go on with --resume.")
        assert "Traceback" not in Path(said[-1].name).read_text()
        wait_until_idle(out)
    with Cluster() as cluster:
        run = client(cluster, "--resume")
        kills += kill_workers(out, 7, run, rng)
        run.kill()  # whose workers end after their tiles, when another comes
        run.wait()
        run = client(cluster, "--resume")
        kills += kill_workers(out, 20 - kills, run, rng)
        found = [tile for log in logs_of(out) for tile in log.tiles]
        code, word = ended(run)
        assert code == 0, word
    print(f"{kills} workers were killed; {len(found)} tiles were noted, {len(set(found))} different ones")
    assert kills == 20
    assert max(found.count(tile) for tile in set(found)) <= 2
    assert cellseg_cli(*words, "--out", tmp_path / "one.tif").code == 0
    assert out.read_bytes() == (tmp_path / "one.tif").read_bytes()
