"""Passes through a network without numbers, on torch's meta device.

To find the shape behind most layers torch loads its compiler and a computer algebra system, which takes seconds; here
it is worked out from the sizes. A layer that is not listed takes torch's way: right, and slow the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten


class WithoutNumbers(TorchDispatchMode):
    """Sees every layer that is called on the meta device; subclasses note what they want to know."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()  # type: ignore[no-untyped-call]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Torch would load its compiler to leave this class out of what it compiles."""
        return False

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        layer = LAYERS.get(function.overloadpacket) if _on_meta(args) else None
        result = (layer or function)(*args, **(kwargs or {}))
        self.note(function.overloadpacket, args, result)
        return result

    def note(self, function: Any, args: Any, result: Any) -> None:
        """Called with each layer (of torch.ops.aten), its arguments and what it gave."""
        raise NotImplementedError


def tensors(tree: Any) -> list[Tensor]:
    """The tensors among the arguments or results of a layer."""
    return [x for x in tree_leaves(tree) if isinstance(x, Tensor)]


def _on_meta(args: Any) -> bool:
    return all(x.is_meta for x in tensors(args))


def _convolved(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    *up: Any,
) -> Tensor:
    """Behind a convolution or an up-convolution; `up`: whether it is one, its output padding, the number of groups."""
    transposed, output_padding, groups = up
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    sides = []
    for axis, size in enumerate(x.shape[2:]):
        reach = dilation[axis] * (weight.shape[2 + axis] - 1) + 1
        if transposed:
            side = (size - 1) * stride[axis] - 2 * padding[axis] + reach + output_padding[axis]
        else:
            side = (size + 2 * padding[axis] - reach) // stride[axis] + 1
        assert side > 0, f"nothing is left of {size} pixels behind a convolution"
        sides.append(side)
    return _empty(x, [x.shape[0], channels, *sides])


def _pair(sides: Sequence[int]) -> Sequence[int]:
    """Height and width, where one number stands for both."""
    return [sides[0]] * 2 if len(sides) == 1 else sides


def _pooled(
    x: Tensor,
    size: Sequence[int],
    stride: Sequence[int] = (),
    padding: Sequence[int] = (0, 0),
    dilation: Sequence[int] = (1, 1),
    ceil_mode: bool = False,
) -> tuple[Tensor, Tensor]:
    """Behind a max pooling: the values, and where each was found."""
    assert not ceil_mode, "only poolings that round down are known"
    assert set(dilation) == {1}, "only poolings of neighbours are known"
    steps = stride or size
    sides = [(x.shape[-2 + k] + 2 * padding[k] - size[k]) // steps[k] + 1 for k in range(2)]
    shape = [*x.shape[:-2], *sides]
    return _empty(x, shape), _empty(x, shape, torch.int64)


def _normalised(x: Tensor, *_: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Behind a batch normalisation that uses what it has learnt: of the batch it keeps nothing."""
    return _empty(x, x.shape), _empty(x, [0]), _empty(x, [0])


def _behind_one_another(maps: Sequence[Tensor], axis: int = 0) -> Tensor:
    shape = list(maps[0].shape)
    shape[axis] = sum(x.shape[axis] for x in maps)
    return _empty(maps[0], shape)


def _stacked(maps: Sequence[Tensor], axis: int = 0) -> Tensor:
    shape = list(maps[0].shape)
    return _empty(maps[0], [*shape[:axis], len(maps), *shape[axis:]])


def _reduced(x: Tensor, axes: Sequence[int], keepdim: bool = False, **_: Any) -> Tensor:
    gone = {axis % x.ndim for axis in axes}
    shape = [1 if axis in gone else side for axis, side in enumerate(x.shape) if keepdim or axis not in gone]
    return _empty(x, shape)


def _interpolated(x: Tensor, size: Sequence[int] | None, _: bool, factors: Sequence[float] | None, *__: Any) -> Tensor:
    if size is None:
        assert factors is not None, "an interpolation is to a size or by a factor"
        size = [int(side * factor) for side, factor in zip(x.shape[-2:], factors, strict=True)]
    return _empty(x, [*x.shape[:-2], *size])


def _combined(x: Tensor, y: Tensor | float, **_: Any) -> Tensor:
    return _empty(x, np.broadcast_shapes(x.shape, y.shape) if isinstance(y, Tensor) else x.shape)


def _pixel_by_pixel(x: Tensor, *_: Any) -> Tensor:
    return _empty(x, x.shape)


def _in_place(x: Tensor, *_: Any) -> Tensor:
    return x


def _empty(like: Tensor, shape: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
    return torch.empty(shape, dtype=dtype or like.dtype, device="meta")


LAYERS: dict[Any, Callable[..., Any]] = {
    aten.convolution: _convolved,
    aten.conv2d: lambda x, weight, bias=None, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1: _convolved(
        x, weight, bias, _pair(stride), _pair(padding), _pair(dilation), False, (0, 0), groups
    ),
    aten.conv_transpose2d: lambda x, weight, bias=None, stride=(1, 1): _convolved(
        x, weight, bias, _pair(stride), (0, 0), (1, 1), True, (0, 0), 1
    ),
    aten.max_pool2d_with_indices: _pooled,
    aten.max_pool2d: lambda *arguments: _pooled(*arguments)[0],
    aten.native_batch_norm: _normalised,
    aten.batch_norm: _pixel_by_pixel,
    aten.upsample_bilinear2d: _interpolated,
    aten.cat: _behind_one_another,
    aten.stack: _stacked,
    aten.mean: _reduced,
    aten.logsumexp: _reduced,
    **dict.fromkeys((aten.add, aten.sub, aten.mul), _combined),
    **dict.fromkeys((aten.relu, aten.silu, aten.sigmoid, aten._log_softmax, aten.log_softmax), _pixel_by_pixel),
    **dict.fromkeys((aten.relu_, aten.silu_, aten.hardtanh_), _in_place),
}
"""What each gives, with the arguments of torch.ops.aten; inference mode calls some of them in one piece."""
