"""Bytes and speed of this checkout against those of an older one.

    git worktree add OLD COMMIT
    python tests/benchmarks/compare_commits.py OLD [bytes] [speed]

bytes: the same models after 20 steps of each recipe (same seed, float32), the same predictions of five images (each
kind of result, whole, in tiles, and resumed after a kill), the same weight maps. speed: ratios of medians of
interleaved runs, this checkout to the old one; on an idle machine. Ends with exit code 1 where bytes differ.
"""

from __future__ import annotations

import hashlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile
from safetensors import safe_open

from cellseg import make_sample

HERE = Path(__file__).resolve().parents[2]
RECIPES = ("fast", "quick", "paper", "finetune")
RESULTS = ("instances", "classes", "probabilities")
IMAGES = {  # kind of sample, shape of a plane, planes, grey values
    "blobs": ("blobs", (300, 260), 1, np.uint8),
    "touching": ("touching", (257, 311), 1, np.uint16),
    "em": ("em", (280, 280), 1, np.uint8),
    "stack": ("blobs", (160, 190), 3, np.uint8),
    "float": ("touching", (222, 222), 1, np.float32),
}
RUNS = 9


def cellseg_of(checkout: Path, *words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command line of a checkout."""
    command = [sys.executable, "-m", "cellseg", *map(str, words)]
    done = subprocess.run(command, env=environment(checkout), capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise SystemExit(f"{checkout}: {' '.join(command)}\n{done.stderr[-2000:]}")
    return done


def environment(checkout: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}


def make_images(folder: Path) -> None:
    """The five images and their labels."""
    for number, (name, (kind, shape, planes, dtype)) in enumerate(IMAGES.items()):
        rng = np.random.default_rng(number)
        drawn = [make_sample(kind, shape, rng) for _ in range(planes)]
        image = np.stack([plane for plane, _ in drawn]).astype(dtype)
        scaled = image * dtype(200) if dtype == np.uint16 else image
        tifffile.imwrite(folder / f"{name}.tif", scaled, photometric="minisblack")
        tifffile.imwrite(folder / f"{name}-labels.tif", np.stack([x for _, x in drawn]), photometric="minisblack")


def tensors(file: Path) -> str:
    """Hash of the weights of a model file; its card may be written in other words."""
    found = hashlib.sha256()
    with safe_open(file, "np") as model:
        for name in sorted(model.keys()):
            found.update(name.encode() + model.get_tensor(name).tobytes())
    return found.hexdigest()


def pixels(file: Path) -> str:
    array = tifffile.imread(file)
    return hashlib.sha256(f"{array.dtype}{array.shape}".encode() + array.tobytes()).hexdigest()


def trained(checkout: Path, recipe: str, data: Path, out: Path) -> str:
    start = ["--from", "nuclei"] if recipe == "finetune" else []
    small = ["--base", "8", "--tile", "92"] if recipe == "paper" else []
    words = ["--images", data / "touching.tif", "--labels", data / "touching-labels.tif", "--recipe", recipe]
    words += [*start, *small, "--steps", 20, "--precision", "float32", "--validation", 0]
    cellseg_of(checkout, "train", *words, "--out", out)
    return tensors(out / "model.safetensors")


def predicted(checkout: Path, image: Path, out: Path, result: str, *words: object) -> str:
    cellseg_of(checkout, "predict", "nuclei", image, "--out", out, "--result", result, *words)
    return pixels(out)


def resumed(checkout: Path, image: Path, out: Path) -> str:
    """The result of a prediction that was killed after its first tiles."""
    words = ["predict", "nuclei", str(image), "--out", str(out), "--tile", "32", "--average", "dihedral8"]
    command = [sys.executable, "-m", "cellseg", *words]
    process = subprocess.Popen(command, env=environment(checkout), stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(out.parent.glob(f".{out.stem}*/*/c/0/0/*/*")):
        time.sleep(0.02)
    killed = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert killed, "the prediction ended before it could be killed"
    cellseg_of(checkout, *words, "--resume")
    return pixels(out)


def compare_bytes(old: Path, place: Path) -> int:
    """Print what is the same and what is not; returns the number of differences."""
    make_images(place)
    jobs = {f"train {recipe}": lambda c, o, r=recipe: trained(c, r, place, o) for recipe in RECIPES}
    for name in IMAGES:
        image = place / f"{name}.tif"
        for result in RESULTS:
            for tile in ("auto", "64"):
                label = f"predict {name} {result} --tile {tile}"
                jobs[label] = lambda c, o, i=image, r=result, t=tile: predicted(c, i, tif(o), r, "--tile", t)
        jobs[f"predict {name}, resumed"] = lambda c, o, i=image: resumed(c, i, tif(o))
        jobs[f"weights {name}"] = lambda c, o, n=name: weighed(c, place / f"{n}-labels.tif", tif(o))
    different = 0
    for number, (label, job) in enumerate(jobs.items()):
        one, other = (job(c, place / f"{n}-{number}") for n, c in (("old", old), ("new", HERE)))
        different += one != other
        print(f"{'same' if one == other else 'DIFFERENT':10}{label}", flush=True)
    print(f"{len(jobs) - different} of {len(jobs)} are the same bytes")
    return different


def tif(path: Path) -> Path:
    return path.with_name(path.name + ".tif")


def weighed(checkout: Path, labels: Path, out: Path) -> str:
    cellseg_of(checkout, "weights", labels, "--out", out)
    return pixels(out)


def compare_speed(old: Path, place: Path) -> None:
    """Print ratios of medians of interleaved runs."""
    image, labels = make_sample("touching", (1024, 1024), np.random.default_rng(0))
    tifffile.imwrite(place / "large.tif", image)
    tifffile.imwrite(place / "large-labels.tif", labels)
    data = ["--images", place / "large.tif", "--labels", place / "large-labels.tif", "--validation", 0]
    jobs = {
        "predict 1024 x 1024": lambda c, o: cellseg_of(c, "predict", "nuclei", place / "large.tif", "--out", tif(o)),
        "train, 60 steps": lambda c, o: cellseg_of(c, "train", *data, "--steps", 60, "--out", o),
        "cellseg --help": lambda c, o: cellseg_of(c, "--help"),
        "import cellseg": lambda c, o: subprocess.run([sys.executable, "-c", "import cellseg"], env=environment(c)),
    }
    for label, job in jobs.items():
        times: dict[Path, list[float]] = {old: [], HERE: []}
        for run in range(RUNS + 1):  # the first warms the caches up
            for checkout in (old, HERE):
                began = time.perf_counter()
                job(checkout, place / f"{label[:5]}-{checkout.name}-{run}")
                times[checkout].append(time.perf_counter() - began)
        before, after = (statistics.median(times[checkout][1:]) for checkout in (old, HERE))
        print(f"{label:24} {before:7.2f} s -> {after:7.2f} s, ratio {after / before:.3f}", flush=True)


def main() -> None:
    old, wanted = Path(sys.argv[1]).resolve(), sys.argv[2:] or ["bytes", "speed"]
    different = 0
    with tempfile.TemporaryDirectory() as place:
        if "bytes" in wanted:
            different = compare_bytes(old, Path(place))
        if "speed" in wanted:
            compare_speed(old, Path(place))
    raise SystemExit(1 if different else 0)


if __name__ == "__main__":
    main()
