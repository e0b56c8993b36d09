"""What an exported model costs: its export, and its prediction beside torch's. Run by `make bench`."""

import time

import numpy as np
import pytest
import torch

import cellseg
from cellseg.exporting.travelling import travelling

ort = pytest.importorskip("onnxruntime")
pytestmark = [pytest.mark.benchmark, pytest.mark.filterwarnings("ignore")]
SIDE = 700
"""Pixels a side of the network's input, about."""
PASSES = 3


def spent(work):
    """Processor seconds of the fastest pass, and seconds by the clock."""
    work()
    took = []
    for _ in range(PASSES):
        began = time.process_time(), time.perf_counter()
        work()
        took.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    return min(took)


def test_prediction_beside_torch(tmp_path):
    model = travelling(cellseg.load("nuclei"))
    side = model.note.geometry.input_size(SIDE - 2 * model.note.geometry.margin)
    image = np.random.default_rng(0).standard_normal((1, 1, side, side)).astype(np.float32)
    cellseg.export("nuclei", tmp_path / "m.onnx", format="onnx")
    cellseg.export("nuclei", tmp_path / "m.pt", format="torchscript")
    options = ort.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = ort.InferenceSession(tmp_path / "m.onnx", options, providers=["CPUExecutionProvider"])
    whole, script, tensor = model.whole(), torch.jit.load(tmp_path / "m.pt"), torch.from_numpy(image)
    ways = {
        "onnxruntime": lambda: session.run(None, {"image": image}),
        "torch": lambda: whole(tensor),
        "TorchScript": lambda: script(tensor),
    }
    with torch.inference_mode():
        for name, work in ways.items():
            processor, clock = spent(work)
            print(f"\n{name}, {side} x {side}, {torch.get_num_threads()} threads: {processor:.2f} s ({clock:.2f} s)")


@pytest.mark.parametrize("kind", ["onnx", "torchscript", "bioimageio"])
def test_export(kind, tmp_path):
    began = time.process_time(), time.perf_counter()
    cellseg.export("nuclei", tmp_path / "m.zip", format=kind)
    processor, clock = time.process_time() - began[0], time.perf_counter() - began[1]
    weights = 4 * sum(one.numel() for one in cellseg.load("nuclei").network.parameters())
    size = (tmp_path / "m.zip").stat().st_size
    print(
        f"\n{kind}: {processor:.1f} s ({clock:.1f} s by the clock), {size / 1e6:.2f} MB, {size / weights:.2f} weights"
    )
    assert processor < 60
    assert kind != "bioimageio" or size < 2 * weights
