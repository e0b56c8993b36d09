"""The networks by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.extensions import extension_names, load_extension
from cellseg.models.choice import EXTENSIONS, make_options, unknown_network
from cellseg.models.choice import options_for as options_for
from cellseg.models.effunet import EffUNet
from cellseg.models.encoder_weights import EncoderFit, load_encoder
from cellseg.models.mobileunet import MobileUNet
from cellseg.models.network import Network
from cellseg.models.resunet import ResUNet
from cellseg.models.unet import UNet
from cellseg.models.unet3p import UNet3Plus
from cellseg.models.unetpp import UNetPlusPlus
from cellseg.options import (
    EffUNetOptions,
    MobileUNetOptions,
    ModelOptions,
    NetworkOptions,
    ResUNetOptions,
    UNet3PlusOptions,
    UNetOptions,
    UNetPlusPlusOptions,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Recipe of a network."""

    year: int
    options: type[ModelOptions]
    make: Callable[[Any], Network]


NETWORKS: dict[str, Entry] = {
    "unet": Entry(2015, UNetOptions, UNet),
    "unetpp": Entry(2018, UNetPlusPlusOptions, UNetPlusPlus),
    "unet3p": Entry(2020, UNet3PlusOptions, UNet3Plus),
    "resunet": Entry(2018, ResUNetOptions, ResUNet),
    "mobileunet": Entry(2018, MobileUNetOptions, MobileUNet),
    "effunet": Entry(2020, EffUNetOptions, EffUNet),
}


def list_models() -> list[str]:
    """Names that `build` knows, also those that other packages bring."""
    return [*NETWORKS, *(name for name in extension_names(EXTENSIONS) if name not in NETWORKS)]


def entry_of(name: str) -> Entry:
    """Entry of the network called `name`. Raises InputError that lists the known ones."""
    return NETWORKS[name] if isinstance(name, str) and name in NETWORKS else _brought(name)


def _brought(name: str) -> Entry:
    """The entry of a network of another package."""
    found = load_extension(EXTENSIONS, name)
    if found is None:
        raise unknown_network(name)
    if not isinstance(found, Entry):
        raise InputError(f"what a package brings as the network {name!r} is no Entry", "See docs/extending.md.")
    return found


def build(name: str, **options: Any) -> Any:
    """A network with random weights: a torch.nn.Module with `.geometry` and `.options`.

    `build("unet")` is the network of 2015: 1 channel in, 2 classes out, base 64, depth 4. Raises
    InputError for an unknown name, an unknown option or a value out of range.
    """
    network = entry_of(name).make(make_options(name, options))
    network.name = name
    return network


def build_for(options: NetworkOptions, channels: int, classes: int) -> tuple[Any, EncoderFit | None]:
    """The network that a training asks for, and how published weights fitted its encoder, if some are asked for.

    Raises InputError as `build` and `load_encoder`.
    """
    network = build(options.model, **asdict(options_for(options, channels, classes)))
    return network, load_encoder(network, Path(options.encoder_weights)) if options.encoder_weights else None
