"""Numerical precision of the network."""

from __future__ import annotations

import numpy as np

from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.inference.runner import Arithmetic, Runner
from cellseg.inference.seen import SeenImage
from cellseg.models.hardware import computes_bfloat16, prediction_device

SAME_CLASS = 0.999
"""Part of the pixels that must keep their class for bfloat16 to be chosen."""
CUTS = tuple(round(0.1 * k, 1) for k in range(1, 10))
"""Thresholds at each of which they must keep it: one prediction is cut at many, while a training looks for the best one
and under the sliders of the window, and its arithmetic must not follow from the one that is set."""


def choose_precision(seen: SeenImage, runner: Runner) -> tuple[Arithmetic, str]:
    """The arithmetic that `--precision` means for an image, and why.

    Not given, it is bfloat16 where the machine computes with it and where a sample of the image's first plane shows
    that 99.9 % of the pixels keep their class, whatever the threshold.
    """
    only = getattr(seen.network, "arithmetic", None)
    if only is not None:
        _refuse_other(seen.options.precision, only)
        return only, "as it was exported"
    if seen.options.precision is not None:
        return seen.options.precision, "as asked"
    if not computes_bfloat16(prediction_device()):
        return "float32", "no bfloat16 hardware"
    same = _kept_classes(seen, runner)
    return ("bfloat16" if same >= SAME_CLASS else "float32"), f"bfloat16 keeps the class of {same:.2%} of the pixels"


def _refuse_other(asked: Arithmetic | None, only: Arithmetic) -> None:
    """InputError where another arithmetic is asked of an exported network than it has."""
    if asked not in (None, only):
        raise InputError(f"--precision is {asked}, and an exported network computes in {only}", "Leave it out.")


def _kept_classes(seen: SeenImage, runner: Runner) -> float:
    """Part of the pixels of a sample that have the same class by bfloat16, at the threshold where it is smallest."""
    sample = seen.image.sample(0, seen.geometry)
    if runner.adaptive:
        runner.see(sample, 0)
    exact, fast = (_probabilities(runner, name, sample) for name in ("float32", "bfloat16"))
    return kept_classes(exact, fast)


def kept_classes(exact: Float32, fast: Float32) -> float:
    """Part of the pixels of the same class in two probabilities (N, classes, H, W), the smallest over all `CUTS`.

    With more than two classes there is no threshold: the class is the likeliest one.
    """
    if exact.shape[1] > 2:
        return float(np.mean(exact.argmax(axis=1) == fast.argmax(axis=1)))
    return min(float(np.mean((exact[:, 1] >= cut) == (fast[:, 1] >= cut))) for cut in CUTS)


def _probabilities(runner: Runner, precision: Arithmetic, sample: Float32) -> Float32:
    runner.precision = precision
    return np.stack([runner(pixels) for pixels in sample])
