"""Cost of a network, counted from its layers: operations, living bytes, bytes kept for the way back, parameters.

Nothing is computed: the very network runs without numbers, on torch's meta device. Plans of trainings and predictions
and `cellseg models` all count here.
"""

from __future__ import annotations

import copy
import math
import weakref
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.utils._pytree import tree_leaves

from cellseg.models.shapes import WithoutNumbers


def parameters(network: Any) -> int:
    """Number of learnt parameters."""
    return sum(weight.numel() for weight in network.parameters())


@torch.no_grad()
def operations(network: Any, shape: tuple[int, ...]) -> int:
    """Floating-point operations of the convolutions for an input (N, C, H, W); a multiplication and its sum are two."""
    empty = _without_numbers(network).eval()
    with _Operations() as counting:
        empty(torch.empty(shape, device="meta"))
    count: int = counting.count
    return count


def forward_bytes(network: Any, shape: tuple[int, ...]) -> int:
    """Most bytes that live at one time in a prediction of an input (N, C, H, W), weights not counted."""
    empty = _without_numbers(network).eval()
    with torch.inference_mode(), _Living() as living:
        empty(torch.empty(shape, device="meta"))
    most: int = living.most
    return most


def training_bytes(network: Any, shape: tuple[int, ...]) -> int:
    """Bytes of a training step for an input (N, C, H, W), weights not counted.

    All that the forward pass keeps for the backward pass, and two gradients as large as the largest layer.
    """
    empty = _without_numbers(network).train()
    kept = _Kept({weight.untyped_storage()._cdata for weight in empty.parameters()})
    with saved_tensors_hooks(kept.keep, lambda tensor: tensor), _Living():
        output = empty(torch.empty(shape, device="meta"))
        for one in tree_leaves(output):
            if isinstance(one, Tensor):
                kept.keep(one)
    sizes = kept.sizes
    return sum(sizes.values()) + 2 * max(sizes.values())


def _without_numbers(network: Any) -> Any:
    """The same layers on the meta device; a network of another program's file knows which they are."""
    return network.without_numbers() if hasattr(network, "without_numbers") else copy.deepcopy(network).to("meta")


class _Operations(WithoutNumbers):
    """Adds up the operations of convolutions: two for each weight at each place where it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def note(self, function: Any, args: Any, result: Any) -> None:
        if function is torch.ops.aten.convolution:
            x, weight, transposed = args[0], args[1], args[6]
            places = x if transposed else result
            self.count += 2 * places.shape[0] * math.prod(places.shape[2:]) * weight.numel()


class _Kept:
    """Sizes of the storages that a backward pass needs, but for those of the weights."""

    def __init__(self, weights: set[int]) -> None:
        self._weights = weights
        self._alive: list[Tensor] = []  # so that no other storage gets the same number
        self.sizes: dict[int, int] = {0: 0}

    def keep(self, tensor: Tensor) -> Tensor:
        """Note a tensor; hook of autograd."""
        storage = tensor.untyped_storage()
        if storage._cdata not in self._weights:
            self.sizes[storage._cdata] = storage.nbytes()
            self._alive.append(tensor.detach())
        return tensor


class _Living(WithoutNumbers):
    """Adds up the sizes of the tensors that live."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._users: dict[int, int] = {}

    def note(self, function: Any, args: Any, result: Any) -> None:
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._add(tensor)
        self.most = max(self.most, self.now)

    def _add(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if not self._users.get(key):
            self.now += size
        self._users[key] = self._users.get(key, 0) + 1
        weakref.finalize(tensor, self._remove, key, size)

    def _remove(self, key: int, size: int) -> None:
        self._users[key] -= 1
        if not self._users[key]:
            self.now -= size
