"""cellseg predict of several images: folders, globs, damaged ones, --resume, and what is never replaced."""

from __future__ import annotations

import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.cli.predict_files import ImageJob, ResultFiles, plan_jobs
from cellseg.errors import InputError
from cellseg.images.made import made_by_cellseg, maker, result_mark
from cellseg.locks import sole_writer

from .conftest import assert_refused

PICTURE = (np.random.default_rng(0).random((48, 40)) * 255).astype(np.uint8)


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "in [1]"
    folder.mkdir()
    for name in ("a", "b"):
        tifffile.imwrite(folder / f"{name}.tif", PICTURE)
    return folder


@pytest.fixture
def predict(cellseg_cli, untrained, tmp_path):
    def call(*images, out="out", more=()):
        return cellseg_cli("predict", untrained, *images, "--out", tmp_path / out, *more)

    return call


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def written_at(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def bad(folder):
    (folder / "bad.tif").write_bytes(b"II*\0 cut off")
    return folder / "bad.tif"


# which images, which results


def test_a_folder_of_pictures_and_arrays(predict, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a.png", "b.bmp", "c.webp"):
        iio.imwrite(tmp_path / "in" / name, PICTURE if name == "a.png" else np.dstack([PICTURE] * 3))
    np.save(tmp_path / "in" / "d.npy", PICTURE)
    tifffile.imwrite(tmp_path / "in" / "e.tif", PICTURE)
    assert predict(tmp_path / "in", more=["--channel", "0"]).code == 0
    found = [cellseg.open_image(tmp_path / "out" / f"{name}.tif").read(0) for name in "abcde"]
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_results_are_no_pictures(predict, images, tmp_path):
    assert_refused(predict(images / "a.tif", out="a.png"), "results are written as TIFF or OME-Zarr", "a.tif")
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("given", ["", "*.tif", "[ab].tif"], ids=["folder", "glob", "brackets"])
def test_a_folder_and_a_glob_that_no_shell_expanded(predict, images, tmp_path, given):
    assert predict(images / given if given else images).code == 0
    assert names(tmp_path / "out") == ["a.tif", "b.tif"]


@pytest.mark.parametrize(
    ("given", "out", "wanted"),
    [
        (["in/a.tif"], "x", ["x"]),
        (["in/a.tif"], "there", ["there/a.tif"]),
        (["in/a.tif", "in/b.tif"], "x", ["x/a.tif", "x/b.tif"]),
        (["in/a.tif", "in/../in/a.tif"], "x.tif", ["x.tif"]),
        (["one"], "x", ["x/c.tif"]),
        (["one/*"], "x", ["x/c.tif"]),
        (["one"], "x.ome.zarr", ["x.ome.zarr"]),
        (["in", "one/c.tif"], "x", ["x/a.tif", "x/b.tif", "x/c.tif"]),
        (["in", "more/in"], "x", ["x/in/a.tif", "x/in/b.tif", "x/more/in/a.tif"]),
        (["more"], "x", ["x/a.tif"]),
        (["more"], "more/x", ["more/x/a.tif"]),
    ],
)
def test_where_results_go(tmp_path, monkeypatch, given, out, wanted):
    for name in ("in/a.tif", "in/b.tif", "one/c.tif", "more/in/a.tif"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    jobs = plan_jobs([tmp_path / name for name in given], ResultFiles(out=tmp_path / out))
    assert [job.target for job in jobs] == [tmp_path / name for name in wanted]


def test_two_results_of_one_name_are_refused_before_anything(predict, images, tmp_path):
    tifffile.imwrite(images / "a.ome.tif", PICTURE)
    assert_refused(predict(images), "out", "a.tif", "a.ome.tif", "two images")
    assert names(tmp_path) == ["in [1]"]


def test_a_result_is_not_the_uncertainty_of_another(tmp_path):
    for name in ("a.tif", "a-uncertainty.tif"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(InputError, match="two images"):
        plan_jobs([tmp_path], ResultFiles(out=tmp_path / "out"), uncertain=True)
    assert len(plan_jobs([tmp_path], ResultFiles(out=tmp_path / "out"))) == 2


@pytest.mark.parametrize("out", ["x.tif", "x.zarr", "file"])
def test_several_images_are_no_single_file(predict, images, tmp_path, out):
    (tmp_path / "file").write_text("mine")
    assert_refused(predict(images, out=out), out, "2 images", "folder")
    assert names(tmp_path) == ["file", "in [1]"]


def test_results_beside_their_images_are_refused(predict, images):
    assert_refused(predict(images, out="in [1]"), "is an input")
    assert names(images) == ["a.tif", "b.tif"]


# a damaged one does not end the rest


def test_a_damaged_image_does_not_end_the_rest(predict, images, tmp_path):
    stack = np.stack([PICTURE] * 3).astype(np.float32)
    stack[2, 4, 5] = np.inf
    tifffile.imwrite(images / "a_nan.tif", stack, photometric="minisblack")
    tifffile.imwrite(images / "a_rgb.tif", np.stack([PICTURE] * 3, -1), photometric="rgb")
    bad(images)
    done = predict(images)
    assert done.code == 1
    assert names(tmp_path / "out") == ["a.tif", "b.tif"]
    told = done.err[done.err.index("error: 3 of 5 images have no result:") :].splitlines()[1:]
    for line, part in zip(
        told, ("a_rgb.tif: the image has 3 channels", "bad.tif: ", "plane 2 of 3 (from 0) has 1"), strict=True
    ):
        assert part in line
    assert "Traceback" not in done.err


def test_where_nothing_can_be_predicted(predict, images, tmp_path):
    assert_refused(predict(images, more=("--memory", "lots")), "--memory lots")
    assert_refused(predict(images, more=("--uncertainty", "disagreement")), "--average")
    other = bad(tmp_path).rename(tmp_path / "worse.tif")
    assert_refused(predict(other, bad(tmp_path)), "none of the 2 images can be predicted")
    assert not (tmp_path / "out").exists()


def test_a_single_damaged_image_is_an_error_as_ever(predict, tmp_path):
    assert_refused(predict(bad(tmp_path), out="o.tif"), "bad.tif")


@pytest.mark.parametrize("planes", [2, 3])
def test_nan_in_a_later_plane_is_found_before_the_first_tile(predict, tmp_path, planes):
    stack = np.stack([PICTURE] * planes).astype(np.float32)
    stack[-1, 9, 9] = np.nan
    tifffile.imwrite(tmp_path / "s.tif", stack, photometric="minisblack")
    done = predict(tmp_path / "s.tif", out="o.tif")
    assert_refused(done, f"plane {planes - 1} of {planes} (from 0)")
    assert "tiles ━" not in done.err
    assert names(tmp_path) == ["s.tif"]


# the uncertainty beside


def test_the_uncertainty_of_an_earlier_result_goes_with_it(predict, images, tmp_path):
    assert predict(images, more=("--uncertainty", "entropy")).code == 0
    drawn(tmp_path / "out" / "b-uncertainty.tif")
    assert predict(images, more=("--threshold", 0.3)).code == 0
    assert names(tmp_path / "out") == ["a.tif", "b-uncertainty.tif", "b.tif"]


def test_a_result_that_is_called_like_an_uncertainty_stays(predict, images, tmp_path):
    tifffile.imwrite(images / "a-uncertainty.tif", 255 - PICTURE)
    for _ in range(2):
        assert predict(images).code == 0
        assert names(tmp_path / "out") == ["a-uncertainty.tif", "a.tif", "b.tif"]
    assert len(cellseg.list_images(tmp_path / "out")) == 3


@pytest.mark.parametrize("given", ["out", "out/*", "out/*.tif"])
def test_uncertainties_are_no_results(predict, images, tmp_path, cellseg_cli, given):
    assert predict(images, more=("--uncertainty", "entropy")).code == 0
    assert cellseg_cli("evaluate", tmp_path / given, tmp_path / "out").code == 0
    assert cellseg_cli("convert", tmp_path / given, "--out", tmp_path / "cells.json").code == 0
    assert cellseg_cli("convert", tmp_path / given, "--to", "png", "--out", tmp_path / "as_png").code == 0
    assert names(tmp_path / "as_png") == ["a.png", "b.png"]


# --resume


def test_resume_leaves_finished_results_alone(predict, images, tmp_path):
    bad(images)
    assert predict(images, more=("--uncertainty", "entropy")).code == 1
    before = written_at(tmp_path / "out")
    tifffile.imwrite(bad(images), PICTURE)
    (tmp_path / "out/b-uncertainty.tif").unlink()
    done = predict(images, more=("--uncertainty", "entropy", "--resume", "--tile", 16))
    assert done.code == 0
    assert "1 of 3 results are finished" in done.err
    after = written_at(tmp_path / "out")
    assert len(after) == 6
    assert {name for name in before if after[name] == before[name]} == {"a.tif", "a-uncertainty.tif"}


@pytest.mark.parametrize("out", ["o.tif", "o.ome.zarr"])
def test_resume_of_a_single_finished_result(predict, images, tmp_path, out):
    assert predict(images / "a.tif", out=out).code == 0
    before = written_at(tmp_path)[out]
    done = predict(images / "a.tif", out=out, more=("--resume",))
    assert (done.code, written_at(tmp_path)[out]) == (0, before)
    assert "wrote" not in done.err


def test_resume_makes_the_table_of_classes_that_is_gone(images, tmp_path, cellseg_cli):
    torch.manual_seed(0)
    cellseg.save(cellseg.build("unet", base=2, depth=1, classes=3), tmp_path / "m.safetensors")
    words = ("predict", tmp_path / "m.safetensors", images, "--out", tmp_path / "out")
    assert cellseg_cli(*words).code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "out" / "b-classes.csv").unlink()
    done = cellseg_cli(*words, "--resume")
    assert "1 of 2 results are finished already" in done.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_resume_with_other_options_or_another_model_is_refused(predict, images, tmp_path, cellseg_cli):
    assert predict(images).code == 0
    tifffile.imwrite(images / "c.tif", PICTURE)
    before = written_at(tmp_path / "out")
    assert_refused(predict(images, more=("--resume", "--threshold", 0.3)), "out", "other options", "--resume")
    torch.manual_seed(1)
    cellseg.save(cellseg.build("unet", base=2, depth=1), tmp_path / "m.safetensors")
    words = ("predict", tmp_path / "m.safetensors", images, "--out", tmp_path / "out")
    assert_refused(cellseg_cli(*words, "--resume"), "out", "another model")
    assert written_at(tmp_path / "out") == before
    assert cellseg_cli(*words).code == 0


def test_resume_predicts_an_image_that_was_changed_anew(predict, images, tmp_path):
    assert predict(images).code == 0
    before = written_at(tmp_path / "out")
    tifffile.imwrite(images / "b.tif", 255 - PICTURE)
    assert predict(images, more=("--resume",)).code == 0
    after = written_at(tmp_path / "out")
    assert [name for name in after if after[name] != before[name]] == ["b.tif"]


# what is replaced


def drawn(path):
    """Labels as the window exports them."""
    cellseg.write_stack(path, np.eye(48, dtype=np.uint32)[:, :40], "YX")
    return path


@pytest.mark.parametrize("out", ["drawn.tif", "drawn.ome.zarr"])
def test_labels_that_somebody_drew_are_no_results(predict, images, tmp_path, out):
    assert made_by_cellseg(drawn(tmp_path / out))
    assert_refused(predict(images / "a.tif", out=out), out, "--overwrite")
    assert_refused(predict(images / "a.tif", out=out, more=("--resume",)), out, "--overwrite")
    np.testing.assert_array_equal(cellseg.open_image(tmp_path / out).read(0)[0], np.eye(48)[:, :40])


def test_results_are_replaced_and_others_with_overwrite(predict, images, tmp_path):
    drawn(tmp_path / "o.tif")
    assert predict(images / "a.tif", out="o.tif", more=("--overwrite",)).code == 0
    assert result_mark(tmp_path / "o.tif")
    assert predict(images / "a.tif", out="o.tif", more=("--result", "probabilities")).code == 0
    assert tifffile.imread(tmp_path / "o.tif").dtype == np.float32


def test_folders_of_others_are_not_replaced_at_all(images, tmp_path):
    (tmp_path / "notes.zarr").mkdir()
    with pytest.raises(InputError, match="move it away"):
        plan_jobs([images / "a.tif"], ResultFiles(out=tmp_path / "notes.zarr", overwrite=True))


def test_classes_of_other_results_and_tables_of_others_are_not_replaced(images, tmp_path):
    """a.tif and a.zarr would have one table of classes."""
    table = tmp_path / "cells-classes.csv"
    table.write_text("plane,cell,class_number,class\n")
    assert plan_jobs([images / "a.tif"], ResultFiles(out=tmp_path / "cells.zarr"), classes=True)
    drawn(tmp_path / "cells.ome.tif")  # such as the image itself
    assert plan_jobs([images / "a.tif"], ResultFiles(out=tmp_path / "cells.zarr"), classes=True)
    tifffile.imwrite(tmp_path / "cells.ome.tif", PICTURE, software=maker(mark=""), metadata=None)
    for classes in (True, False):
        with pytest.raises(InputError, match=r"says the classes of the cells in cells\.ome\.tif"):
            plan_jobs([images / "a.tif"], ResultFiles(out=tmp_path / "cells.zarr"), classes=classes)
    (tmp_path / "cells.ome.tif").unlink()
    table.write_text("my,notes\n")
    with pytest.raises(InputError, match="not made by cellseg"):
        plan_jobs([images / "a.tif"], ResultFiles(out=tmp_path / "cells.tif"), classes=True)
    for more in ({}, {"classes": True, "overwrite": True}):
        where = ResultFiles(out=tmp_path / "cells.tif", overwrite=more.pop("overwrite", False))
        assert plan_jobs([images / "a.tif"], where, **more)


def test_labels_that_split_writes_are_no_results(predict, images, tmp_path):
    """Not even where they were results before: whoever corrects them works on in the folder of the split."""
    tifffile.imwrite(tmp_path / "i.tif", np.stack([PICTURE] * 4), photometric="minisblack")
    assert predict(tmp_path / "i.tif", out="l.tif").code == 0
    cellseg.split(tmp_path / "i.tif", tmp_path / "l.tif", tmp_path / "s")
    written = [*(tmp_path / "s").rglob("labels/*.tif")]
    assert len(written) == 2
    for file in written:
        with pytest.raises(InputError, match="not made by cellseg predict"):
            plan_jobs([images / "a.tif"], ResultFiles(out=file))


# two at once


def test_a_result_that_another_program_writes_is_refused(predict, images, tmp_path):
    with sole_writer(tmp_path / "out/b.tif"):
        assert_refused(predict(images), "b.tif", "being written")
        assert_refused(predict(images, more=("--resume",)), "b.tif", "being written")
        assert predict(images / "a.tif", out="out/a.tif").code == 0
    assert predict(images).code == 0
    assert names(tmp_path / "out") == ["a.tif", "b.tif"]


def test_options_without_effect_are_refused(predict, images, tmp_path):
    for more in (
        ("--probability-type", "uint8"),
        ("--result", "classes", "--minimum-size", 9),
        ("--result", "classes", "--label-type", "uint16"),
        ("--result", "probabilities", "--threshold", 0.3),
        ("--result", "probabilities", "--link", "overlap"),
        ("--link-overlap", 0.5),
        ("--split", "none", "--object-diameter", 9),
    ):
        assert_refused(predict(images, more=more), "has no effect", str(more[-2]))
    assert not (tmp_path / "out").exists()


def test_a_job_names_its_files(tmp_path):
    assert ImageJob(tmp_path / "a.tif", tmp_path / "o.tif").files == [tmp_path / "o.tif"]
