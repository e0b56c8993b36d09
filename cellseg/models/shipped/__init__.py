"""Trained models that come with the package: NAME.safetensors in this folder; found without torch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cellseg.models.card import ModelCard, read_card, shipped_files

LARGEST = 5 * 10**6
"""Bytes that such a file has at most, so that the package stays small."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A model that can be used by its name."""

    name: str
    file: Path
    bytes: int
    card: ModelCard


def shipped_models() -> list[Shipped]:
    """All of them, by name; empty where none comes with this version."""
    return [Shipped(name, file, file.stat().st_size, read_card(file)) for name, file in shipped_files().items()]
