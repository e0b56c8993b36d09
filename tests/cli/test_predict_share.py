"""`predict --share K/N`: several processes fill one journal, and the file is that of one process, to the byte."""

import json
import os
import signal
import sys
import time

import numpy as np
import pytest
import tifffile

from cellseg.inference.journal import journal_folder
from cellseg.inference.work_log import LOGS, at_work, logs_of
from cellseg.life import lives, signed
from cellseg.locks import sole_writer
from tests.cli.conftest import assert_refused, contents
from tests.forked import Forked


def predict(cellseg_cli, model, image, out, *more):
    return cellseg_cli("predict", model, image, "--out", out, "--tile", 32, *more)


def test_what_is_taken_from_whole_planes_is_taken_once(cellseg_cli, measuring, noise, tmp_path, monkeypatch):
    from cellseg.images.grey_values import GreyRule
    from cellseg.inference.runner import Runner

    seen, measured, measure, see = [], [], GreyRule.measure, Runner.see
    monkeypatch.setattr(GreyRule, "measure", lambda *a: measured.append(a[2]) or measure(*a))
    monkeypatch.setattr(Runner, "see", lambda *a: seen.append(a[2]) or see(*a))
    for k in (1, 2, 3):
        assert predict(cellseg_cli, measuring, noise, tmp_path / "out.tif", "--share", f"{k}/3").code == 0
    assert sorted(measured) == sorted(seen) == [0, 1, 2]


def test_a_measured_diameter_stands_in_the_journal(cellseg_cli, noise, tmp_path, monkeypatch):
    from dataclasses import replace

    import torch

    import cellseg
    from cellseg.inference import noted_size
    from cellseg.models.trained import as_model

    torch.manual_seed(0)
    made = as_model(cellseg.build("unet", base=2, depth=1))
    cellseg.save(replace(made, card=replace(made.card, diameter=20.0, sizes="measured")), tmp_path / "m.safetensors")
    asked = []

    def wide(_trained, _own, _rule, options):
        asked.append(options)
        return replace(options, diameter=30.0)

    monkeypatch.setattr(noted_size, "with_measured_size", wide)
    monkeypatch.setattr("cellseg.inference.segment.seen_by.__defaults__", (wide,))
    one, out = tmp_path / "one.tif", tmp_path / "out.tif"
    assert predict(cellseg_cli, tmp_path / "m.safetensors", noise, one).code == 0
    asked.clear()
    for k in (1, 2):
        assert predict(cellseg_cli, tmp_path / "m.safetensors", noise, out, "--share", f"{k}/2").code == 0
    assert len(asked) == 1
    assert out.read_bytes() == one.read_bytes()
    done = predict(cellseg_cli, tmp_path / "m.safetensors", noise, out, "--resume")
    assert "1 of 1 results are finished already" in done.err


def test_all_compute_with_the_threads_of_the_first(cellseg_cli, measuring, plane, tmp_path):
    """Sums depend on them: probabilities by 1e-7, statistics of normalisation layers by 1e-5."""
    import torch

    before, more = torch.get_num_threads(), ("--result", "probabilities")
    try:
        torch.set_num_threads(2)
        assert predict(cellseg_cli, measuring, plane, tmp_path / "one.tif", *more).code == 0
        assert predict(cellseg_cli, measuring, plane, tmp_path / "out.tif", *more, "--share", "1/2").code == 0
        torch.set_num_threads(1)
        assert predict(cellseg_cli, measuring, plane, tmp_path / "out.tif", *more, "--share", "2/2").code == 0
    finally:
        torch.set_num_threads(before)
    assert (tmp_path / "out.tif").read_bytes() == (tmp_path / "one.tif").read_bytes()


def test_several_images_share_their_first_rows_out(cellseg_cli, measuring, noise, tmp_path):
    (tmp_path / "images").mkdir()
    pixels = tifffile.imread(noise)
    for name, page in zip("abc", pixels, strict=True):
        tifffile.imwrite(tmp_path / f"images/{name}.tif", page[:30, :30], photometric="minisblack")
    done = [
        predict(cellseg_cli, measuring, tmp_path / "images", tmp_path / "out", "--share", f"{k}/3") for k in (1, 2, 3)
    ]
    assert [each.code for each in done] == [0, 0, 0]
    assert [each.err.count("has done 1 tiles") for each in done] == [1, 1, 1]
    assert "2 of 3 results wait for other shares" in done[0].err
    assert len(list((tmp_path / "out").glob("*.tif"))) == 3


@pytest.mark.parametrize("wrong", ["0/3", "4/3", "x", "1", "1/0", "1/2/3", "", "１/３"])
def test_no_share(cellseg_cli, measuring, plane, tmp_path, wrong):
    assert_refused(predict(cellseg_cli, measuring, plane, tmp_path / "out.tif", "--share", wrong), "--share", "K/N")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("more", [("--table", "t.csv"), ("--report", "r.html"), ("--verify-seams", 1)])
def test_what_wants_a_whole_result_is_refused_beside_a_share(cellseg_cli, measuring, plane, tmp_path, more):
    done = predict(cellseg_cli, measuring, plane, tmp_path / "out.tif", "--share", "1/2", *more)
    assert_refused(done, more[0], "--share", "--resume")


def test_another_model_image_or_options_are_refused_and_nothing_is_lost(cellseg_cli, measuring, plane, noise, tmp_path):
    out = tmp_path / "out.tif"
    assert predict(cellseg_cli, measuring, plane, out, "--share", "1/2").code == 0
    before = contents(journal_folder(out))
    for image, more in ((noise, ()), (plane, ("--threshold", 0.3))):
        assert_refused(predict(cellseg_cli, measuring, image, out, "--share", "2/2", *more), "was made with another")
    assert contents(journal_folder(out)) == before


