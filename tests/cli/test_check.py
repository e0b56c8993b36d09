"""cellseg check: what it prints, how it leaves, what --fix writes."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tifffile

from cellseg.images.open import open_image

from .conftest import assert_refused

CELLS = np.zeros((96, 96), np.uint16)
for number in range(16):
    row, column = 6 + 22 * (number // 4), 6 + 22 * (number % 4)
    CELLS[row : row + 14, column : column + 14] = number + 1
IMAGE = np.random.default_rng(0).normal(40, 6, CELLS.shape) + 120 * (CELLS > 0)
IMAGE = np.clip(IMAGE, 0, 255).astype(np.uint8)


@pytest.fixture
def check(cellseg_cli, tmp_path):
    """Check arrays in files; gives how it ended."""

    def call(images, labels, *words, **metadata):
        tifffile.imwrite(tmp_path / "images.tif", images, photometric="minisblack")
        tifffile.imwrite(tmp_path / "labels.tif", labels, photometric="minisblack", **metadata)
        return cellseg_cli("check", tmp_path / "images.tif", tmp_path / "labels.tif", *words)

    return call


def damaged():
    labels = CELLS.copy()
    labels[labels == 16] = 1  # two cells with one id
    labels[12:14, 12:14] = 0  # a hole
    labels[2, 50] = 99  # a speck
    return labels


def test_good_labels_are_ready(check):
    done = check(IMAGE, CELLS)
    assert done.code == 0, done
    assert "numbered cells, uint16, 0 to 16" in done.out
    assert "16 cells, median diameter 16 pixels" in done.out
    assert "brighter than the rest" in done.out
    assert done.out.splitlines()[-1] == "ready to train"


def test_faults_are_listed_with_their_remedy(check):
    done = check(IMAGE, damaged())
    assert done.code == 0
    for words in ("specks: 1", "holes", "id: 1", "--fix"):
        assert words in done.out
    assert "labels.tif" not in done.err


def test_wrong_labels_leave_with_2(check):
    done = check(IMAGE, CELLS + np.uint16(32768))
    assert done.code == 2
    assert done.out.splitlines()[-1] == "not ready to train: offset (--fix OUT repairs it)"
    assert "Traceback" not in done.err
    assert check(np.stack([IMAGE] * 2), np.stack([CELLS, CELLS[::-1]])).code == 2


def test_json_holds_everything(check):
    done = check(IMAGE, damaged(), "--json")
    tree = json.loads(done.out)
    assert tree["usable"] is True
    assert tree["summary"]["kind"] == "instances"
    assert tree["summary"]["cells"] == 16
    places = {finding["code"]: finding["places"] for finding in tree["findings"]}
    assert places["hole"][0] == {
        "pair": "images.tif",
        "y": 12,
        "x": 12,
        "value": 1,
        "pixels": 4,
        "change": "0 -> 1",
    }
    assert (places["speck"][0]["y"], places["speck"][0]["x"]) == (2, 50)
    assert min(tree["estimates"][job]["bytes"] for job in ("training", "prediction")) > 1e8
    assert tree["fix"] is None


def test_fix_writes_repaired_labels_and_every_change(check, cellseg_cli, tmp_path):
    done = check(IMAGE, damaged(), "--fix", tmp_path / "fixed")
    assert done.code == 0, done
    fixed = tifffile.imread(tmp_path / "fixed/labels.tif")
    assert fixed.dtype == np.uint16
    np.testing.assert_array_equal(fixed, CELLS)  # the first free id is 16 again
    changes = json.loads((tmp_path / "fixed/changes.json").read_text("utf-8"))
    assert changes["complete"]
    assert [place["fault"] for place in changes["places"]] == ["speck", "split", "hole"]
    again = cellseg_cli("check", tmp_path / "images.tif", tmp_path / "fixed/labels.tif", "--json")
    assert not [finding for finding in json.loads(again.out)["findings"] if finding["repairable"]]


REPAIRED = {
    "offset": (CELLS + np.uint16(32768), CELLS),
    "signed": ((CELLS.astype(np.int32) - 32768).astype(np.int16), CELLS),
    "fringes": (
        np.where(CELLS > 0, np.random.default_rng(1).integers(236, 256, CELLS.shape), 0).astype(np.uint8)
        + np.where(CELLS > 0, 0, np.random.default_rng(2).integers(0, 60, CELLS.shape)).astype(np.uint8),
        (CELLS > 0) * 255,
    ),
    "mixed": (np.where(CELLS > 8, 255, CELLS > 0).astype(np.uint8), (CELLS > 0) * 255),
    "classes": ((np.where(CELLS > 0, 50 + 50 * (CELLS % 2), 0)).astype(np.uint8), np.where(CELLS, 1 + CELLS % 2, 0)),
    "nothing": (CELLS * np.uint16(7), CELLS * 7),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_values_after_a_repair(check, tmp_path, name):
    labels, wanted = REPAIRED[name]
    done = check(IMAGE, labels, "--fix", tmp_path / "fixed")
    assert done.code == 0, done
    fixed = tifffile.imread(tmp_path / "fixed/labels.tif")
    assert np.unique(fixed[wanted > 0]).tolist() == np.unique(wanted[wanted > 0]).tolist() or name == "mixed"
    np.testing.assert_array_equal(fixed > 0, wanted > 0)
    if name != "mixed":
        np.testing.assert_array_equal(fixed, wanted)


def test_a_stack_stays_a_stack_and_keeps_its_pixel_size(check, tmp_path):
    images, labels = np.stack([IMAGE, IMAGE[::-1], IMAGE[:, ::-1]]), np.stack([damaged(), CELLS[::-1], CELLS[:, ::-1]])
    resolution = {"resolution": (2.0, 2.0), "imagej": True, "metadata": {"axes": "ZYX", "unit": "um", "spacing": 3.0}}
    assert check(images, labels, "--fix", tmp_path / "fixed", **resolution).code == 0
    before, after = open_image(tmp_path / "labels.tif"), open_image(tmp_path / "fixed/labels.tif")
    assert before.pixel_size_um == pytest.approx((0.5, 0.5))
    assert (after.planes, after.pixel_size_um, after.spacing_um) == (3, before.pixel_size_um, before.spacing_um)
    np.testing.assert_array_equal(after.read(1)[0], labels[1])


def test_fix_never_writes_into_a_folder_of_others(check, tmp_path):
    assert_refused(check(IMAGE, damaged(), "--fix", tmp_path), "holds the input files")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("work of a day")
    assert_refused(check(IMAGE, damaged(), "--fix", tmp_path / "mine"), "not empty")
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    assert check(IMAGE, damaged(), "--fix", tmp_path / "new").code == 0
    assert check(IMAGE, damaged(), "--fix", tmp_path / "new").code == 0, "its own folder may be written again"


def test_what_cannot_be_repaired_is_not_written(check, tmp_path):
    mixed = (CELLS.astype(float) + np.roll(CELLS, 1, 0) + np.roll(CELLS, 1, 1)).astype(np.uint16) // 3 * 5
    done = check(IMAGE, mixed, "--fix", tmp_path / "fixed")
    assert_refused(done, "cannot be repaired", "nearest neighbour")
    assert not (tmp_path / "fixed").exists()


def test_pairs_that_do_not_fit_are_refused(check, cellseg_cli, tmp_path):
    assert_refused(check(IMAGE, CELLS[:90]), "96 x 96", "90 x 96")
    assert_refused(check(IMAGE, np.stack([CELLS] * 3, -1)), "images.tif")
    assert_refused(cellseg_cli("check", tmp_path / "images.tif", tmp_path / "none.tif"), "none.tif")


def test_it_needs_no_torch(tmp_path):
    for name, array in (("images.tif", IMAGE), ("labels.tif", CELLS)):
        tifffile.imwrite(tmp_path / name, array)
    code = "import sys; from cellseg import cli; cli.run(sys.argv[1:]); assert 'torch' not in sys.modules"
    words = ["check", str(tmp_path / "images.tif"), str(tmp_path / "labels.tif")]
    subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True)


def test_a_mask_in_which_0_is_the_cell(check):
    mask = np.where(CELLS > 0, 0, 255).astype(np.uint8)
    summary = json.loads(check(IMAGE, mask, "--foreground", "zero", "--json").out)["summary"]
    assert (summary["kind"], summary["cells"], summary["structure"]) == ("binary", 16, "brighter")


def test_ids_too_large_for_a_file_are_numbered_anew(check, tmp_path):
    assert check(IMAGE, CELLS.astype(np.uint64) * 2**40, "--fix", tmp_path / "fixed").code == 0
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "fixed/labels.tif"), CELLS)


def test_one_cell_everywhere_teaches_nothing(check):
    done = check(IMAGE, np.ones_like(CELLS))
    assert done.code == 2
    assert "everything" in done.out
