from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference.cut import instances_in
from cellseg.inference.result import entropy
from cellseg.inference.segment import Plan, Progress, segment
from cellseg.inference.verify import verify_seams
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return as_model(cellseg.build("unet", base=4, depth=2, norm="batch"))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "image.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (500, 610)).astype(np.uint8)
    tifffile.imwrite(path, pixels, photometric="minisblack")
    return path


def run(model, image, out, **options):
    steps = list(segment(model, open_image(image), out, PredictOptions(tile=200, **options)))
    assert isinstance(steps[0], Plan)
    assert all(isinstance(step, Progress) for step in steps[1:])
    return steps


def test_the_plan_comes_first_then_each_stage(model, image, tmp_path):
    plan, *steps = run(model, image, tmp_path / "out.tif")
    assert (plan.done, plan.total, plan.output_bytes) == (0, 12, 4 * 500 * 610)
    assert plan.seconds > 0
    assert plan.memory_bytes > 10**8
    assert list(dict.fromkeys(step.stage for step in steps)) == ["tiles", "numbering", "writing"]
    assert all(step.done <= step.total for step in steps)


def test_instances_are_those_of_the_whole_plane(model, image, tmp_path):
    run(model, image, tmp_path / "probabilities.tif", result="probabilities")
    threshold = float(np.quantile(tifffile.imread(tmp_path / "probabilities.tif"), 0.6))
    run(model, image, tmp_path / "classes.tif", result="classes", threshold=threshold)
    run(model, image, tmp_path / "out.tif", minimum_size=9, fill_holes=3, threshold=threshold)
    mask = tifffile.imread(tmp_path / "classes.tif")
    wanted = cellseg.label_instances(mask, minimum_size=9, fill_holes=3)
    assert wanted.max() > 20
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), wanted)


def test_cores_are_those_of_the_whole_plane_and_may_be_stored_with_the_model(model, image, tmp_path):
    run(model, image, tmp_path / "probabilities.tif", result="probabilities")
    cell = tifffile.imread(tmp_path / "probabilities.tif")
    threshold, core = map(float, np.quantile(cell, (0.4, 0.8)))
    card = replace(model.card, threshold=threshold, core=core, minimum_size=9)
    run(replace(model, card=card), image, tmp_path / "out.tif")
    wanted = instances_in(np.stack([1 - cell, cell]), card)
    assert wanted.max() > 20
    assert wanted.max() != cellseg.label_instances(cell >= threshold, 9).max()
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), wanted)
    run(replace(model, card=card), image, tmp_path / "none.tif", core=threshold)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "none.tif"), cellseg.label_instances(cell >= threshold, 9))


def test_half_of_a_cell_has_the_probability_that_is_asked_for(model, image, tmp_path):
    run(model, image, tmp_path / "probabilities.tif", result="probabilities")
    cell = tifffile.imread(tmp_path / "probabilities.tif")
    threshold, sure = map(float, np.quantile(cell, (0.4, 0.7)))
    card = replace(model.card, threshold=threshold, minimum_probability=sure)
    every = cellseg.label_instances(cell >= threshold)
    share = np.bincount(every[cell >= sure], minlength=every.max() + 1) / np.bincount(every.ravel())
    run(replace(model, card=card), image, tmp_path / "out.tif")
    found = tifffile.imread(tmp_path / "out.tif")
    assert 0 < found.max() < every.max()
    np.testing.assert_array_equal(found > 0, (every > 0) & (share[every] >= 0.5))
    run(replace(model, card=card), image, tmp_path / "any.tif", minimum_probability=0.0)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "any.tif"), every)


def test_too_many_instances_for_uint16_are_refused_and_nothing_is_written(model, image, tmp_path, monkeypatch):
    run(model, image, tmp_path / "small.tif", label_type="uint16")
    assert tifffile.imread(tmp_path / "small.tif").dtype == np.uint16
    monkeypatch.setattr(np, "iinfo", lambda _: type("limits", (), {"max": 5}))
    with pytest.raises(InputError, match="uint32"):
        run(model, image, tmp_path / "out.tif", label_type="uint16")
    assert not (tmp_path / "out.tif").exists()


