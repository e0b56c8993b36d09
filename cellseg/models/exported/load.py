"""A network and its card from a file of another program's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cellseg.models.card import ModelCard
from cellseg.models.exported.files import file_network
from cellseg.models.exported.kind import ExportedKind
from cellseg.models.exported.package import package_network


def load_exported(file: Path, kind: ExportedKind) -> tuple[Any, ModelCard]:
    """The network of a file, and its card. Raises InputError for a file that is damaged or not understood."""
    if kind == "package":
        return package_network(file)
    network = file_network(kind, file.read_bytes(), file)
    return network, network.note.card
