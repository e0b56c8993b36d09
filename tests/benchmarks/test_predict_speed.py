"""How fast prediction is beside the bare network, the machine and MONAI's sliding window; ratios in one process.

make bench                       (all)
python -m pytest -m benchmark -s tests/benchmarks/test_predict_speed.py
"""

import copy
import os
import re
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.allocator import keep_memory
from cellseg.images.open import open_image
from cellseg.inference.memory import resident
from cellseg.inference.opened import prediction_in_memory
from cellseg.inference.runner import Runner
from cellseg.inference.seen import seen_by
from cellseg.inference.segment import segment
from cellseg.inference.tile_cost import OVERHEAD
from cellseg.models.cost import forward_bytes
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions
from cellseg.samples.sample import make_sample

pytestmark = pytest.mark.benchmark
SIZE = 4096
ROUNDS = 2


@pytest.fixture(scope="module", autouse=True)
def all_cores():
    threads = torch.get_num_threads()
    torch.set_num_threads(os.cpu_count())
    keep_memory()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return as_model(cellseg.build("unet", base=32, depth=3, norm="batch", dropout=0.0).eval())


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    path = tmp_path_factory.mktemp("image") / "image.tif"
    block = make_sample("touching", (1024, 1024), np.random.default_rng(0))[0]
    pixels = np.tile(block, (SIZE // 1024, SIZE // 1024))
    tifffile.imwrite(path, pixels, tile=(512, 512), photometric="minisblack")
    return path


def seconds(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fastest(**works):
    """The shortest time of each, taken in turns."""
    times = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: min(values) for name, values in times.items()}


def bare(prediction):
    """The forward passes of a prediction and nothing else."""
    seen, tile, count = prediction.seen, prediction.planned[0], len(prediction.planned)
    runner = Runner(seen.network, prediction.decisions.precision)
    runner.see(seen.image.sample(0, seen.geometry))
    x = torch.zeros(1, 1, tile.read.height, tile.read.width).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def passes():
        for _ in range(count):
            runner._ready(x)

    return passes


def test_end_to_end_beside_the_bare_network(model, image, tmp_path):
    options = PredictOptions(precision="float32", memory="4GB")
    prediction = prediction_in_memory(seen_by(model, open_image(image), options), side=None)
    decisions, out = prediction.decisions, tmp_path / "out.tif"
    found = fastest(
        bare=bare(prediction),
        pipeline=lambda: list(prediction.compute(prediction.planned)),
        file=lambda: list(segment(model, open_image(image), out, options)),
    )
    print(f"\ntiles of {decisions.tile}: bare {SIZE**2 / found['bare'] / 1e6:.2f} Mpx/s")
    print(f"tiles in, probabilities out: {found['bare'] / found['pipeline']:.0%} of the bare network's speed")
    print(f"file in, file of instances out: {found['bare'] / found['file']:.0%}")


def test_beside_monais_sliding_window(image):
    inferers = pytest.importorskip("monai.inferers")
    networks = pytest.importorskip("monai.networks.nets")
    model = cellseg.build("unet", base=32, depth=4, norm="batch").eval()
    padded = networks.BasicUNet(2, 1, 2, features=(32, 64, 128, 256, 512, 32), norm="batch", dropout=0.0).eval()
    last = copy.deepcopy(padded).to(memory_format=torch.channels_last)
    pixels = tifffile.imread(image)[:2048, :2048]
    x = torch.from_numpy(((pixels - pixels.mean()) / pixels.std()).astype(np.float32))[None, None]
    window = inferers.SlidingWindowInferer((512, 512), overlap=0.25, mode="gaussian")

    @torch.inference_mode()
    def as_people_use_it():
        window(x, padded)

    @torch.inference_mode()
    def in_our_memory_format():
        window(x.contiguous(memory_format=torch.channels_last), last)

    def ours():
        for _ in cellseg.predict(model, pixels, precision="float32", memory="4GB"):
            pass

    found = fastest(ours=ours, monai=as_people_use_it, channels_last=in_our_memory_format)
    print(f"\n{found['monai'] / found['ours']:.2f} times as fast as MONAI's sliding window as people use it")
    print(f"{found['channels_last'] / found['ours']:.2f} times with the same precision and memory format")


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16], ids=str)
def test_the_bare_network_beside_the_machines_matrix_product(model, precision):
    network = model.network.to(memory_format=torch.channels_last)
    size = network.geometry.input_size(1024)
    x = torch.randn(1, 1, size, size).to(memory_format=torch.channels_last)
    a, b = torch.randn(2, 4096, 4096).to(precision).unbind()

    @torch.inference_mode()
    def forward():
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            network(x)

    found = fastest(forward=forward, product=lambda: torch.mm(a, b))
    rate, most = operations(network, x) / found["forward"], 2 * 4096**3 / found["product"]
    print(f"\n{precision}: network {rate / 1e9:.0f} GFLOP/s, torch.mm {most / 1e9:.0f} GFLOP/s, {rate / most:.0%}")


def operations(network, x):
    """Multiplications and additions of the convolutions of a forward pass."""
    total = 0

    def count(layer, inputs, output):
        nonlocal total
        per_pixel = 2 * layer.in_channels * layer.out_channels * layer.kernel_size[0] * layer.kernel_size[1]
        seen = inputs[0] if isinstance(layer, torch.nn.ConvTranspose2d) else output
        total += per_pixel * seen.shape[-2] * seen.shape[-1]

    layers = [m for m in network.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.ConvTranspose2d))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    with torch.inference_mode():
        network(x)
    for hook in hooks:
        hook.remove()
    return total


@pytest.mark.parametrize(("base", "side"), [(16, 512), (16, 1024), (32, 512), (32, 1024)])
def test_memory_of_a_pass_beside_its_estimate(base, side):
    with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
        taken, lives = fresh.submit(memory_of_a_pass, base, side).result()
    print(
        f"\n{base} channels, tile {side}: {taken / 1e6:.0f} MB taken for {lives / 1e6:.0f} MB that live at one time: ",
        end="",
    )
    print(f"{taken / lives:.2f} (reckoned with {OVERHEAD})")


def memory_of_a_pass(base, side):
    """Bytes that the process grows by at most, and bytes of living tensors."""
    keep_memory()
    network = cellseg.build("unet", base=base, depth=3, norm="batch")
    size = network.geometry.input_size(side)
    lives, runner = forward_bytes(network, (1, 1, size, size)), Runner(network, "float32")
    runner(np.zeros((1, 92, 92), np.float32))
    before = resident()
    runner(np.zeros((1, size, size), np.float32))
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak[1]) * 1024 - before, lives
