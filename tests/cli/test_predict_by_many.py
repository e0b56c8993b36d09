"""One process, shares of several, workers of a cluster: the same bytes for every result, image, format and tile."""

from itertools import product

import pytest

from cellseg import cli
from cellseg.inference.cluster import hand_out, worker
from cellseg.inference.instances.split import SplitSizes
from cellseg.inference.prediction import Prediction
from tests.cli.conftest import assert_refused, contents

distributed = pytest.importorskip("distributed")

RESULTS = {
    "instances": ("--split", "watershed", "--fill-holes", 9, "--minimum-size", 4),
    "classes": ("--result", "classes"),
    "probabilities": ("--result", "probabilities", "--uncertainty", "entropy"),
}
IMAGES, FILES, TILES = ("stack", "plane"), ("r.tif", "r.ome.zarr"), (16, 24, 32)
QUICK = [
    ("instances", "stack", "r.tif", 32),
    ("instances", "plane", "r.ome.zarr", 24),
    ("classes", "stack", "r.ome.zarr", 32),
    ("probabilities", "plane", "r.tif", 16),
]


@pytest.fixture
def images(noise, plane):
    return {"stack": noise, "plane": plane}


def words(model, image, result, tile, out):
    linked = ("--link", "overlap") if (result, image.stem) == ("instances", "stack") else ()
    return ("predict", model, image, "--tile", tile, *RESULTS[result], *linked, "--out", out)


@pytest.mark.parametrize(("result", "image", "file", "tile"), QUICK)
def test_shares_and_workers_make_the_bytes_of_one_process(
    cellseg_cli, measuring, images, two_workers, tmp_path, result, image, file, tile
):
    def predict(name, *more):
        out = tmp_path / name / file
        done = cellseg_cli(*words(measuring, images[image], result, tile, out), *more)
        assert done.code == 0, done.err
        return done.err, out.exists()

    predict("one")
    shares = [predict("shares", "--share", f"{k}/3") for k in (3, 1, 2)]
    assert [there for _, there in shares] == [False, False, True]
    assert "share 3/3 has done" in shares[0][0]
    assert "--resume" in shares[0][0]
    said, _ = predict("workers", "--cluster", two_workers)
    assert "2 workers" in said
    one = contents(tmp_path / "one")
    assert one
    assert contents(tmp_path / "shares") == one
    assert contents(tmp_path / "workers") == one


@pytest.fixture(scope="module")
def of_three(tmp_path_factory):
    """Model file of a tiny network of three classes."""
    import torch

    import cellseg

    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("three") / "m.safetensors"
    cellseg.save(cellseg.build("unet", base=4, depth=2, norm="batch", classes=3), path)
    return path


@pytest.fixture
def small_blocks(monkeypatch):
    """Of what is worked on alone there is more than one in a plane of 50 x 70; the workers are in this process."""
    monkeypatch.setattr("cellseg.inference.instances.label.BLOCK", 16)
    monkeypatch.setattr("cellseg.inference.instances.split.SIZES", SplitSizes(largest=18, window=12, halo=8))
    monkeypatch.setattr("cellseg.inference.result.BLOCK", 16)
    monkeypatch.setattr("cellseg.images.pyramid.SMALLEST", 20)
    monkeypatch.setattr("cellseg.images.omezarr.parts.HALVINGS", 1)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("model", "image", "file", "more"),
    [
        ("measuring", "stack", "r.ome.zarr", (*RESULTS["instances"], "--link", "overlap")),
        ("measuring", "plane", "r.tif", ("--threshold", 0.4, "--core", 0.5, "--minimum-size", 4)),
        ("measuring", "plane", "r.tif", ("--threshold", 0.4, "--minimum-probability", 0.45, "--split", "watershed")),
        ("measuring", "stack", "r.ome.zarr", RESULTS["probabilities"]),
        ("of_three", "stack", "r.tif", ("--link", "overlap")),
    ],
)
def test_workers_number_and_write_together(
    request, cellseg_cli, images, two_workers, tmp_path, monkeypatch, model, image, file, more
):
    model = request.getfixturevalue(model)
    tasks, do = [], hand_out.HandOut.do
    monkeypatch.setattr(hand_out.HandOut, "do", lambda *known: tasks.append(type(known[1]).__name__) or do(*known))
    for name, where in {"one": (), "workers": ("--cluster", two_workers)}.items():
        out = tmp_path / name / file
        found = cellseg_cli("predict", model, images[image], "--tile", 32, *more, "--out", out, *where)
        assert found.code == 0, found.err
    one = contents(tmp_path / "one")
    assert one
    assert contents(tmp_path / "workers") == one
    wanted = {
        "PassOverBlocks": "probabilities" not in more,
        "ShareBlocks": "--link" in more,
        "CountClasses": model.parent.name.startswith("three"),
        "WriteParts": "zarr" in file,
    }
    assert {name for name, there in wanted.items() if there} == set(tasks)


@pytest.mark.usefixtures("small_blocks")
def test_a_worker_that_loses_sight_of_the_folder_gives_no_half_batch(
    cellseg_cli, measuring, plane, two_workers, tmp_path, monkeypatch
):
    units, sees = [], worker._sees_token
    words = ("predict", measuring, plane, "--tile", 32, "--out", tmp_path / "r.tif")
    with monkeypatch.context() as patch:
        patch.setattr(Prediction, "refuse_closed", lambda self: units.append(self))
        patch.setattr(worker, "_sees_token", lambda job: sees(job) and len(units) < 2)
        assert_refused(cellseg_cli(*words, "--cluster", two_workers), "a worker does not see the folder")
    assert not (tmp_path / "r.tif").exists()
    assert cellseg_cli(*words, "--cluster", two_workers, "--resume").code == 0
    assert cellseg_cli(*words[:-1], tmp_path / "one.tif").code == 0
    assert (tmp_path / "r.tif").read_bytes() == (tmp_path / "one.tif").read_bytes()


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_the_whole_table(measuring, images, tmp_path, workers):
    """Workers are processes here."""

    def made(name, *case, more=()):
        result, image, file, tile = case
        out = tmp_path / name / f"{result} {image} {tile}" / file
        assert cli.run([str(word) for word in (*words(measuring, images[image], result, tile, out), *more)]) == 0

    with distributed.LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        for case in product(RESULTS, IMAGES, FILES, TILES):
            made("one", *case)
            made("workers", *case, more=("--cluster", cluster.scheduler_address))
            for k in (3, 1, 2):
                made("shares", *case, more=("--share", f"{k}/3"))
    one = contents(tmp_path / "one")
    assert contents(tmp_path / "workers") == one
    assert contents(tmp_path / "shares") == one