def test_probabilities_may_be_bytes(model, image, tmp_path):
    run(model, image, tmp_path / "float.tif", result="probabilities")
    run(model, image, tmp_path / "byte.tif", result="probabilities", probability_type="uint8")
    byte = tifffile.imread(tmp_path / "byte.tif")
    assert byte.dtype == np.uint8
    np.testing.assert_allclose(byte / 255, tifffile.imread(tmp_path / "float.tif"), atol=0.5 / 255 + 1e-6)


def test_uncertainty_is_written_beside_the_result(model, image, tmp_path):
    run(model, image, tmp_path / "out.tif", result="probabilities", uncertainty="entropy")
    p = tifffile.imread(tmp_path / "out.tif")
    bits = tifffile.imread(tmp_path / "out-uncertainty.tif")
    np.testing.assert_allclose(bits, entropy(np.stack([1 - p, p])), atol=1e-4)
    assert 0 <= bits.min() <= bits.max() <= 1.0001


def test_disagreement_is_that_of_the_averaged_versions(tmp_path):
    model = as_model(cellseg.build("unet", base=4, depth=2))
    pixels = np.random.default_rng(1).integers(0, 256, (200, 200)).astype(np.uint8)  # one tile, symmetric
    tifffile.imwrite(tmp_path / "image.tif", pixels, photometric="minisblack")
    options = {"result": "probabilities", "uncertainty": "disagreement", "average": "dihedral8"}
    run(model, tmp_path / "image.tif", tmp_path / "out.tif", **options)
    turned = [cellseg.predict_array(model, np.rot90(pixels[:, ::s], k))[1] for k in range(4) for s in (1, -1)]
    upright = [np.rot90(p, -(n // 2))[:, :: (1, -1)[n % 2]] for n, p in enumerate(turned)]
    np.testing.assert_allclose(tifffile.imread(tmp_path / "out-uncertainty.tif"), np.std(upright, axis=0), atol=1e-4)
    np.testing.assert_allclose(tifffile.imread(tmp_path / "out.tif"), np.mean(upright, axis=0), atol=1e-4)


def test_disagreement_of_one_version_is_refused(model, image, tmp_path):
    with pytest.raises(InputError, match="--average"):
        run(model, image, tmp_path / "out.tif", uncertainty="disagreement")


@pytest.mark.parametrize("average", ["none", "rotations7"])
def test_windows_across_seams_are_as_in_one_piece(model, image, average):
    options = PredictOptions(tile=200, average=average)
    assert max(verify_seams(model, open_image(image), 4, options)) < 1e-5


def test_a_file_that_cannot_be_written_is_said_and_the_tiles_are_kept(model, image, tmp_path):
    (tmp_path / "out.tif").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        run(model, image, tmp_path / "out.tif", result="classes")
    (tmp_path / "out.tif").rmdir()
    steps = segment(
        model, open_image(image), tmp_path / "out.tif", PredictOptions(tile=200, result="classes"), resume=True
    )
    assert next(steps).done == 12


def test_instances_keep_their_numbers_through_a_stack(model, tmp_path):
    still = np.random.default_rng(2).integers(0, 256, (90, 100)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([still, still, 255 - still]), photometric="minisblack")
    run(model, tmp_path / "stack.tif", tmp_path / "alone.tif")
    run(model, tmp_path / "stack.tif", tmp_path / "linked.tif", link="overlap")
    alone, linked = tifffile.imread(tmp_path / "alone.tif"), tifffile.imread(tmp_path / "linked.tif")
    assert linked.max() > 0
    np.testing.assert_array_equal(linked[0], linked[1])
    np.testing.assert_array_equal(linked > 0, alone > 0)


def test_a_model_may_know_the_least_size_of_its_cells(model, image, tmp_path):
    knowing = replace(model, card=replace(model.card, minimum_size=40))
    run(knowing, image, tmp_path / "stored.tif", threshold=0.45)
    run(model, image, tmp_path / "asked.tif", threshold=0.45, minimum_size=40)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "stored.tif"), tifffile.imread(tmp_path / "asked.tif"))
