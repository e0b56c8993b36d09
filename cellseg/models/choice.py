"""The options of a network that is asked for by its name; known without torch."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from cellseg.errors import InputError
from cellseg.extensions import ExtensionGroup, extension_names, load_extension
from cellseg.options import NETWORK_OPTIONS, ModelOptions, NetworkOptions

EXTENSIONS: ExtensionGroup = "cellseg.networks"
BESIDE = ("model", "encoder_weights")
"""Options of a training's network that are no options of the network itself."""


def options_type(name: str) -> type[ModelOptions]:
    """The options that the network called `name` has. Raises InputError that lists the known ones."""
    if name in NETWORK_OPTIONS:
        return NETWORK_OPTIONS[name]
    found = load_extension(EXTENSIONS, name)
    kind = getattr(found, "options", None)
    if not (isinstance(kind, type) and issubclass(kind, ModelOptions)):
        raise unknown_network(name)
    return kind


def unknown_network(name: object) -> InputError:
    """The error that lists the networks there are."""
    known = [*NETWORK_OPTIONS, *extension_names(EXTENSIONS)]
    return InputError(f"there is no network called {name!r}", f"Known are: {', '.join(known)}.")


def make_options(name: str, options: dict[str, Any]) -> ModelOptions:
    """The options of the network called `name`, its defaults where nothing is given.

    Raises InputError for an unknown name, an option that the network does not have, or a value out of range.
    """
    kind = options_type(name)
    known = [field.name for field in fields(kind)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise InputError(f"{name} has no option {', '.join(unknown)}", f"It has: {', '.join(known)}.")
    return kind(**options)


def options_for(network: NetworkOptions, channels: int, classes: int) -> ModelOptions:
    """The options of the network that a training asks for. Raises InputError as `make_options`.

    Networks that always have zero padding need no `padding` for it.
    """
    given = {name: value for name, value in _own(network).items() if value is not None}
    if given.get("padding") == "same" and not hasattr(options_type(network.model), "padding"):
        del given["padding"]
    return make_options(network.model, {"channels": channels, "classes": classes, **given})


def completed(network: NetworkOptions) -> NetworkOptions:
    """The same with the network's own defaults where nothing is given; `None` is what it does not have.

    Raises InputError as `make_options`.
    """
    made = options_for(network, 1, 2)
    own: dict[str, Any] = {name: getattr(made, name, None) for name in _own(network)}
    return replace(network, **own)


def _own(network: NetworkOptions) -> dict[str, Any]:
    return {field.name: getattr(network, field.name) for field in fields(network) if field.name not in BESIDE}
