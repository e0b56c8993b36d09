"""Statistics and grey values of an exported model do not depend on the image that is predicted."""

import numpy as np
import pytest
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.exporting.travelling import compressed, travelling
from cellseg.images.grey_values import bent, grey_rule, seen_pixels
from cellseg.images.source import array_source
from tests.exporting.conftest import tiny, with_card


def spots(seed=0, channels=1):
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 5, (channels, 80, 90))
    image[:, 20:40, 30:60] += 400
    return array_source(image.astype(np.uint16), axes="CYX", name="spots.tif")


def test_the_network_compresses_as_the_grey_values_are():
    values = np.linspace(-50, 50, 1001, dtype=np.float32)[None]
    assert np.allclose(compressed(torch.from_numpy(values)).numpy(), bent(values), atol=1e-6)


@pytest.mark.parametrize("rule", ["contrast", "mean", "100,700"])
def test_numbers_of_an_image_give_the_grey_values_that_cellseg_sees(rule):
    image = spots(channels=2)
    model = with_card(tiny("unet", channels=2), grey_values=rule)
    note = travelling(model, image).note
    linear = np.stack([g * c + o for c, g, o in zip(image.read(0), note.gain, note.offset, strict=True)])
    seen = seen_pixels(image, grey_rule(rule), 80, 90).read(0)
    assert np.allclose(bent(linear.astype(np.float32)) if note.compresses else linear, seen, atol=1e-4)


def test_two_numbers_need_no_image():
    note = travelling(with_card(tiny("unet"), grey_values="100,700")).note
    assert (note.gain, note.offset) == ((4 / 600,), (-4 / 600 * 400,))


@pytest.mark.parametrize(
    ("card", "image", "statistics", "warns"),
    [
        ({"statistics": "fixed"}, None, "fixed by the training", False),
        ({"statistics": "image"}, None, "running average of the training", True),
        ({"statistics": "image", "gathered": "3 images"}, None, "those of 3 images", False),
        ({"statistics": "image"}, spots(), "those of spots.tif", False),
    ],
)
def test_statistics_are_frozen_and_it_is_said_which(card, image, statistics, warns):
    model = with_card(tiny("unet"), **card)
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    found = travelling(model, image)
    assert found.note.statistics == statistics
    assert found.note.card.statistics == "fixed"
    assert bool(found.warning) == warns
    after = model.network.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())  # the model itself stays


def test_statistics_of_an_image_are_those_of_a_prediction_of_it():
    from cellseg import predict_array
    from cellseg.models.trained import TrainedModel

    model, image = with_card(tiny("unet"), statistics="image"), spots()
    found = travelling(model, image)
    frozen = TrainedModel(found.network, found.note.card)
    pixels, exact = image.read(0)[0], {"precision": "float32"}
    assert np.abs(predict_array(frozen, pixels, **exact) - predict_array(model, pixels, **exact)).max() < 1e-5


def test_statistics_of_several_images_are_the_mean_of_theirs_and_levels_stay_open(tmp_path):
    model = with_card(tiny("unet"), statistics="image")
    first, second = spots(0), spots(1)
    alone = [travelling(model, image).network.state_dict() for image in (first, second)]
    nothing = array_source(np.full((80, 90), 7, np.uint16), name="empty.tif")
    found = travelling(model, [first, nothing, second])
    name = next(name for name in alone[0] if name.endswith("running_mean"))
    wanted = (alone[0][name] + alone[1][name]) / 2
    assert torch.allclose(found.network.state_dict()[name], wanted, atol=1e-6)
    assert (found.note.gain, found.warning) == ((), "")
    assert found.note.statistics == "those of spots.tif and 2 more images"


def test_a_folder_of_images_may_be_given(tmp_path, capsys):
    import json

    import tifffile

    from cellseg.cli import run
    from cellseg.models.trained import save

    save(with_card(tiny("unet"), statistics="image"), tmp_path / "m.safetensors")
    (tmp_path / "images").mkdir()
    for k in range(2):
        tifffile.imwrite(tmp_path / "images" / f"{k}.tif", spots(k).read(0)[0])
    words = ["export", str(tmp_path / "m.safetensors"), "--format", "torchscript", "--out", str(tmp_path / "m.pt")]
    assert run([*words, "--like", str(tmp_path / "images"), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["statistics"] == "those of 0.tif and 1 more images"
    assert "warning" not in told.err


@pytest.mark.parametrize(
    ("image", "parts"),
    [(spots(channels=2), "has 2 channels"), (array_source(np.full((50, 50), 7, np.uint8)), "one grey value")],
)
def test_an_image_that_tells_nothing_is_refused(image, parts):
    with pytest.raises(InputError, match=parts):
        travelling(tiny("unet"), image)


def test_the_model_in_the_box_needs_no_images():
    """It brings statistics that were gathered over images of its training."""
    found = travelling(cellseg.load("nuclei"))
    assert (found.note.statistics, found.warning) == ("those of 24 images that it has learnt from", "")
