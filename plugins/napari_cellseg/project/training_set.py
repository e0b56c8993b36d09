"""What is annotated in a project, as TIFFs for `cellseg train`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_cellseg.project.folder import Project


@dataclass(frozen=True, slots=True)
class TrainingFiles:
    """Pairs of TIFFs of the same names."""

    images: Path
    labels: Path
    ignore_label: int
    """What pixels have that nobody annotated."""


def write_training_set(project: Project, folder: Path) -> TrainingFiles:
    raise NotImplementedError
