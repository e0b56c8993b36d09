"""Grey values by steps, one after the other: each is a function of single pixels once its numbers are known.

They are the standard steps of bioimage.io, which packages of other programs name. Numbers that a step takes from the
image are measured in the whole plane, of what the steps before it make of it, so no tile changes them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from cellseg.arrays import Array, Float32, Float64
from cellseg.errors import InputError
from cellseg.images.contrast import is_flat
from cellseg.images.normalise import pieces, refuse_broken, unusable
from cellseg.images.order import ranked
from cellseg.images.source import ImageSource

Numbers = tuple[float, ...]
"""A number for each channel, or one for all of them."""


class PixelStep(Protocol):
    """A function of single pixels."""

    def of(self, values: Float64, channel: int) -> Float64:
        """Values (h, w) of one channel after the step."""
        ...


@dataclass(frozen=True, slots=True)
class Linear:
    """Values times gain plus offset."""

    gain: Numbers
    offset: Numbers

    def of(self, values: Float64, channel: int) -> Float64:
        return values * _number(self.gain, channel) + _number(self.offset, channel)


@dataclass(frozen=True, slots=True)
class Clipped:
    """Values between two others; infinite ones are none."""

    low: Numbers = (-np.inf,)
    high: Numbers = (np.inf,)

    def of(self, values: Float64, channel: int) -> Float64:
        return np.clip(values, _number(self.low, channel), _number(self.high, channel))


@dataclass(frozen=True, slots=True)
class Above:
    """1 where a value is above the threshold, else 0."""

    threshold: Numbers

    def of(self, values: Float64, channel: int) -> Float64:
        return (values > _number(self.threshold, channel)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """1 / (1 + exp(-value))."""

    def of(self, values: Float64, channel: int) -> Float64:
        with np.errstate(over="ignore"):
            found: Float64 = 1 / (1 + np.exp(-values))
        return found


@dataclass(frozen=True, slots=True)
class Cast:
    """Values as another type of number holds them."""

    dtype: str

    def of(self, values: Float64, channel: int) -> Float64:
        with np.errstate(invalid="ignore", over="ignore"):
            return values.astype(self.dtype).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Standardised:
    """Mean 0 and deviation 1, of each channel or of all together (joint)."""

    joint: bool
    eps: float = 1e-6

    def settled(self, plane: SteppedPlane) -> PixelStep:
        moments = plane.moments(self.joint)
        scales = [(mean, std + self.eps) for mean, std in moments]
        return Linear(tuple(1 / scale for _, scale in scales), tuple(-mean / scale for mean, scale in scales))


@dataclass(frozen=True, slots=True)
class Ranged:
    """Two percentiles become 0 and 1, of each channel or of all together (joint)."""

    low: float
    high: float
    joint: bool
    eps: float = 1e-6

    def settled(self, plane: SteppedPlane) -> PixelStep:
        ends = plane.percentiles((self.low, self.high), self.joint)
        spans = [(low, high - low + self.eps) for low, high in ends]
        return Linear(tuple(1 / span for _, span in spans), tuple(-low / span for low, span in spans))


@dataclass(frozen=True, slots=True)
class ClippedRange:
    """Values between two percentiles, or numbers where there is no percentile."""

    low: float | None
    high: float | None
    joint: bool
    least: float = -np.inf
    most: float = np.inf

    def settled(self, plane: SteppedPlane) -> PixelStep:
        asked = (self.low or 0.0, 100.0 if self.high is None else self.high)
        ends = plane.percentiles(asked, self.joint, between=False)
        low = tuple(self.least if self.low is None else end[0] for end in ends)
        high = tuple(self.most if self.high is None else end[1] for end in ends)
        return Clipped(low, high)


MeasuredStep = Standardised | Ranged | ClippedRange
"""Steps whose numbers come from the image."""
GreyStep = Linear | Clipped | Above | Sigmoid | Cast | MeasuredStep
KINDS: dict[str, Callable[..., GreyStep]] = {
    kind.__name__: kind for kind in (Linear, Clipped, Above, Sigmoid, Cast, Standardised, Ranged, ClippedRange)
}


def _number(numbers: Numbers, channel: int) -> float:
    return numbers[channel if len(numbers) > 1 else 0]


def steps_text(steps: Sequence[GreyStep]) -> str:
    """The steps as they stand in a card (JSON)."""
    return json.dumps([{"step": type(step).__name__, **asdict(step)} for step in steps])


def read_steps(text: str) -> tuple[GreyStep, ...]:
    """The steps from their text. Raises InputError where they are not understood."""
    try:
        return tuple(KINDS[tree.pop("step")](**_tuples(tree)) for tree in json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"grey values are {text!r}, which are no steps", "Load the model's file again.") from error


def _tuples(tree: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in tree.items()}


@dataclass(frozen=True, slots=True)
class SteppedGreys:
    """Grey values of a plane by steps whose numbers are known.

    Attributes:
        steps: one after the other.
        constant: whether the plane has one grey value only.
    """

    steps: tuple[PixelStep, ...]
    constant: bool = False

    def of(self, pixels: Array, channel: int) -> Float32:
        """Grey values float32 (h, w) of pixels of a channel."""
        return _after(self.steps, pixels, channel).astype(np.float32)


def measure_steps(steps: Sequence[GreyStep], source: ImageSource, plane: int) -> SteppedGreys:
    """The steps with the numbers of a plane, which is read once or twice for each that has none.

    Raises InputError for values that are not finite, or too large for float32.
    """
    _refuse_broken(source, plane)
    seen = SteppedPlane(source, plane)
    for step in steps:
        seen = seen.after(step.settled(seen) if isinstance(step, MeasuredStep) else step)
    return SteppedGreys(seen.steps, constant=is_flat(source, plane))


def _refuse_broken(source: ImageSource, plane: int) -> None:
    if source.dtype.kind == "f":
        broken = sum(unusable(source.read(plane, *region)) for region in pieces(source))
        refuse_broken(source, plane, broken)


def _after(steps: Sequence[PixelStep], pixels: Array, channel: int) -> Float64:
    values = pixels.astype(np.float64)
    for step in steps:
        values = step.of(values, channel)
    return values


@dataclass(frozen=True, slots=True)
class SteppedPlane:
    """A plane after some steps, read piece by piece."""

    source: ImageSource
    plane: int
    steps: tuple[PixelStep, ...] = ()

    def after(self, step: PixelStep) -> SteppedPlane:
        """The same after one more step."""
        return replace(self, steps=(*self.steps, step))

    def moments(self, joint: bool) -> list[tuple[float, float]]:
        """Mean and deviation of each channel, or of all together.

        Merged piece by piece as in Chan, Golub, LeVeque 1979.
        """
        return [_moments(self._values(channels)) for channels in self._groups(joint)]

    def percentiles(
        self, asked: tuple[float, float], joint: bool, *, between: bool = True
    ) -> list[tuple[float, float]]:
        """Two percentiles of each channel, or of all together: exact, in float32.

        Where none is exactly there, it lies on the line `between` its neighbours, else it is the upper one.
        """
        return [self._percentiles(channels, asked, between) for channels in self._groups(joint)]

    def _percentiles(self, channels: Sequence[int], asked: tuple[float, float], between: bool) -> tuple[float, float]:
        count = len(channels) * self.source.height * self.source.width
        places = [one / 100 * (count - 1) if between else max(np.ceil(one / 100 * count) - 1, 0) for one in asked]
        ranks = [int(rank) for place in places for rank in (np.floor(place), np.ceil(place))]
        found = ranked(lambda: (values.astype(np.float32) for values in self._values(channels)), ranks)
        low, high = (
            below + (above - below) * (place - np.floor(place))
            for place, below, above in zip(places, found[::2], found[1::2], strict=True)
        )
        return float(low), float(high)

    def _groups(self, joint: bool) -> list[range]:
        count = self.source.channels
        return [range(count)] if joint else [range(k, k + 1) for k in range(count)]

    def _values(self, channels: Sequence[int]) -> Iterator[Float64]:
        few = self.source.select(channels)
        for region in pieces(self.source):
            for channel, pixels in zip(channels, few.read(self.plane, *region), strict=True):
                yield _after(self.steps, pixels, channel)


def _moments(several: Iterator[Float64]) -> tuple[float, float]:
    count, mean, squares = 0, 0.0, 0.0
    for values in several:
        new = float(values.mean())
        total, delta = count + values.size, new - mean
        squares += float(np.square(values - new).sum()) + delta**2 * (count * values.size / total)
        mean += delta * values.size / total
        count = total
    return mean, float(np.sqrt(squares / count))
