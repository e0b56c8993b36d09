import numpy as np
import pytest
import torch

import cellseg
from cellseg.inference import precision
from cellseg.inference.runner import Runner
from cellseg.inference.seen import seen_by
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions


@pytest.fixture
def model():
    torch.manual_seed(0)
    return as_model(cellseg.build("unet", base=4, depth=2, norm="batch"))


def choose(model, wanted=None, threshold=None):
    image = np.random.default_rng(0).random((90, 90)).astype(np.float32)
    seen = seen_by(model, image, PredictOptions(precision=wanted, threshold=threshold))
    return precision.choose_precision(seen, Runner(seen.network))


def test_what_is_asked_for_is_taken(model):
    assert choose(model, "bfloat16")[0] == "bfloat16"


def test_without_hardware_it_is_float32(model, monkeypatch):
    monkeypatch.setattr(precision, "computes_bfloat16", lambda _: False)
    assert choose(model) == ("float32", "no bfloat16 hardware")


def test_with_hardware_the_image_decides(model, monkeypatch):
    monkeypatch.setattr(precision, "computes_bfloat16", lambda _: True)
    torch.nn.init.zeros_(model.network.classify.weight)
    model.network.classify.bias.data = torch.tensor([1.0, -1.0])
    assert choose(model)[0] == "bfloat16"  # every pixel is background in either
    torch.nn.init.normal_(model.network.classify.weight, 0, 1e-3)
    torch.nn.init.zeros_(model.network.classify.bias)  # every pixel is a close call
    chosen, why = choose(model)
    assert chosen == "float32"
    assert "%" in why


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.8])
def test_the_choice_does_not_follow_from_the_threshold(model, monkeypatch, cut):
    """Close calls at one threshold count against bfloat16 whichever is set: a prediction is cut at many."""
    monkeypatch.setattr(precision, "computes_bfloat16", lambda _: True)
    torch.nn.init.normal_(model.network.classify.weight, 0, 1e-3)
    logit = float(np.log(cut / (1 - cut)))
    model.network.classify.bias.data = torch.tensor([0.0, logit])
    assert {choose(model, threshold=one)[0] for one in (0.3, 0.5, 0.8)} == {"float32"}


def test_the_class_of_several_is_the_likeliest():
    rng = np.random.default_rng(0)
    exact = rng.random((2, 4, 30, 30)).astype(np.float32)
    swapped = exact.copy()
    swapped[:, [1, 2], :3] = swapped[:, [2, 1], :3]
    largest = np.isin(exact[:, :, :3].argmax(axis=1), [1, 2]).sum() / exact[:, 0].size
    assert precision.kept_classes(exact, exact) == 1
    assert precision.kept_classes(exact, swapped) == pytest.approx(1 - largest)
