"""The networks side by side: parameters, cost, sizes."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch

from cellseg.models.network import Network
from cellseg.models.registry import NETWORKS
from cellseg.models.shapes import WithoutNumbers

TILE = 1024  # sides of the output for which the cost is counted
MEGAPIXEL = 1e6


@dataclass(frozen=True, slots=True)
class Row:
    """What there is to know of a network before it is trained.

    Attributes:
        name: its name in the registry.
        year: of its publication.
        parameters: that are learnt.
        gflop_per_megapixel: 10^9 operations (a multiplication and its addition are two) for 10^6 pixels of the
            prediction, by tiles of 1024 x 1024, their margins included.
        smallest, stride, margin, halo, exact: its geometry.
    """

    name: str
    year: int
    parameters: int
    gflop_per_megapixel: float
    smallest: int
    stride: int
    margin: int
    halo: int
    exact: bool


def rows() -> list[Row]:
    """All networks with their default options; found without making a single weight."""
    found = []
    for name, entry in NETWORKS.items():
        with torch.device("meta"):
            network = entry.make(entry.options()).eval()
        count = sum(p.numel() for p in network.parameters())
        cost = operations(network) / 1e9 / (TILE**2 / MEGAPIXEL)
        found.append(Row(name, entry.year, count, round(cost, 1), **asdict(network.geometry)))
    return found


@torch.no_grad()
def operations(network: Network) -> int:
    """Floating-point operations of the convolutions for a tile of 1024 x 1024 pixels; on the meta device."""
    side = network.geometry.input_size(TILE)
    with _Counting() as counting:
        network(torch.empty(1, network.options.channels, side, side, device="meta"))
    return int(counting.operations)


class _Counting(WithoutNumbers):
    """Adds up the operations of convolutions: two for each weight at each place where it is used."""

    def __init__(self) -> None:
        super().__init__()
        self.operations = 0

    def note(self, function: Any, args: Any, result: Any) -> None:
        if function is torch.ops.aten.convolution:
            x, weight, transposed = args[0], args[1], args[6]
            places = x if transposed else result
            self.operations += 2 * places.shape[0] * math.prod(places.shape[2:]) * weight.numel()
