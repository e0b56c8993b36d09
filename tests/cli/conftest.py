"""A sample, a run folder trained on it for some seconds, and the command line in this process."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile

from cellseg import cli


class Done(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def cellseg_cli(capfd):
    """Run `cellseg WORDS` here; gives exit code, standard output and standard error."""

    def call(*words) -> Done:
        capfd.readouterr()
        code = cli.run([str(word) for word in words])
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def untrained(tmp_path_factory) -> Path:
    """Model file of a tiny network with random weights."""
    import torch

    import cellseg

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("untrained") / "m.safetensors"
    cellseg.save(cellseg.build("unet", base=2, depth=1), path)
    return path


@pytest.fixture(scope="session")
def measuring(tmp_path_factory) -> Path:
    """Model file of a tiny network whose statistics are those of each plane."""
    import torch

    import cellseg

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("measuring") / "m.safetensors"
    cellseg.save(cellseg.build("unet", base=2, depth=2, norm="batch"), path)
    return path


@pytest.fixture(scope="session")
def noise(tmp_path_factory) -> Path:
    """A stack of three planes of noise, 50 x 70: 18 tiles of 32."""
    path = tmp_path_factory.mktemp("noise") / "stack.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (3, 50, 70)).astype(np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack")
    return path


@pytest.fixture(scope="session")
def plane(noise) -> Path:
    """The first plane of it: 6 tiles of 32."""
    path = noise.with_name("plane.tif")
    tifffile.imwrite(path, tifffile.imread(noise)[0], photometric="minisblack")
    return path


@pytest.fixture(scope="session")
def two_workers():
    """Address of a Dask cluster whose two workers are in this process."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        yield cluster.scheduler_address


def contents(path: Path) -> dict[str, bytes]:
    """All files in a folder, by their paths in it."""
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory) -> Path:
    """train/ with 4 generated images of 96 x 96, large/ with one of 150 x 200."""
    from cellseg.cli.sample import write_sample

    folder = tmp_path_factory.mktemp("sample")
    write_sample("touching", folder / "train", (96, 96), 4, seed=0)
    write_sample("touching", folder / "large", (150, 200), 1, seed=9)
    return folder


@pytest.fixture(scope="session")
def run_folder(sample_folder, tmp_path_factory) -> Path:
    """A run folder; do not write into it."""
    run = tmp_path_factory.mktemp("runs") / "run"
    train = sample_folder / "train"
    words = f"train --images {train}/images.tif --labels {train}/labels.tif --out {run} --steps 40 --base 4 --depth 2"
    assert cli.run([*words.split(), "--validation", "1", "--rate", "0.01"]) == 0
    return run


def assert_refused(done: Done, *parts: str) -> None:
    """Exit code 2 and one line that begins with `error:` and holds all parts."""
    assert done.code == 2, done
    lines = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, done.err
    assert "Traceback" not in done.err
    for part in parts:
        assert part in lines[0], lines[0]
