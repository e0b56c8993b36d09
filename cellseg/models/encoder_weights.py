"""Published weights of classification networks for the encoders of ours."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor, nn

from cellseg.errors import InputError, reading

ENOUGH = 0.9
"""Part of the tensors of the encoder, and of the file for its stages, that must fit to be taken for its weights."""
FIRST = "features.0.0.weight"
COUNTER = "num_batches_tracked"  # a normalisation counts its batches; nobody reads it


@dataclass(frozen=True, slots=True)
class EncoderFit:
    """Parts of a file that went into an encoder.

    Attributes:
        loaded: tensors that were taken.
        adapted: channels of the file's images and of ours where the first convolution was changed; else None.
        missing: the encoder's tensors that the file does not hold, or in another shape; they stay random.
        unused: the file's tensors that the encoder has no place for.
    """

    loaded: int
    adapted: tuple[int, int] | None
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        changed = "; the first convolution was changed from {} to {} channels".format(*self.adapted or (0, 0))
        return (
            f"{self.loaded} tensors of the encoder loaded{changed if self.adapted else ''}"
            f"{_named('not in the file, so random', self.missing)}{_named('not used', self.unused)}"
        )


def load_encoder(network: nn.Module, path: Path) -> EncoderFit:
    """Load weights into the encoder of a network; loading runs no code.

    Args:
        network: from `build`; one with an encoder.
        path: a state dict with torchvision's names: .pth (read without running code), or .safetensors.

    Raises InputError where the network has no encoder, the file cannot be read, or holds another network.
    """
    encoder = getattr(network, "encoder", None)
    if not isinstance(encoder, nn.Module):
        raise InputError("--encoder-weights: this network has no encoder", "mobileunet and effunet have one.")
    wanted, given = _weights(encoder.state_dict()), _weights(read_tensors(path))
    adapted = _adapt_first(given, wanted[FIRST].shape[1])
    fitting = {name: x for name, x in given.items() if name in wanted and x.shape == wanted[name].shape}
    fit = EncoderFit(
        len(fitting),
        adapted,
        tuple(sorted(wanted.keys() - fitting.keys())),
        tuple(sorted(given.keys() - fitting.keys())),
    )
    _check_fit(fit, wanted.keys(), path)
    encoder.load_state_dict(fitting, strict=False)
    return fit


def _adapt_first(given: dict[str, Tensor], channels: int) -> tuple[int, int] | None:
    """Make the first convolution one for that many channels; from and to how many, None where nothing was to do."""
    first = given.get(FIRST)
    if first is None or first.ndim != 4 or first.shape[1] == channels:
        return None
    given[FIRST] = for_channels(first, channels)
    return first.shape[1], channels


def _check_fit(fit: EncoderFit, wanted: Set[str], path: Path) -> None:
    """Refuse weights of another network."""
    stages = {_stage(name) for name in wanted}
    foreign = [name for name in fit.unused if _stage(name) in stages]  # further blocks of our own stages: a variant
    if fit.loaded < ENOUGH * (len(wanted) + len(foreign)):
        raise InputError(
            f"holds weights of another network: {fit.loaded} of the encoder's {len(wanted)} tensors fit"
            f"{_named('lacking', fit.missing)}{_named('not used', fit.unused)}",
            "mobileunet takes torchvision's mobilenet_v2, effunet its efficientnet_b0 (--variant b1: _b1, ...).",
            path=path,
        )


def for_channels(weight: Tensor, channels: int) -> Tensor:
    """A first convolution (out, c, k, k) for images of `channels` channels, with responses of the same size.

    For one channel the sum over colours: a grey image gives what it gave as three equal colours. For more channels
    the colours are repeated in turn, in proportion.
    """
    given = weight.shape[1]
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    return weight[:, torch.arange(channels) % given] * (given / channels)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors or .pth file by name. Raises InputError where it is neither."""
    if not path.is_file():
        raise InputError("there is no such file", "Give --encoder-weights a .pth or .safetensors file.", path=path)
    with reading(path, "cannot be read as weights; loading runs no code", "Give a state dict, .pth or .safetensors."):
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        tree: Any = torch.load(path, map_location="cpu", weights_only=True)
    if not _is_state(tree):
        raise InputError("holds no weights by name", "Give a state dict, .pth or .safetensors.", path=path)
    return dict(tree)


def _is_state(tree: Any) -> bool:
    return isinstance(tree, dict) and all(isinstance(x, Tensor) for x in tree.values())


def _named(what: str, names: tuple[str, ...]) -> str:
    """A part of a report: how many, and the first three by name."""
    if not names:
        return ""
    more = ", ..." if len(names) > 3 else ""
    return f"; {what}: {len(names)} ({', '.join(names[:3])}{more})"


def _stage(name: str) -> str:
    """features.3 for features.3.1.block.0.0.weight."""
    return ".".join(name.split(".")[:2])


def _weights(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: x for name, x in tensors.items() if not name.endswith(COUNTER)}
