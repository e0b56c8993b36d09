"""The networks side by side: parameters, cost, sizes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch

from cellseg.models.cost import operations, parameters
from cellseg.models.registry import NETWORKS

TILE = 1024  # sides of the output for which the cost is counted
MEGAPIXEL = 1e6


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """Facts of a network before it is trained.

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


def rows() -> list[NetworkFacts]:
    """All networks with their default options; found without making a single weight."""
    found = []
    for name, entry in NETWORKS.items():
        with torch.device("meta"):
            network = entry.make(entry.options()).eval()
        side = network.geometry.input_size(TILE)
        cost = operations(network, (1, network.options.channels, side, side)) / 1e9 / (TILE**2 / MEGAPIXEL)
        found.append(NetworkFacts(name, entry.year, parameters(network), round(cost, 1), **asdict(network.geometry)))
    return found
