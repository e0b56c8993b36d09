"""A project folder: which images, their labels, models and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Project:
    """An annotation project on disk."""

    path: Path
