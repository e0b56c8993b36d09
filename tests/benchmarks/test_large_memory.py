"""Memory of `cellseg predict` on images of different sizes: a process of its own each, its peak as the system says.

python -m pytest -m benchmark -s tests/benchmarks/test_large_memory.py
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from scipy.ndimage import gaussian_filter

import cellseg
from cellseg.models.trained import as_model, save
from cellseg.samples.sample import make_sample

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3 * 3600)]
BLOCK = 512


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    """A narrow network made by hand: bright pixels are cells. So the memory is measured, and not the network."""
    narrow = cellseg.build("unet", base=4, depth=2)
    with torch.no_grad():
        for weights in narrow.parameters():
            weights.zero_()
        for layer in narrow.modules():
            if isinstance(layer, torch.nn.Conv2d):  # hand on the first channel, of the skip where two are joined
                layer.weight[0, 0, layer.kernel_size[0] // 2, layer.kernel_size[1] // 2] = 1
        narrow.classify.weight.copy_(torch.tensor([-9.0, 9.0])[:, None, None, None] * torch.eye(1, 4)[..., None, None])
        narrow.classify.bias.copy_(torch.tensor([1.0, -1.0]))
    file = tmp_path_factory.mktemp("model") / "model.safetensors"
    save(as_model(narrow), file)
    return file


@pytest.mark.parametrize("size", [8192, 32768])
def test_peak_memory_does_not_grow_with_the_image(size, network, tmp_path):
    noisy = make_sample("touching", (BLOCK, BLOCK), np.random.default_rng(1))[0]
    block = np.rint(gaussian_filter(noisy.astype(float), 2)).astype(np.uint8)
    blocks = (block for _ in range((size // BLOCK) ** 2))
    tifffile.imwrite(
        tmp_path / "image.tif", blocks, shape=(size, size), dtype=np.uint8, tile=(BLOCK, BLOCK), bigtiff=True
    )
    command = [sys.executable, "-m", "cellseg", "predict", str(network), str(tmp_path / "image.tif")]
    start = time.perf_counter()
    with subprocess.Popen([*command, "--out", str(tmp_path / "out.tif"), "--memory", "1GB"]) as process:
        peak = watch(process)
    assert process.returncode == 0
    with tifffile.TiffFile(tmp_path / "out.tif") as tif:
        cells = int(tif.series[0].levels[-1].asarray().max())
    print(f"\n{size} x {size}, about {cells} cells: peak {peak / 1e9:.2f} GB, {time.perf_counter() - start:.0f} s")
    os.unlink(tmp_path / "out.tif")


def watch(process):
    """Largest resident memory of a process in bytes, read until it ends."""
    peak = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status")
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        peak = max(peak, int(found[1]) * 1024 if found else 0)
        time.sleep(0.5)
    return peak
