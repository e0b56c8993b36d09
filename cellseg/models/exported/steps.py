"""Steps of bioimage.io before and after a network by their descriptions; what cannot be done is refused by name.

What a step measures, it measures in the whole image. Statistics of a data set are those of the image, as in the
library of bioimage.io where one image is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.images.grey_steps import (
    Above,
    Cast,
    Clipped,
    ClippedRange,
    GreyStep,
    Linear,
    MeasuredStep,
    PixelStep,
    Ranged,
    Sigmoid,
    Standardised,
)
from cellseg.models.exported.axes import ELSEWHERE, AxisRole


@dataclass(frozen=True, slots=True)
class Softmax:
    """Values of all channels become shares of 1."""


@dataclass(frozen=True, slots=True)
class TensorAxes:
    """Axes of a tensor.

    Attributes:
        ids: their names.
        roles: their meanings.
    """

    ids: tuple[str, ...]
    roles: tuple[AxisRole, ...]

    def role(self, axis: Any) -> AxisRole:
        return self.roles[self.ids.index(str(axis))]


def steps_before(tensor: Any, axes: TensorAxes, path: Path) -> tuple[GreyStep, ...]:
    """Steps from an image to the network's input. Raises InputError with the name of one that cannot be done."""
    found = [_step(one, axes, str(tensor.id), path) for one in tensor.preprocessing]
    return tuple(_no_softmax(step, path) for step in found)


def _no_softmax(step: GreyStep | Softmax, path: Path) -> GreyStep:
    if isinstance(step, Softmax):
        raise _refused("softmax before the network", path)
    return step


def steps_after(tensor: Any, axes: TensorAxes, path: Path) -> tuple[PixelStep | Softmax, ...]:
    """Steps from the network's output to the result; those that measure the whole output cannot be done in tiles."""
    found: list[PixelStep | Softmax] = []
    for one in tensor.postprocessing:
        step = _step(one, axes, str(tensor.id), path)
        if isinstance(step, MeasuredStep):
            raise _refused(f"{one.id} of the whole output", path)
        found.append(step)
    return tuple(found)


def _step(described: Any, axes: TensorAxes, tensor: str, path: Path) -> GreyStep | Softmax:
    if described.id not in STEPS:
        raise _refused(described.id, path)
    reference = getattr(described.kwargs, "reference_tensor", None)
    if reference is not None and str(reference) != tensor:
        raise _refused(f"{described.id} by the tensor {reference}", path)
    along = getattr(described.kwargs, "axis", None)
    if along is not None and axes.role(along) != "channel":
        raise _refused(f"{described.id} along the axis {along}", path)
    return STEPS[described.id](described, axes, path)


def _joint(described: Any, axes: TensorAxes, path: Path) -> bool:
    """True for a step that measures all channels together. Raises InputError for rows or columns alone."""
    named = described.kwargs.axes
    if named is None:
        return True
    roles = {axes.role(axis) for axis in named}
    if not {"y", "x"} <= roles:
        raise _refused(f"{described.id} along the axes {', '.join(map(str, named))}", path)
    return "channel" in roles


def _linear(described: Any, axes: TensorAxes, path: Path) -> GreyStep:
    kwargs = described.kwargs
    return Linear(_numbers(kwargs.gain), _numbers(kwargs.offset))


def _fixed(described: Any, axes: TensorAxes, path: Path) -> GreyStep:
    """(value - mean) / std, by the library of bioimage.io with a tiny number beside std."""
    scales = [std + FIXED_EPS for std in _numbers(described.kwargs.std)]
    means = _numbers(described.kwargs.mean)
    offsets = (-mean / scale for mean, scale in zip(means, scales, strict=True))
    return Linear(tuple(1 / scale for scale in scales), tuple(offsets))


FIXED_EPS = 1e-6


def _range(described: Any, axes: TensorAxes, path: Path) -> GreyStep:
    kwargs = described.kwargs
    return Ranged(kwargs.min_percentile, kwargs.max_percentile, _joint(described, axes, path), kwargs.eps)


def _clip(described: Any, axes: TensorAxes, path: Path) -> GreyStep:
    kwargs = described.kwargs
    least = -np.inf if kwargs.min is None else float(kwargs.min)
    most = np.inf if kwargs.max is None else float(kwargs.max)
    if kwargs.min_percentile is None and kwargs.max_percentile is None:
        return Clipped((least,), (most,))
    joint = _joint(described, axes, path)
    return ClippedRange(kwargs.min_percentile, kwargs.max_percentile, joint, least, most)


STEPS: dict[str, Callable[[Any, TensorAxes, Path], GreyStep | Softmax]] = {
    "binarize": lambda one, axes, path: Above(_numbers(one.kwargs.threshold)),
    "clip": _clip,
    "ensure_dtype": lambda one, axes, path: Cast(one.kwargs.dtype),
    "fixed_zero_mean_unit_variance": _fixed,
    "scale_linear": _linear,
    "scale_range": _range,
    "sigmoid": lambda one, axes, path: Sigmoid(),
    "softmax": lambda one, axes, path: Softmax(),
    "zero_mean_unit_variance": lambda one, axes, path: Standardised(_joint(one, axes, path), one.kwargs.eps),
}
"""What is made of a description; other steps are refused."""


def _numbers(value: Any) -> tuple[float, ...]:
    return tuple(map(float, value)) if isinstance(value, Sequence) else (float(value),)


def _refused(what: str, path: Path) -> InputError:
    return InputError(f"asks for {what}, which cellseg does not do", ELSEWHERE, path=path)


def stepped_output(found: Float32, steps: Sequence[PixelStep | Softmax]) -> Float32:
    """Values (N, K, H, W) of an output after the steps."""
    values = found.astype(np.float64)
    for step in steps:
        if isinstance(step, Softmax):
            values = np.exp(values - values.max(axis=1, keepdims=True))
            values /= values.sum(axis=1, keepdims=True)
        else:
            values = np.stack([step.of(values[:, k], k) for k in range(values.shape[1])], axis=1)
    return values.astype(np.float32)
