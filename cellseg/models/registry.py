"""The networks by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Protocol

from torch import Tensor

from cellseg.errors import InputError
from cellseg.models.geometry import Geometry
from cellseg.models.unet import UNet
from cellseg.options import UNetOptions


class Network(Protocol):
    """What every network states beside its layers."""

    geometry: Geometry
    options: Any

    def __call__(self, x: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """How a network is made."""

    year: int
    options: type
    make: Callable[[Any], Any]


NETWORKS: dict[str, Entry] = {
    "unet": Entry(2015, UNetOptions, UNet),
}


def list_models() -> list[str]:
    """Names that `build` knows."""
    return list(NETWORKS)


def entry_of(name: str) -> Entry:
    """How the network called `name` is made. Raises InputError that lists the known ones."""
    if name not in NETWORKS:
        raise InputError(f"there is no network called {name!r}", f"Known are: {', '.join(NETWORKS)}.")
    return NETWORKS[name]


def build(name: str, **options: Any) -> Any:
    """A network with random weights: a torch.nn.Module with `.geometry` and `.options`.

    `build("unet")` is the network of 2015: 1 channel in, 2 classes out, base 64, depth 4. Raises
    InputError for an unknown name, an unknown option or a value out of range.
    """
    entry = entry_of(name)
    known = [field.name for field in fields(entry.options)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f"{name} has no option {', '.join(unknown)}", f"It has: {', '.join(known)}.")
    network = entry.make(entry.options(**options))
    network.name = name
    return network
