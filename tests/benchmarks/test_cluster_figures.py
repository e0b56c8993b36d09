"""Figures of docs/cluster.md: a million tiles through a scheduler, a million faces united, what the cells take.

pytest -m benchmark --benchmark-enable -s tests/benchmarks/test_cluster_figures.py
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from cellseg.inference.cluster import hand_out
from cellseg.inference.cluster.batches import batch_size, batches
from cellseg.inference.cluster.job import BatchDone

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
TILES, A_MINUTE = 10**6, 60


def peak(pid: int) -> int:
    """Most memory that a process had, in bytes."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024


def nothing(_job, numbers):
    """A batch of tiles by a network that does nothing."""
    return BatchDone("worker", len(numbers), 0.0)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_a_million_tiles_through_a_scheduler(monkeypatch):
    distributed = pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    dask = (sys.executable, "-m", "dask")
    quiet = {
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
        "env": {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    }
    words = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", "127.0.0.1:0")
    scheduler = subprocess.Popen([*dask, *words], **quiet)
    more = ("--nthreads", "1", "--no-dashboard", "--no-nanny")
    workers = [subprocess.Popen([*dask, "worker", f"tcp://127.0.0.1:{port}", *more], **quiet) for _ in range(2)]
    monkeypatch.setattr(hand_out, "compute_batch", nothing)
    monkeypatch.setattr(hand_out, "POLL", 0.005)  # batches take a minute, usually
    try:
        with distributed.Client(f"tcp://127.0.0.1:{port}", timeout=60) as client:
            client.wait_for_workers(2)
            began, cpu, most = time.monotonic(), time.process_time(), 0
            run = hand_out.HandOut(client, None)
            done = 0
            for more_done in run.run(batches(np.arange(TILES), A_MINUTE)):
                done, most = done + more_done, max(most, len(run._open))
            seconds = time.monotonic() - began
            sizes = peak(os.getpid()), peak(scheduler.pid)
            cpu = time.process_time() - cpu
            print(f"{done} tiles in {seconds:.0f} s, {cpu:.0f} s of the client's processor, {most} batches out at most")
            print(f"client {sizes[0] / 1e6:.0f} MB, scheduler {sizes[1] / 1e6:.0f} MB")
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()
    assert done == TILES
    assert most <= hand_out.WAITING * 2
    assert max(sizes) < 1e9


def test_a_million_faces_are_united():
    from cellseg.inference.instances.numbering import Nodes, number
    from cellseg.inference.instances.unionfind import unite_pairs

    nodes, rng, before = 4 * 10**6, np.random.default_rng(0), psutil.Process().memory_info().rss
    unite_pairs(np.arange(3), np.array([[1, 2]]))  # compiled
    began = time.monotonic()
    keys = np.arange(nodes + 1)
    unite_pairs(keys, rng.integers(1, nodes + 1, (10**6, 2)))
    names, count = number(Nodes(np.array([0, nodes]), keys, np.ones(nodes + 1, np.int64), np.arange(nodes + 1)))
    seconds = time.monotonic() - began
    print(f"10^6 faces of {nodes} pieces, {count} cells: {seconds:.1f} s, {peak(os.getpid()) - before:,} bytes more")
    assert len(names) == nodes + 1
    assert seconds < 600
    assert peak(os.getpid()) < 2e9


@pytest.mark.parametrize("split", ["none", "watershed"])
def test_cells_against_the_network(tmp_path, split):
    """Processor time of numbering and writing cells against that of the network, with the model in the box."""
    import cellseg
    from cellseg.images.open import open_image
    from cellseg.inference.segment import prediction_into
    from cellseg.options import PredictOptions
    from cellseg.samples.cells import draw_touching

    pixels = draw_touching((1024, 1024), np.random.default_rng(0))[0]
    np.save(tmp_path / "image.npy", (pixels / pixels.max() * 255).astype(np.uint8))
    options = PredictOptions(split=split, precision="float32")
    out, seconds = tmp_path / "out.ome.zarr", {}

    prediction = prediction_into(out, cellseg.load("nuclei"), open_image(tmp_path / "image.npy"), options)
    stages = {"network": prediction.fill, "cells and writing": lambda: prediction.write(out)}
    for name, stage in stages.items():
        began = time.process_time()
        for _ in stage():
            pass
        seconds[name] = time.process_time() - began
    print({name: f"{value / 1.048576:.2f} s a megapixel" for name, value in seconds.items()}, split)


# several workers


def drawn_cells(image, side):
    """Write a mask of that side, with the cells of a drawn sample, as the image; most that touch have a gap."""
    from cellseg.preprocess.separate import separate
    from cellseg.samples.cells import draw_touching

    drawn = separate(draw_touching((1024, 1024), np.random.default_rng(0))[1]) > 0
    np.save(image, np.tile(drawn, (-(-side // 1024),) * 2)[:side, :side].view(np.uint8))


def all_but_numbered(image, out):
    """A prediction whose tiles are all done, with the mask that the image is, but nothing is numbered yet."""
    import cellseg
    from cellseg.images.open import open_image
    from cellseg.inference.segment import prediction_into
    from cellseg.options import PredictOptions

    out.parent.mkdir()
    mask = np.load(image, mmap_mode="r")
    options = PredictOptions(split="watershed", fill_holes=50, minimum_size=20, precision="float32", tile=1024)
    prediction = prediction_into(out, cellseg.load("nuclei"), open_image(image), options)
    for tile in prediction.missing():
        prediction.journal.add(tile, {"result": mask[tile.write.rows, tile.write.columns][None]})
    return prediction


def stages(steps):
    """Seconds of each stage of a result."""
    seconds, last = {}, time.monotonic()
    for step in steps:
        now = time.monotonic()
        seconds[step.stage] = seconds.get(step.stage, 0) + now - last
        last = now
    return {stage: round(value, 1) for stage, value in seconds.items()}


def of_worker():
    """Processor seconds of this process, and the most memory that it had, in MB."""
    return round(time.process_time(), 1), peak(os.getpid()) // 10**6


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_the_end_with_workers(tmp_path):
    """Numbering (split, holes, minimum size) and OME-Zarr by this process and by one and two workers, a thread each."""
    pytest.importorskip("distributed")
    import cellseg
    from cellseg.cli.predict_cluster import ClusterRun
    from cellseg.inference.cluster.connect import ClusterAddress, connected
    from cellseg.inference.cluster.worker import compute_batch
    from cellseg.options import ImageOptions
    from tests.cli.conftest import contents

    side, found, model = int(os.environ.get("SIDE", "8192")), {}, cellseg.load("nuclei")
    image = tmp_path / "image.npy"
    drawn_cells(image, side)
    for workers in map(int, os.environ.get("WORKERS", "0 1 2").split()):
        out = tmp_path / str(workers) / "out.ome.zarr"
        prediction = all_but_numbered(image, out)
        began = time.process_time()
        if workers:
            address = ClusterAddress("", local=workers)
            with connected(address) as client:
                client.wait_for_workers(workers)
                run = ClusterRun(address, client, Path("nuclei"), model, ImageOptions())
                with run.at_work(prediction, image, out) as hand_out:
                    client.run(compute_batch, hand_out.job, [])  # opens model and image
                    before = client.run(of_worker)
                    seconds = stages(prediction.write(out, hand_out.do))
                    after = client.run(of_worker)
                spent = {k: (round(cpu - before[w][0], 1), mb) for k, (w, (cpu, mb)) in enumerate(after.items())}
        else:
            seconds, spent = stages(prediction.write(out)), {}
        mine = round(time.process_time() - began, 1)
        print(
            f"{workers} workers: {seconds}, {mine} s of this processor; (s, MB) of the workers: {spent}",
            os.getloadavg(),
        )
        print(f"this process had {peak(os.getpid()) // 10**6} MB at most")
        found[workers] = contents(out)
        shutil.rmtree(out.parent)
        assert found[workers] == next(iter(found.values()))


def test_workers_killed_while_they_number_and_write(tmp_path):
    """kill -9 of one of two workers every few seconds, which are started anew: the files of one process."""
    pytest.importorskip("distributed")
    import cellseg
    from cellseg.cli.predict_cluster import ClusterRun
    from cellseg.inference.cluster.connect import ClusterAddress, connected
    from cellseg.options import ImageOptions
    from tests.cli.conftest import contents

    image, one, out = (tmp_path / name for name in ("image.npy", "one/out.ome.zarr", "many/out.ome.zarr"))
    drawn_cells(image, int(os.environ.get("SIDE", "4096")))
    for _ in all_but_numbered(image, one).write(one):
        pass
    prediction, killed, rng = all_but_numbered(image, out), [], np.random.default_rng(0)
    with connected(ClusterAddress("", local=2)) as client:
        client.wait_for_workers(2)
        run = ClusterRun(client, client, Path("nuclei"), cellseg.load("nuclei"), ImageOptions())
        with run.at_work(prediction, image, out) as hand_out:
            last = time.monotonic()
            for step in prediction.write(out, hand_out.do):
                if time.monotonic() - last > 4 and len(known := client.scheduler_info()["workers"]) == 2:
                    victim = rng.choice(sorted(known))
                    psutil.Process(pid_at(victim)).kill()
                    killed.append(step.stage)
                    last = time.monotonic()
    print(f"{len(killed)} workers killed: {killed}")
    assert killed
    assert contents(out) == contents(one)


def pid_at(address):
    """The process that listens at an address of this machine."""
    port = int(address.rpartition(":")[2])
    return next(c.pid for c in psutil.net_connections("tcp") if c.laddr.port == port and c.status == "LISTEN")


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_tiles_with_workers(tmp_path):
    """The tiles of a real model by this process and by one and two workers in turns, by OMP_NUM_THREADS=1."""
    pytest.importorskip("distributed")
    import cellseg
    from cellseg.cli.predict_cluster import ClusterRun
    from cellseg.images.open import open_image
    from cellseg.inference.cluster.connect import ClusterAddress, connected
    from cellseg.inference.cluster.worker import compute_batch
    from cellseg.inference.segment import prediction_into
    from cellseg.options import ImageOptions, PredictOptions
    from cellseg.samples.cells import draw_touching

    side, image, model = int(os.environ.get("SIDE", "2048")), tmp_path / "image.npy", cellseg.load("nuclei")
    pixels = draw_touching((side, side), np.random.default_rng(0))[0]
    np.save(image, (pixels / pixels.max() * 255).astype(np.uint8))
    options = PredictOptions(precision="float32", tile=int(os.environ.get("TILE", "256")))
    for turn in range(int(os.environ.get("TURNS", "2"))):
        for workers in (0, 1, 2):
            out = tmp_path / f"{turn}-{workers}" / "out.ome.zarr"
            prediction = prediction_into(out, model, open_image(image), options)
            missing, began, cpu = prediction.missing_numbers(), time.monotonic(), time.process_time()
            if workers:
                with connected(ClusterAddress("", local=workers)) as client:
                    client.wait_for_workers(workers)
                    run = ClusterRun(client, client, Path("nuclei"), model, ImageOptions())
                    with run.at_work(prediction, image, out) as hand_out:
                        client.run(compute_batch, hand_out.job, [])  # opens model and image
                        client.run(compute_batch, hand_out.job, missing[:1])  # compiles
                        before, missing = client.run(of_worker), missing[1:]
                        began, cpu = time.monotonic(), time.process_time()
                        size = batch_size(len(missing), prediction.plan().seconds, workers)
                        done = sum(hand_out.run(batches(missing, size)))
                        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
                        spent = [round(after[0] - before[w][0], 1) for w, after in client.run(of_worker).items()]
            else:
                done, spent = len([*prediction.fill(behind=True)]), []
                seconds, cpu = time.monotonic() - began, time.process_time() - cpu
            print(
                f"{workers} workers: {done} tiles, {seconds:.1f} s, {cpu:.1f} s of this processor,"
                f" {spent} of the workers, load {os.getloadavg()[0]:.1f}"
            )
            assert not len(prediction.missing_numbers())
