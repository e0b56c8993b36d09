"""Real processes: killed, interrupted, on a full disk. Nothing is lost, and going on gives the same bytes."""

import hashlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tifffile

from tests.forked import Forked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of POSIX")


def wait_for(process, condition):
    """Wait until the condition holds; it must while the process runs."""
    while not condition():
        assert process.poll() is None, process.finish()
        time.sleep(0.02)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def train_words(sample_folder):
    train = sample_folder / "train"
    words = ["train", "--images", train / "images.tif", "--labels", train / "labels.tif", "--steps", 60]
    return [*words, "--base", 4, "--depth", 2, "--save-every", 0]


@pytest.fixture(scope="module")
def whole_run(train_words, tmp_path_factory):
    """The run folder of a training that nobody stopped."""
    run = tmp_path_factory.mktemp("whole") / "run"
    code, err = Forked(*train_words, "--out", run).finish()
    assert code == 0, err
    return run


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_twenty_kills_at_any_step_and_every_training_ends_in_the_same_bytes(train_words, tmp_path):
    code, err = Forked(*train_words, "--out", tmp_path / "whole", "--validate-every", 25).finish()
    assert code == 0, err
    wanted, rng, resumed_at = digest(tmp_path / "whole/model.safetensors"), np.random.default_rng(0), []
    for number, step in enumerate(rng.integers(1, 58, 20)):
        run = tmp_path / f"run{number}"
        process = Forked(*train_words, "--out", run, "--validate-every", 25)
        wait_for(process, lambda run=run, step=step: steps_written(run) >= step)
        time.sleep(rng.uniform(0, 0.05))  # within a step, a checkpoint or a validation
        process.send(signal.SIGKILL)
        assert process.finish()[0] == -signal.SIGKILL
        resumed_at.append(steps_written(run))
        code, err = Forked("train", "--out", run, "--resume").finish()
        assert code == 0, err
        assert digest(run / "model.safetensors") == wanted, (number, step)
    print(f"killed after steps {sorted(resumed_at)}")


def steps_written(run):
    """Lines of metrics.csv without its head."""
    file = run / "metrics.csv"
    return file.read_text().count("\n") - 1 if file.exists() else 0


@pytest.fixture(scope="module")
def predict_words(run_folder, sample_folder, tmp_path_factory):
    """Predict a stack in many tiles."""
    image = tmp_path_factory.mktemp("image") / "image.tif"
    pixels = np.tile(tifffile.imread(sample_folder / "large/images.tif"), (2, 2))
    tifffile.imwrite(image, pixels, photometric="minisblack")
    return ["predict", run_folder, image, "--tile", 24]


@pytest.fixture(scope="module")
def whole_prediction(predict_words, tmp_path_factory):
    """The result of a prediction that nobody stopped."""
    out = tmp_path_factory.mktemp("predicted") / "whole.tif"
    code, err = Forked(*predict_words, "--out", out).finish()
    assert code == 0, err
    return out


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_stopped_training_goes_on_to_the_same_weights(train_words, whole_run, tmp_path, how):
    process = Forked(*train_words, "--out", tmp_path / "run")
    wait_for(process, (tmp_path / "run/last.ckpt").exists)
    process.send(how)
    code, err = process.finish()
    assert code == (130 if how == signal.SIGINT else -9)
    assert "Traceback" not in err
    code, err = Forked("train", "--out", tmp_path / "run", "--resume").finish()
    assert code == 0, err
    assert digest(tmp_path / "run/model.safetensors") == digest(whole_run / "model.safetensors")
    lines = (tmp_path / "run/metrics.csv").read_text().count("\n")
    assert lines == 61 or (how == signal.SIGKILL and lines == 60)  # killed between checkpoint and metrics


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_stopped_prediction_goes_on_to_the_same_bytes(predict_words, whole_prediction, tmp_path, how):
    out, tiles = tmp_path / "out.tif", tmp_path / ".out.tif.tiles"
    process = Forked(*predict_words, "--out", out)
    wait_for(process, lambda: len(list(tiles.glob("result/c/0/0/*/*"))) > 20)
    process.send(how)
    code, err = process.finish()
    assert code == (130 if how == signal.SIGINT else -9)
    assert "Traceback" not in err
    assert not out.exists()
    code, err = Forked(*predict_words, "--out", out, "--resume").finish()
    assert code == 0, err
    assert digest(out) == digest(whole_prediction)
    assert not tiles.exists()


def assert_full_disk_is_told(code, err):
    assert code == 2, err
    assert err.splitlines()[-1].startswith("error:")
    assert "Traceback" not in err


def test_a_full_disk_while_predicting(predict_words, tmp_path):
    assert_full_disk_is_told(*Forked(*predict_words, "--out", tmp_path / "out.tif", limit_bytes=5000).finish())
    assert not (tmp_path / "out.tif").exists()


def test_a_full_disk_while_training(train_words, tmp_path):
    assert_full_disk_is_told(*Forked(*train_words, "--out", tmp_path / "run", limit_bytes=20_000).finish())
    assert not (tmp_path / "run/last.ckpt").exists()


def test_help_and_version_answer_at_once():
    for option in ("--help", "--version"):
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "cellseg", option], stdout=subprocess.DEVNULL, check=True)
            seconds.append(time.perf_counter() - began)
        assert min(seconds) < 1.5  # 0.28 s was measured on an idle machine