def test_a_run_that_shares_nothing_and_shares_refuse_each_other(cellseg_cli, measuring, plane, tmp_path):
    out = tmp_path / "out.tif"
    with sole_writer(out):
        assert_refused(predict(cellseg_cli, measuring, plane, out, "--share", "1/2"), "being written")
    assert not list(tmp_path.iterdir())
    assert predict(cellseg_cli, measuring, plane, out, "--share", "1/2").code == 0
    with at_work(out, "share 2/2"):
        for more in ((), ("--resume",)):
            assert_refused(predict(cellseg_cli, measuring, plane, out, *more), "share 2/2 is at work on it", "--resume")
    with sole_writer(out):
        assert_refused(predict(cellseg_cli, measuring, plane, out, "--share", "2/2"), "being written")
    assert predict(cellseg_cli, measuring, plane, out, "--share", "2/2").code == 0
    assert out.exists()


def test_a_damaged_image_leaves_nothing(cellseg_cli, measuring, tmp_path):
    pixels = np.full((40, 40), np.nan, np.float32)
    tifffile.imwrite(tmp_path / "nan.tif", pixels)
    assert_refused(
        predict(cellseg_cli, measuring, tmp_path / "nan.tif", tmp_path / "out.tif", "--share", "1/2"), "nan.tif"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["nan.tif"]


# signs of life


def test_torn_lines_of_a_log_count_as_not_written(tmp_path):
    out = tmp_path / "out.tif"
    with at_work(out, "share 1/2") as log:
        journal_folder(out).joinpath("key.json").write_text("{}")
        log.line({"tile": [0, 0, 0]})
        with open(log.path, "a") as file:
            file.write('{"tile": [0, 0')
        assert [(each.name, each.tiles, each.at_work) for each in logs_of(out)] == [("share 1/2", ((0, 0, 0),), True)]


def test_a_process_of_another_machine_is_judged_by_when_it_touched_its_file(tmp_path):
    path = tmp_path / "log"
    assert signed(path)
    assert not signed(path)
    assert lives(path)
    path.write_text(json.dumps({"host": "elsewhere", "pid": os.getpid(), "born": 0}))
    assert lives(path)
    os.utime(path, (time.time() - 1000,) * 2)
    assert not lives(path)
    path.write_text('{"host": "else')  # torn
    assert lives(path)
    path.write_text(json.dumps({"host": os.uname().nodename, "pid": 2**22 + 1, "born": 0}))
    assert not lives(path)


# real processes

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def tiles_computed(out):
    return [tile for log in logs_of(out) for tile in log.tiles]


def wait_for_tiles(process, out, count):
    while len(list(journal_folder(out).glob("result/c/*/0/*/*"))) < count and process.poll() is None:
        time.sleep(0.01)


def wait_for_share(process, out, name):
    """Until it is at work: before, it has not begun, and a signal ends it as any program."""
    while name not in {log.name for log in logs_of(out)} and process.poll() is None:
        time.sleep(0.01)


@posix
def test_shares_are_killed_and_stopped_and_resume_makes_the_same_bytes(cellseg_cli, measuring, plane, tmp_path):
    words = ["predict", measuring, plane, "--tile", 8]
    assert cellseg_cli(*words, "--out", tmp_path / "one.tif").code == 0
    out = tmp_path / "out.tif"
    shares = [Forked(*words, "--out", out, "--share", f"{k}/4") for k in (1, 2, 2, 3)]
    wait_for_tiles(shares[0], out, 4)
    wait_for_share(shares[1], out, "share 2/4")
    wait_for_share(shares[3], out, "share 3/4")
    shares[0].send(signal.SIGKILL)
    shares[1].send(signal.SIGUSR1)
    shares[3].send(signal.SIGTERM)
    ended = [share.finish() for share in shares]
    assert [code for code, _ in ended] in ([-9, a, 0, b] for a in (130, 0) for b in (130, 0)), ended
    assert not any("Traceback" in said for _, said in ended)
    found = tiles_computed(out)
    assert max(found.count(tile) for tile in set(found)) <= 2
    done = cellseg_cli(*words, "--out", out, "--resume")
    assert done.code == 0, done.err
    assert out.read_bytes() == (tmp_path / "one.tif").read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@posix
@pytest.mark.slow
def test_twenty_kills_of_shares_at_random(measuring, noise, tmp_path):
    words, rng, out = ["predict", measuring, noise, "--tile", 8], np.random.default_rng(0), tmp_path / "out.tif"
    assert Forked(*words, "--out", tmp_path / "one.tif").finish()[0] == 0
    for _ in range(20):
        shares = [Forked(*words, "--out", out, "--share", f"{k}/3") for k in (1, 2, 3)]
        victim = int(rng.integers(3))
        before = len(list(journal_folder(out).glob("result/c/*/0/*/*")))
        wait_for_tiles(shares[victim], out, before + int(rng.integers(1, 4)))
        time.sleep(rng.uniform(0, 0.02))
        for share in shares:
            share.send(signal.SIGKILL)
        for share in shares:
            share.finish()
        if out.exists():
            break
    found = tiles_computed(out)
    assert not found or max(found.count(tile) for tile in set(found)) <= 2
    assert Forked(*words, "--out", out, "--resume").finish()[0] == 0
    assert out.read_bytes() == (tmp_path / "one.tif").read_bytes()


def test_logs_have_their_own_folder(tmp_path):
    with at_work(tmp_path / "out.tif", "share 1/2"):
        assert len(list((journal_folder(tmp_path / "out.tif") / LOGS).iterdir())) == 1
    assert not list(tmp_path.iterdir())
