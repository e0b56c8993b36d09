"""Every network learns with every loss, and what was learnt can be cut off."""

import numpy as np
import pytest
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.write import write_stack
from cellseg.models.trained import as_model, pruned, save
from cellseg.samples.sample import make_sample
from cellseg.training.events import Finished, Stepped
from cellseg.training.losses import LOSSES
from cellseg.training.run import train

SMALL = {"base": 4, "depth": 2, "tile": 24, "batch": 2, "validation": 1, "steps": 2}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Paths of three generated images of 48 x 48 and of their labels."""
    folder = tmp_path_factory.mktemp("pairs")
    made = [make_sample("touching", (48, 48), np.random.default_rng(k)) for k in range(3)]
    for name, stack in zip(("images.tif", "labels.tif"), zip(*made, strict=True), strict=True):
        write_stack(folder / name, np.stack(stack), "ZYX")
    return folder / "images.tif", folder / "labels.tif"


@pytest.mark.parametrize("model", cellseg.list_models())
def test_every_network_is_trained_saved_and_predicts(pairs, tmp_path, model):
    events = list(train(*pairs, model=model, **SMALL))
    assert isinstance(events[-1], Finished)
    assert all(np.isfinite(event.loss) for event in events if isinstance(event, Stepped))
    save(events[-1].model, tmp_path / "model.safetensors")
    found = cellseg.predict_array(cellseg.load(tmp_path), np.zeros((30, 40), np.uint8))
    assert found.shape == (2, 30, 40)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_falls_while_one_batch_is_learnt(loss):
    torch.manual_seed(0)
    network = cellseg.build("unet", base=4, depth=1, norm="batch", dropout=0.0).train()
    x = torch.randn(2, 1, 34, 34)
    side = network.geometry.output_size(34)
    classes, weights = (x[:, 0, 8:-8, 8:-8] > 0.3).long(), torch.ones(2, side, side)
    optimiser = torch.optim.AdamW(network.parameters(), lr=0.01)
    values = []
    for _ in range(12):
        value = LOSSES[loss](network(x), classes, weights)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        values.append(value.item())
    assert values[-1] < 0.95 * values[0]


def test_a_network_with_guidance_learns_whether_cells_are_there(pairs):
    events = list(train(*pairs, model="unet3p", guidance=True, loss="focal-ms-ssim-iou", **SMALL))
    assert not events[-1].model.network.geometry.exact


def test_a_pruned_prediction_is_that_of_the_pruned_network():
    torch.manual_seed(0)
    network = cellseg.build("unetpp", base=4, depth=3, norm="batch").eval()
    image = np.random.default_rng(0).random((60, 70)).astype(np.float32)
    found = cellseg.predict_array(network, image, prune=2)
    np.testing.assert_array_equal(found, cellseg.predict_array(network.pruned(2), image))
    assert np.abs(found - cellseg.predict_array(network, image)).max() > 1e-3
    with pytest.raises(InputError, match="--prune 4"):
        cellseg.predict_array(network, image, prune=4)
    with pytest.raises(InputError, match="head at every depth"):
        cellseg.predict_array(cellseg.build("unet", base=1, depth=1), image, prune=1)


def test_a_network_trained_without_its_own_options_is_refused_before_the_first_step(pairs):
    with pytest.raises(InputError, match="unet has no option guidance"):
        next(train(*pairs, model="unet", guidance=True, **SMALL))


def test_a_pruned_model_says_so_in_its_card():
    model = pruned(as_model(cellseg.build("unetpp", base=2, depth=3)), 1)
    assert model.card.options["depth"] == 1
    assert model.card.name == "unetpp"
