"""A network in another program's file, as predictions use networks: grey values in, logits out."""

from __future__ import annotations

import hashlib
import math
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from cellseg.errors import InputError
from cellseg.images.grey_values import GAIN, SPAN
from cellseg.models.exported.note import ExportNote
from cellseg.models.geometry import Geometry
from cellseg.models.registry import build

SMALLEST = 1e-30
"""Probabilities below count as this one, so that they have a logarithm."""


class ExportedNetwork(nn.Module):
    """(N, channels, H, W) in the grey values that cellseg sees -> logits, of a file that gives probabilities.

    The file compresses grey values itself, so what cellseg has compressed is spread out again before. Its logits are
    logarithms of probabilities. Whoever counts memory and time asks a network of the same layers without numbers.
    """

    arithmetic = "float32"
    """It computes in no other."""

    def __init__(self, note: ExportNote, content: bytes, raw: nn.Module) -> None:
        """`content` of the file tells this network from others; `raw` computes."""
        super().__init__()
        self.raw = raw
        self.note = note
        self.name = note.card.name
        self.options = SimpleNamespace(**note.card.options)
        marks = list(hashlib.sha256(content).digest())
        self.register_buffer("content", torch.tensor(marks, dtype=torch.uint8))

    @property
    def geometry(self) -> Geometry:
        """Sizes and margin, as the file says."""
        return self.note.geometry

    def probabilities(self, x: Tensor) -> Tensor:
        """Probabilities of linear grey values, by the file."""
        found: Tensor = self.raw(x)
        return found

    def forward(self, x: Tensor) -> Tensor:
        self.geometry.output_size((x.shape[-2], x.shape[-1]))
        found = self.probabilities(spread_out(x.float()) if self.note.compresses else x.float())
        return torch.log(found.clamp(min=SMALLEST))

    def without_numbers(self) -> Any:
        """The same layers on the meta device, of which costs are counted."""
        with torch.device("meta"):
            made = build(self.note.card.name, **self.note.card.options).eval()
        assert made.geometry  # its layers are followed now, and not while somebody counts
        return made

    def pruned(self, depth: int) -> Any:
        """Not to be had of a file."""
        raise InputError(f"--prune {depth}: an exported network cannot be cut", "Give the model that it was made from.")


def spread_out(x: Tensor, end: float = SPAN / 2, gain: float = GAIN) -> Tensor:
    """The inverse of `compressed`: what lies beyond `end` was a logarithm."""
    beyond = torch.relu(torch.abs(x) - end).clamp(max=LARGEST)
    return torch.clamp(x, -end, end) + torch.sign(x) * gain * torch.expm1(beyond / gain)


LARGEST = GAIN * 0.98 * math.log(3e38)
"""Beyond it an exponential of float32 overflows."""
