"""The hardware is asked in one place, so that training and prediction compute alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import cellseg
from cellseg.models import hardware
from cellseg.training.recipes import settings_for
from cellseg.training.step import precision_of

ONLY_HERE = ("is_bf16_supported", "_is_avx512_bf16_supported", "cuda.is_available", "mps.is_available")


def of(**options):
    """Options of a training with the recipe fast."""
    return settings_for("fast", **options).train


@pytest.fixture
def card(monkeypatch):
    """Let the machine have a CUDA card that multiplies bfloat16 itself, or emulates it."""

    def have(native):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: native)

    return have


@pytest.mark.parametrize(("native", "wanted"), [(False, torch.float32), (True, torch.bfloat16)])
def test_training_and_prediction_ask_the_card(card, native, wanted):
    card(native)
    assert precision_of(of()) == wanted
    assert hardware.computes_bfloat16(hardware.prediction_device()) == native
    assert precision_of(of(precision="bfloat16")) == torch.bfloat16
    assert precision_of(of(precision="float32")) == torch.float32


@pytest.mark.parametrize("native", [False, True])
def test_a_processor_is_asked_where_there_is_no_card(monkeypatch, native):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    assert hardware.prediction_device() == hardware.training_device() == torch.device("cpu")
    assert hardware.computes_bfloat16(torch.device("cpu")) == native
    assert (precision_of(of()) == torch.bfloat16) == native


def test_an_apple_gpu_predicts_and_does_not_train(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert (hardware.training_device().type, hardware.prediction_device().type) == ("cpu", "mps")
    assert not hardware.computes_bfloat16(hardware.prediction_device())


def test_nothing_else_asks_torch_for_the_hardware():
    library = Path(cellseg.__file__).parent
    asking = [
        path.relative_to(library).as_posix()
        for path in library.rglob("*.py")
        if any(word in path.read_text("utf-8") for word in ONLY_HERE)
    ]
    assert asking == ["models/hardware.py"]
