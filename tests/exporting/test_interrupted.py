"""Exported models and those of other programs through a prediction that is stopped, killed, or has little memory."""

import signal
import time

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference import tile_cost
from cellseg.inference.memory import resident
from cellseg.inference.segment import Progress, segment
from cellseg.inference.tile_cost import largest_tile
from cellseg.models.cost import forward_bytes
from cellseg.models.network import _geometry
from cellseg.options import PredictOptions
from tests.exporting.conftest import tiny, with_card
from tests.exporting.test_foreign import made
from tests.forked import Forked

pytest.importorskip("onnxruntime")
pytest.importorskip("bioimageio.spec")
pytestmark = pytest.mark.filterwarnings("ignore")
KINDS = ("m.onnx", "m.pt", "m.zip", "other.zip")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An image, and a model in four kinds of files."""
    folder = tmp_path_factory.mktemp("interrupted")
    model = with_card(tiny("unet"), grey_values="contrast")
    for kind, name in zip(("onnx", "torchscript", "bioimageio"), KINDS, strict=False):
        cellseg.export(model, folder / name, format=kind)
    made(folder / "other.zip", "05-onnx-one-size")
    pixels = np.random.default_rng(0).normal(200, 40, (260, 330))
    pixels[40:90, 60:150] += 300
    tifffile.imwrite(folder / "image.tif", pixels.astype(np.uint16))
    return folder


def steps(folder, name, out, **options):
    """Steps of a prediction by a model that is loaded anew."""
    model, source = cellseg.load(folder / name), open_image(folder / "image.tif")
    return segment(model, source, out, PredictOptions(tile=64, result="probabilities"), **options)


@pytest.mark.parametrize("name", KINDS)
def test_a_stopped_prediction_goes_on_to_the_same_bytes(name, folder, tmp_path):
    for _ in steps(folder, name, tmp_path / "whole.tif"):
        pass
    halfway = steps(folder, name, tmp_path / "out.tif")
    for step in halfway:
        if isinstance(step, Progress) and step.done >= 5:
            break
    halfway.close()
    plan, *_ = steps(folder, name, tmp_path / "out.tif", resume=True)
    assert plan.done >= 4
    assert (tmp_path / "out.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()


def test_a_killed_prediction_goes_on_to_the_same_bytes(folder, tmp_path):
    words = ["predict", folder / "m.onnx", folder / "image.tif", "--tile", "16", "--result", "probabilities", "--out"]
    code, said = Forked(*words, tmp_path / "whole.tif").finish()
    assert code == 0, said
    killed = Forked(*words, tmp_path / "out.tif")
    while killed.poll() is None and not list(tmp_path.glob(".out.tif.tiles/**/c/*")):
        time.sleep(0.005)
    killed.send(signal.SIGKILL)
    killed.finish()
    assert Forked(*words, tmp_path / "out.tif", "--resume").finish()[0] == 0
    assert (tmp_path / "out.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()


def test_costs_are_counted_of_a_network_that_nobody_has_followed_before(folder):
    """As in a process that has just begun: it ended with an internal failure."""
    network = cellseg.load(folder / "m.onnx").network
    side = network.geometry.input_size(100)
    known = forward_bytes(network, (1, 1, side, side))
    _geometry.cache_clear()
    assert forward_bytes(network, (1, 1, side, side)) == known
    _geometry.cache_clear()
    with torch.inference_mode():
        assert cellseg.build("unet", base=2, depth=2).geometry.margin == 20


def test_another_description_is_another_model(folder, tmp_path):
    """Tiles of one are not taken for those of the other, though the weights are the same."""
    made(tmp_path / "p.zip", "05-onnx-one-size", halo=8)
    assert cellseg.load(tmp_path / "p.zip").digest != cellseg.load(folder / "other.zip").digest
    assert cellseg.load(folder / "other.zip").digest == cellseg.load(folder / "other.zip").digest


@pytest.mark.parametrize("name", ["m.onnx", "other.zip"])
def test_less_memory_gives_smaller_tiles_and_too_little_is_refused(name, folder):
    network, base = cellseg.load(folder / name).network, resident() + tile_cost.BESIDE
    tiles = [largest_tile(network, (9000, 9000), (), "none", base + m * 10**6) for m in (400, 20)]
    assert tiles[0] > tiles[1]
    with pytest.raises(InputError, match="needs --memory"):
        largest_tile(network, (9000, 9000), (), "none", base + 10**6)
