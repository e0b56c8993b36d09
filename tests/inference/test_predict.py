from dataclasses import replace

import numpy as np
import pytest
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.models.trained import as_model

SHAPES = [(1, 1), (2, 3), (31, 33), (97, 130), (188, 201)]


def network(**options):
    torch.manual_seed(0)
    made = cellseg.build("unet", **{"base": 4, "depth": 2, **options}).eval()
    for p in made.parameters():
        if p.ndim == 1:
            torch.nn.init.normal_(p, 0, 0.1)
    return made


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("norm", ["none", "batch"])
@pytest.mark.parametrize("average", ["none", "rotations7", "dihedral8"])
def test_tiled_equals_whole(shape, norm, average):
    net = network(norm=norm)
    image = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    whole = cellseg.predict_array(net, image, tile=512, average=average)
    assert whole.shape == (2, *shape)
    np.testing.assert_allclose(whole.sum(0), 1, atol=1e-5)
    for tile in (16, 33, 64, 100) if average == "none" else (48, 100):
        np.testing.assert_allclose(cellseg.predict_array(net, image, tile=tile, average=average), whole, atol=1e-5)


def test_tiled_equals_whole_where_statistics_come_from_a_part_of_the_image():
    net = network(norm="batch")
    image = np.random.default_rng(0).integers(0, 256, (600, 700)).astype(np.uint8)
    whole = cellseg.predict_array(net, image, tile=1024)
    np.testing.assert_allclose(cellseg.predict_array(net, image, tile=200), whole, atol=1e-5)


def test_only_what_lies_outside_the_image_is_mirrored():
    net, image = network(), np.random.default_rng(0).random((60, 70)).astype(np.float32)
    margin, seen = net.geometry.margin, []
    net.register_forward_pre_hook(lambda _, x: seen.append(x[0].numpy().copy()))
    cellseg.predict_array(net, image, tile=128)
    wanted = np.pad((image - image.mean()) / image.std(), margin, mode="reflect")
    np.testing.assert_allclose(seen[0][0, 0, : 60 + 2 * margin, : 70 + 2 * margin], wanted, atol=1e-4)


def test_grey_values_may_have_any_scale():
    net, image = network(norm="batch"), np.random.default_rng(0).integers(0, 256, (50, 60)).astype(np.uint8)
    one = cellseg.predict_array(net, image)
    other = cellseg.predict_array(net, image.astype(np.uint16) * 100 + 32768)
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_constant_image_gives_finite_probabilities():
    assert np.isfinite(cellseg.predict_array(network(norm="batch"), np.full((40, 40), 7, np.uint8))).all()


@pytest.mark.parametrize("greys", ["contrast", "100,900"])
def test_an_image_of_one_value_is_background_and_python_is_told(greys, caplog):
    model = as_model(network(norm="batch"))
    trained = replace(model, card=replace(model.card, grey_values="contrast", statistics="fixed"))
    image = np.full((40, 40), 500, np.uint16)
    assert (cellseg.predict_array(trained, image, grey_values=greys)[0] == 1).all()
    assert [*cellseg.predict(trained, image, grey_values=greys)]
    assert caplog.messages == 2 * ["array: the image has a single grey value: there is nothing to find"]


def test_a_stack_is_predicted_plane_by_plane():
    net, stack = network(norm="batch"), np.random.default_rng(0).random((3, 40, 50)).astype(np.float32)
    for tile, probabilities in cellseg.predict(net, stack):
        np.testing.assert_allclose(probabilities, cellseg.predict_array(net, stack[tile.plane]), atol=1e-6)


def test_the_models_own_statistics_are_left_alone():
    net = network(norm="batch")
    before = {k: v.clone() for k, v in net.state_dict().items()}
    cellseg.predict_array(net, np.random.default_rng(0).random((40, 50)))
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())


def test_channels_must_fit():
    with pytest.raises(cellseg.InputError, match="3 channels"):
        next(cellseg.predict(network(channels=2), np.zeros((3, 20, 20), np.uint8)))


def test_an_image_without_pixels_is_refused():
    with pytest.raises(cellseg.InputError, match="shape"):
        cellseg.predict_array(network(), np.zeros((0, 5), np.uint8))


def test_averaging_over_the_symmetries_commutes_with_them():
    net, image = network(), np.random.default_rng(0).random((60, 60)).astype(np.float32)
    options = {"average": "dihedral8", "precision": "float32"}
    one = cellseg.predict_array(net, image, **options)
    turned = cellseg.predict_array(net, np.rot90(image), **options)
    np.testing.assert_allclose(np.rot90(one, axes=(1, 2)), turned, atol=1e-5)


@pytest.mark.parametrize("door", [cellseg.predict_array, cellseg.segment_array])
def test_what_no_memory_holds_is_refused_before_anything_is_measured(door):
    with pytest.raises(InputError, match=r"\(2, 1048576, 1048576\), which needs 8796.1 GB"):
        door(network(), np.broadcast_to(np.uint8(1), (2**20, 2**20)))
