"""Numerical precision of the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.inference.cut import cuts_of
from cellseg.inference.runner import Arithmetic, Runner
from cellseg.inference.seen import SeenImage
from cellseg.models.hardware import computes_bfloat16, prediction_device

SAME_CLASS = 0.999
"""Part of the pixels that must keep their class for bfloat16 to be chosen."""


def choose_precision(seen: SeenImage, runner: Runner) -> tuple[Arithmetic, str]:
    """The arithmetic that `--precision` means for an image, and why.

    Not given, it is bfloat16 where the machine computes with it and where a sample of the image's first plane shows
    that 99.9 % of the pixels keep their class.
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
    """Part of the pixels of a sample that have the same class by bfloat16."""
    sample, threshold = seen.image.sample(0, seen.geometry), cuts_of(seen.trained.card, seen.options)[0]
    if runner.adaptive:
        runner.see(sample, plane=0)
    exact, fast = (_classes(runner, name, sample, threshold) for name in ("float32", "bfloat16"))
    return float(np.mean(exact == fast))


def _classes(
    runner: Runner, precision: Arithmetic, sample: NDArray[np.float32], threshold: float
) -> NDArray[np.generic]:
    runner.precision = precision
    probabilities = np.stack([runner(pixels) for pixels in sample])
    return probabilities[:, 1] >= threshold if probabilities.shape[1] == 2 else probabilities.argmax(axis=1)
