"""Instances block by block: the same as in memory, how fast, and in how much memory; run by `make bench`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from cellseg.inference.instances import InstanceOptions, label_instances, label_plane, link_planes

pytestmark = pytest.mark.benchmark

SIDE, CELLS = 4096, 20_000
OPTIONS = {
    "components": InstanceOptions(),
    "holes, small ones": InstanceOptions(fill_holes=60, minimum_size=40),
    "growth": InstanceOptions(grow=2),
    "watershed": InstanceOptions(fill_holes=60, split="watershed"),
}


def cells(rows: slice, columns: slice, step: int = 29) -> np.ndarray:
    """A part of an endless mask, bool: a disc on each place of a grid, its radius and holes following from the place.

    Discs that are large reach their neighbours, so that some components have many cells.
    """
    y, x = np.mgrid[rows, columns]
    number = (y // step) * 7919 + (x // step) * 104_729
    radius = 10.5 + 4.5 * ((number * 2654435761 % 1000) / 1000)
    away = (y % step - step // 2) ** 2 + (x % step - step // 2) ** 2
    return (away < radius**2) & ((away >= 9) | (number % 5 > 0))


@pytest.fixture(scope="module")
def mask():
    found = cells(slice(0, SIDE), slice(0, SIDE))
    warm = {"fill_holes": 5, "minimum_size": 5, "grow": 1, "split": "watershed"}
    label_instances(found[:64, :64], **warm)  # compile
    return found


def touching(mask):
    """Larger cells: nearly all touch."""
    return ndimage.binary_dilation(mask, iterations=2)


def fields(options: InstanceOptions) -> dict[str, object]:
    return {name: getattr(options, name) for name in options.__slots__}


def say(capsys, text: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{text}")


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("change", [np.asarray, touching], ids=["apart", "touching"])
def test_the_same_at_four_block_sizes(capsys, tmp_path, mask, options, change):
    mask = change(mask)
    start = time.process_time()
    whole = label_instances(mask, **fields(options))
    say(capsys, f"{whole.max()} instances; whole: {time.process_time() - start:.2f} s of processor")
    for block in (256, 512, 1000, 2048):
        start = time.process_time()
        plane = label_plane(lambda y, x: mask[y, x], SIDE, SIDE, options=options, block=block, scratch=tmp_path / "s")
        labelled = time.process_time()
        found = np.empty_like(whole)
        for top in range(0, SIDE, 256):
            for left in range(0, SIDE, 256):
                part = slice(top, top + 256), slice(left, left + 256)
                found[part] = plane.read(*part)
        read = time.process_time()
        say(capsys, f"  block {block}: label {labelled - start:.2f} s, read in tiles {read - labelled:.2f} s")
        np.testing.assert_array_equal(found, whole)
    assert whole.max() > 0.8 * CELLS or change is touching


def label_and_read(height: int, width: int, name: str, scratch: Path) -> dict[str, float]:
    """Label a plane and read it once, block by block; what that took from this process."""
    import resource

    label_plane(cells, 700, 700, options=OPTIONS[name], scratch=scratch)  # compile
    start = time.process_time()
    plane = label_plane(cells, height, width, options=OPTIONS[name], scratch=scratch)
    for top in range(0, height, 256):
        for left in range(0, width, 256):
            plane.read(slice(top, top + 256), slice(left, left + 256))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e3 if sys.platform != "darwin" else 1e6)
    return {"instances": plane.count, "megabytes": peak, "seconds": time.process_time() - start}


def measured(capsys, height: int, width: int, name: str, scratch: Path) -> dict[str, float]:
    """`label_and_read` in a process of its own."""
    pytest.importorskip("resource")
    arguments = [str(height), str(width), name, str(scratch)]
    done = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    say(
        capsys,
        f"{name}, {height} x {width}: {found['instances']} instances, peak of the process {found['megabytes']:.0f} MB, "
        f"{found['seconds']:.1f} s of processor with making the mask",
    )
    return found


@pytest.mark.parametrize("name", OPTIONS)
def test_memory_does_not_grow_with_the_area(capsys, tmp_path, name):
    """Planes of equal width and growing height: what is left of growth are the tables of the components."""
    small, large = (measured(capsys, height, 4096, name, tmp_path / "s") for height in (2048, 16_384))
    tables = 400e-6 * (large["instances"] - small["instances"])
    assert large["megabytes"] < small["megabytes"] + tables + 10  # a byte a pixel would be 59


def test_a_large_plane(capsys, tmp_path):
    found = measured(capsys, 16_384, 16_384, "holes, small ones", tmp_path / "s")
    assert found["megabytes"] < 600  # its labels alone would be 1074


def test_links_of_two_large_planes(capsys, mask):
    moved = np.roll(mask, (3, 2), (0, 1))
    planes = [label_plane(lambda y, x, m=m: m[y, x], SIDE, SIDE) for m in (mask, moved)]
    start = time.process_time()
    first, second = link_planes(planes, 0.25)
    seconds = time.process_time() - start
    say(capsys, f"links of {first.count} with {second.count} instances: {seconds:.2f} s, largest id {second.largest}")
    assert second.largest < 1.1 * first.count


if __name__ == "__main__":
    result = label_and_read(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
    sys.stdout.write(json.dumps(result))
