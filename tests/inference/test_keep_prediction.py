from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference.segment import segment
from cellseg.inference.tiling import Box, Tile, nearest_first
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions


def made(classes):
    torch.manual_seed(0)
    return as_model(cellseg.build("unet", base=2, depth=2, norm="batch", classes=classes))


@pytest.fixture(scope="module")
def model():
    return made(2)


@pytest.fixture
def image(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 150, 130)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", pixels, photometric="minisblack")
    return open_image(tmp_path / "image.tif")


def boxes(*corners):
    return [Tile(plane, Box(0, 0, 1, 1), Box(top, left, 10, 10)) for plane, top, left in corners]


def returned(steps):
    while True:
        try:
            assert next(steps).stage == "numbering"
        except StopIteration as end:
            return end.value


def test_tiles_near_a_point_come_first_and_planes_stay_together():
    tiles = boxes(*((plane, top, left) for plane in range(3) for top in (0, 10) for left in (0, 10)))
    found = [(tile.plane, tile.write.top, tile.write.left) for tile in nearest_first(tiles, (1, 12, 5))]
    assert found[:2] == [(1, 10, 0), (1, 0, 0)]
    assert [plane for plane, _, _ in found] == [1] * 4 + [0] * 4 + [2] * 4
    assert sorted(found) == [(tile.plane, tile.write.top, tile.write.left) for tile in tiles]


def test_the_order_changes_no_value(model, image):
    in_order = {(t.plane, t.write.top, t.write.left): p for t, p in cellseg.predict(model, image, tile=48)}
    near = {(t.plane, t.write.top, t.write.left): p for t, p in cellseg.predict(model, image, tile=48, near=(1, 90, 9))}
    assert next(iter(near)) == (1, 48, 0)
    assert in_order.keys() == near.keys()
    for place, probabilities in in_order.items():
        np.testing.assert_array_equal(near[place], probabilities)


CASES = [
    {"threshold": 0.45},
    {"threshold": 0.5, "minimum_size": 7, "fill_holes": 5, "split": "watershed"},
    {"threshold": 0.48, "link": "overlap", "label_type": "uint16"},
    {"result": "classes", "threshold": 0.48},
    {"result": "probabilities"},
    {"result": "probabilities", "probability_type": "uint8"},
]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("options", CASES, ids=str)
@pytest.mark.parametrize("name", ["out.tif", "out.ome.zarr"])
def test_a_result_made_of_it_is_the_one_of_predict(classes, image, tmp_path, options, name):
    if classes > 2:  # each pixel has the most probable one
        options = {key: value for key, value in options.items() if key != "threshold"}
    kept = cellseg.keep_prediction(made(classes), image, tmp_path / "kept", tile=48)
    list(kept.fill(near=(1, 100, 100)))
    list(kept.write(tmp_path / name, **options))
    list(segment(made(classes), image, tmp_path / f"wanted-{name}", PredictOptions(tile=48, **options)))
    found, wanted = open_image(tmp_path / name), open_image(tmp_path / f"wanted-{name}")
    assert found.dtype == wanted.dtype
    for plane in range(2):
        assert wanted.read(plane).any()
        np.testing.assert_array_equal(found.read(plane), wanted.read(plane))
    assert not (kept.folder / "instances").exists()


def test_options_without_effect_on_what_is_written_are_refused(model, image, tmp_path):
    kept = cellseg.keep_prediction(model, image, tmp_path / "kept", tile=48, threshold=0.4, minimum_size=9)
    list(kept.fill())
    for options in ({"probability_type": "uint8"}, {"result": "classes", "minimum_size": 3}, {"link_overlap": 0.5}):
        with pytest.raises(InputError, match="has no effect"):
            next(kept.write(tmp_path / "out.tif", **options))
    list(kept.write(tmp_path / "out.tif", result="probabilities"))  # what was said at the opening is for other results


def test_it_goes_on_where_it_was_left(model, image, tmp_path):
    kept = cellseg.keep_prediction(model, image, tmp_path, tile=48)
    steps = kept.fill()
    first = [next(steps).tile for _ in range(5)]
    steps.close()
    again = cellseg.keep_prediction(model, image, tmp_path, tile=64)
    assert again.done == {(t.plane, t.write.top, t.write.left) for t in first}
    assert again.decisions.tile == (48, 48)
    rest = list(again.fill())
    assert len(rest) == len(kept.tiles) - 5
    whole = cellseg.predict_array(model, image.read(1)[0], tile=48)
    np.testing.assert_allclose(again.read(1, slice(0, 150), slice(0, 130)), whole, atol=1e-6)


def test_that_of_another_model_or_with_other_options_is_thrown_away(model, image, tmp_path):
    kept = cellseg.keep_prediction(model, image, tmp_path, tile=48)
    next(kept.fill())
    assert not cellseg.keep_prediction(model, image, tmp_path, tile=48, average="dihedral8").done
    next(cellseg.keep_prediction(model, image, tmp_path, tile=48).fill())
    torch.manual_seed(1)
    assert not cellseg.keep_prediction(cellseg.build("unet", base=2, depth=2), image, tmp_path, tile=48).done


def test_a_region_is_labelled_as_the_whole(model, image, tmp_path):
    kept = cellseg.keep_prediction(model, image, tmp_path, tile=48)
    assert not kept.label(kept.read(0, slice(0, 150), slice(0, 130))).any()
    list(kept.fill())
    options = {"threshold": 0.48, "minimum_size": 5, "fill_holes": 3}
    planes = returned(kept.instances(tmp_path / "scratch", **options))
    whole = planes[1].read(slice(0, 150), slice(0, 130))
    assert whole.max() > 5
    np.testing.assert_array_equal(kept.label(kept.read(1, slice(0, 150), slice(0, 130)), **options), whole)


def test_channels_must_fit(image, tmp_path):
    with pytest.raises(InputError, match="channels"):
        cellseg.keep_prediction(cellseg.build("unet", base=2, depth=2, channels=3), image, tmp_path)


@pytest.mark.parametrize("diameter", [12, 33], ids=["enlarged", "made smaller"])
def test_where_the_network_sees_the_image_rescaled(model, image, tmp_path, diameter):
    knowing = replace(model, card=replace(model.card, diameter=20.0, minimum_size=9))
    kept = cellseg.keep_prediction(knowing, image, tmp_path / "kept", tile=48, diameter=diameter)
    picture = np.full((2, 150, 130), np.nan)
    for step in kept.fill(near=(1, 100, 100)):  # drawn as the plugin draws it
        tile = step.tile
        part = tile.plane, tile.write.rows, tile.write.columns
        picture[part] = kept.read(*part)[1]
    assert kept.done == {(t.plane, t.write.top, t.write.left) for t in kept.tiles}
    for plane in range(2):
        whole = cellseg.predict_array(knowing, image.read(plane)[0], diameter=diameter)
        np.testing.assert_allclose(kept.read(plane, slice(0, 150), slice(0, 130)), whole, atol=1e-5)
        np.testing.assert_allclose(picture[plane], whole[1], atol=1e-5)
    list(kept.write(tmp_path / "out.tif"))
    list(segment(knowing, image, tmp_path / "wanted.tif", PredictOptions(tile=48, diameter=diameter)))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), tifffile.imread(tmp_path / "wanted.tif"))
