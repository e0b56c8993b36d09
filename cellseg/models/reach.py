"""Receptive field of each output pixel of a network, found by following its layers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from cellseg.models.shapes import WithoutNumbers, tensors

aten = torch.ops.aten


@dataclass(frozen=True, slots=True)
class Reach:
    """Pixel i of a map sees the input pixels step * i + first to step * i + last, along either axis.

    Attributes:
        step: input pixels between two pixels of the map.
        first, last: the furthest over all pixels of a period of pooling and enlarging.
        everywhere: it depends on the whole input as well, by a global pooling.
    """

    step: int = 1
    first: int = 0
    last: int = 0
    everywhere: bool = False

    def window(self, size: int, stride: int, padding: int) -> Reach:
        """Behind a convolution or pooling: pixel i reads the pixels stride * i - padding and size - 1 more."""
        first = self.first - self.step * padding
        last = self.last + self.step * (size - 1 - padding)
        return replace(self, step=self.step * stride, first=first, last=last)

    def repeated(self, factor: int) -> Reach:
        """Behind an up-convolution: pixel i reads pixel floor(i / factor)."""
        step = self.step // factor
        return replace(self, step=step, first=self.first - step * (factor - 1))

    def interpolated(self, factor: int) -> Reach:
        """Behind bilinear interpolation: pixel i lies at (i + 1/2) / factor - 1/2, and reads both its neighbours."""
        places = [(i, ((2 * i + 1 - factor) // (2 * factor))) for i in range(factor)]
        step = self.step // factor
        first = min(low * self.step - i * step for i, low in places)
        last = max((low + 1) * self.step - i * step for i, low in places)
        return replace(self, step=step, first=self.first + first, last=self.last + last)

    def cropped(self, before: int) -> Reach:
        """Without its first `before` pixels."""
        return replace(self, first=self.first + self.step * before, last=self.last + self.step * before)

    def joined(self, other: Reach) -> Reach:
        """Of a map that is made of both, pixel by pixel."""
        assert self.step == other.step, "maps of different scale do not fit together"
        first, last = min(self.first, other.first), max(self.last, other.last)
        return Reach(self.step, first, last, self.everywhere or other.everywhere)


@torch.no_grad()
def follow(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[Tensor, Reach, int]:
    """function(x), what a pixel of it sees of x (N, C, H, W), and the largest step on the way.

    No numbers are needed: `x` and the parameters may be on torch's meta device.
    """
    with _Following(x) as following:
        found = function(x)
    return found, following.of(found), following.largest


class _Following(WithoutNumbers):
    """Notes the reach of every map that is computed."""

    def __init__(self, x: Tensor) -> None:
        super().__init__()
        self.largest = 1
        self._known: dict[int, tuple[Tensor, Reach]] = {id(x): (x, Reach())}  # kept, so that no id is used twice

    def of(self, x: Tensor) -> Reach:
        return self._known[id(x)][1]

    def note(self, function: Any, args: Any, result: Any) -> None:
        known = [x for x in tensors(args) if id(x) in self._known]
        if known:
            reach = self._behind(function, args, known, result)
            self.largest = max(self.largest, reach.step)
            self._known |= {id(x): (x, reach) for x in tensors(result)}

    def _behind(self, function: Any, args: Any, known: list[Tensor], result: Any) -> Reach:
        out = tensors(result)[0]
        behind = _BEHIND.get(function)
        if behind is None:
            return self._pixel_by_pixel(function, known, out)
        return behind(self.of(known[0]), args, known[0], out)

    def _pixel_by_pixel(self, function: Any, known: list[Tensor], out: Tensor) -> Reach:
        """Of any other layer: the maps of its own size, and global poolings that they are combined with."""
        size = tuple(out.shape[-2:])
        pooled = out.ndim < 4 or size == (1, 1)
        own = [self.of(x) for x in known if tuple(x.shape[-2:]) == size]
        others = {tuple(x.shape[-2:]) for x in known} - {size}
        assert pooled or others <= {(1, 1)}, f"{function} changes sizes in an unknown way"
        if not own or pooled:
            return Reach(everywhere=True)
        return replace(functools.reduce(Reach.joined, own), everywhere=any(self.of(x).everywhere for x in known))


def _behind_convolution(reach: Reach, args: Any, _x: Tensor, _out: Tensor) -> Reach:
    kernel, stride, padding, transposed = args[1].shape[-1], args[3][0], args[4][0], args[6]
    assert not transposed or kernel == stride, "only up-convolutions without overlap are known"
    return reach.repeated(stride) if transposed else reach.window(kernel, stride, padding)


def _behind_pooling(reach: Reach, args: Any, _x: Tensor, _out: Tensor) -> Reach:
    kernel, *stride = args[1:3]
    return reach.window(kernel[0], (stride[0] if stride and stride[0] else kernel)[0], 0)


def _behind_enlargement(reach: Reach, _args: Any, x: Tensor, out: Tensor) -> Reach:
    return reach.interpolated(out.shape[-1] // x.shape[-1])


def _behind_crop(reach: Reach, args: Any, x: Tensor, _out: Tensor) -> Reach:
    return reach.cropped(args[2]) if args[1] in (2, x.ndim - 2) and args[2] else reach


_BEHIND: dict[Any, Callable[[Reach, Any, Tensor, Tensor], Reach]] = {
    aten.convolution: _behind_convolution,
    aten.max_pool2d_with_indices: _behind_pooling,
    aten.upsample_bilinear2d: _behind_enlargement,
    aten.slice: _behind_crop,
}
"""Reach behind layers that look at more than a pixel, from that of their input, their arguments, input and output."""
