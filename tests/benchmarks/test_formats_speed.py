"""Bytes, processor seconds and memory of reading and writing large images. Shown with `pytest -m benchmark -s`.

CELLSEG_SIDE is the side of the images in pixels, a multiple of 2048; 32768 makes files of 4 GB before compression.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from time import process_time

import numpy as np
import pytest
import tifffile

from cellseg.samples.sample import make_sample

SIDE = int(os.environ.get("CELLSEG_SIDE", "16384"))
PART = 2048
RUN = """
import sys, time
from pathlib import Path
import numpy as np
from cellseg.images.layout import ResultLayout
from cellseg.images.normalise import measure
from cellseg.images.open import open_image
from cellseg.images.write import write_tiled

def peak():  # of this process alone, in MB
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024

what, path, side, dtype, source = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
if what == "write":
    part = np.load(source).astype(dtype)
    n = len(part)
    layout = ResultLayout(height=side, width=side, dtype=np.dtype(dtype), tile=(512, 512), labels=dtype == "uint32")
    blocks = (part[r.start % n : r.start % n + 512, c.start % n : c.start % n + 512] for r, c in layout.tiles)
    step = lambda: write_tiled(path, layout, blocks)
elif what == "read":
    image = open_image(path)
    def step():
        for top in range(0, side, 516):
            for left in range(0, side, 516):
                rows, columns = (slice(max(0, at - 44), min(side, at + 560)) for at in (top, left))
                image.read(0, rows, columns)
else:
    image = open_image(path)
    step = lambda: measure(image, 0)
before = peak()
start = time.process_time()
step()
print(time.process_time() - start, before, peak())
"""

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("large")
    image, labels = make_sample("touching", (PART, PART), np.random.default_rng(0))
    np.save(folder / "uint8.npy", image)
    np.save(folder / "uint32.npy", labels)
    return folder


def _run(what: str, path: Path, dtype: str) -> str:
    words = [sys.executable, "-c", RUN, what, str(path), str(SIDE), dtype, str(path.parent / f"{dtype}.npy")]
    seconds, before, after = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
    return f"{float(seconds) / SIDE**2 * 2**30:6.1f} s of processor a gigapixel, memory {before} -> {after} MB"


@pytest.mark.parametrize("dtype", ["uint8", "uint32"])
@pytest.mark.parametrize("suffix", [".tif", ".ome.zarr"])
def test_write_read_measure(folder, suffix, dtype):
    path = folder / f"{dtype}{suffix}"
    print(f"\n{SIDE} x {SIDE} {dtype} {suffix}, {SIDE**2 * np.dtype(dtype).itemsize / 2**20:.0f} MB of pixels")
    print("  write, with pyramid        ", _run("write", path, dtype))
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file()) or path.stat().st_size
    print(f"  {size / 2**20:.0f} MB on disk")
    print("  read in tiles with a margin", _run("read", path, dtype))
    print("  measure mean and deviation ", _run("measure", path, dtype))


def test_how_to_compress(tmp_path):
    labels = make_sample("touching", (2 * PART, 2 * PART), np.random.default_rng(0))[1].astype(np.uint32)
    print(f"\nuint32 labels, {labels.nbytes / 2**20:.0f} MB, {labels.max()} cells, tiles of 256")
    for name, level in (("zlib", 1), ("zlib", 6), ("zstd", 1), ("zstd", 3), ("lzw", None)):
        for predictor in (False, True):
            settings = {"level": level} if level else None
            start = process_time()
            how = {"compression": name, "compressionargs": settings, "predictor": predictor, "maxworkers": 1}
            tifffile.imwrite(tmp_path / "a.tif", labels, tile=(256, 256), **how)
            seconds, size = process_time() - start, (tmp_path / "a.tif").stat().st_size
            print(f"  {name} {level or ' '} predictor {predictor!s:5}: {size / 1e6:6.2f} MB, {seconds:.2f} s")
