"""A network of cellseg from a state dict: numbers alone are read, and its layers are cellseg's own."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from cellseg.errors import InputError
from cellseg.models.exported.archive import ANEW
from cellseg.models.registry import build

WITHIN = "network."
"""Begins the names of the weights in a package of cellseg: they are those of the network with its probabilities."""


def own_network(name: str, options: dict[str, Any], content: bytes, path: Path) -> Any:
    """The network called `name` with these options, and its weights.

    Raises:
        InputError: the file is damaged or holds more than numbers, or its weights are those of another network.
    """
    state = _numbers(content, path)
    network = build(name, **options)
    try:
        network.load_state_dict({key.removeprefix(WITHIN): value for key, value in state.items()})
    except (RuntimeError, AttributeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"has weights that do not fit the network {name} ({reason})", ANEW, path=path) from error
    return network.eval()


def _numbers(content: bytes, path: Path) -> dict[str, Any]:
    """Tensors by name, from a file of torch or of safetensors."""
    try:
        if content[8:9] == b"{":
            return safetensors.torch.load(content)
        found: dict[str, Any] = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
        return found
    except Exception as error:  # torch has half a dozen kinds of its own
        raise InputError("has weights that are damaged, or more than numbers", ANEW, path=path) from error
