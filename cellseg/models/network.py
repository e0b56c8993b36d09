"""Common parts of all networks: sizes, heads, and the margin that is cropped."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from cellseg.errors import InputError
from cellseg.models.blocks import centre_crop
from cellseg.models.geometry import Geometry
from cellseg.models.reach import follow


class Heads(NamedTuple):
    """Outputs of a network's heads; of a network with several heads its output in training.

    Attributes:
        logits: (N, classes, H, W) of each head, the last of the finest; the loss is the mean over them.
        presence: logits (N, classes - 1) of whether each class but the background is there at all; None for most.
    """

    logits: list[Tensor]
    presence: Tensor | None = None


class Network(nn.Module):
    """(N, channels, H, W) -> logits (N, classes, H - 2 margin, W - 2 margin).

    A variant makes its layers in the constructor and says in `heads` what they make of an image. While it is
    trained, a network with several heads gives `Heads`; else it gives the logits of its prediction.
    """

    name: str

    def __init__(self, options: Any) -> None:
        super().__init__()
        self.options = options

    @property
    def geometry(self) -> Geometry:
        """Sizes, margin and halo, from the layers."""
        make: Callable[[Any], Network] = type(self)
        return _geometry(make, self.options)

    def heads(self, x: Tensor) -> Heads:
        """Outputs of the heads for the whole input; valid ones without their margin."""
        raise NotImplementedError

    def merged(self, heads: list[Tensor]) -> Tensor:
        """The prediction from the logits of all heads, which are of one size."""
        return heads[-1]

    def smallest(self) -> int:
        """The smallest input side that the layers take."""
        return 1 << int(self.options.depth)

    def pruned(self, depth: int) -> Network:
        """The network without what lies deeper than `depth`. Raises InputError where that is not possible."""
        raise InputError(f"--prune {depth}: only a network with a head at every depth can be pruned", "Train unetpp.")

    def forward(self, x: Tensor) -> Tensor | Heads:
        if not torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call]
            self.geometry.output_size((x.shape[-2], x.shape[-1]))
        height, width = (side - 2 * self.geometry.margin for side in x.shape[-2:])
        heads, presence = self.heads(x)
        heads = [centre_crop(logits, height, width) for logits in heads]
        if self.training and (len(heads) > 1 or presence is not None):
            return Heads(heads, presence)
        return self.merged(heads)


@lru_cache(maxsize=256)
@torch.inference_mode(False)  # in it torch does not take layers apart, so they could not be followed
def _geometry(make: Callable[[Any], Network], options: Any) -> Geometry:
    """Follow one pass through a network that has sizes but no numbers.

    The margin of valid convolutions is what they take away. Zeros that others put around the input are wrong
    where a tile ends but the image does not, so of those all that can see them is taken away: the halo.
    """
    with torch.device("meta"):
        network = make(options).eval()
        smallest = network.smallest()
        size = smallest + 2 * 2**options.depth
        x = torch.empty(1, options.channels, size, size)

    def whole(x: Tensor) -> Tensor:
        heads = network.heads(x).logits
        height, width = (min(logits.shape[axis] for logits in heads) for axis in (-2, -1))
        return network.merged([centre_crop(logits, height, width) for logits in heads])

    found, reach, stride = follow(whole, x)
    lost = (size - found.shape[-1]) // 2
    halo = max(lost - reach.first, reach.last - lost)
    if not lost:
        smallest = stride * (2 * halo // stride + 1)
    return Geometry(smallest=smallest, stride=stride, margin=lost or halo, halo=halo, exact=not reach.everywhere)
