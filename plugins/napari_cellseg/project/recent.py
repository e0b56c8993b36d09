"""Projects that were open last, the newest first."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import cellseg
from napari_cellseg.project.document import is_project
from napari_cellseg.state import state_folder

MOST = 8
"""Projects that are remembered."""


def recent_projects() -> list[Path]:
    """Folders of the projects that were open last and are still there, newest first."""
    return [path for path in _remembered() if is_project(path)]


def remember(project: Path) -> None:
    """Put a project first. Where that cannot be written, it is forgotten."""
    paths = [project, *(path for path in _remembered() if path != project)][:MOST]
    with suppress(OSError, cellseg.InputError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        with cellseg.complete_file(_file()) as temporary:
            temporary.write_text(json.dumps([str(path) for path in paths]), encoding="utf-8")


def _remembered() -> list[Path]:
    with suppress(OSError, ValueError, TypeError):
        return [Path(path) for path in json.loads(_file().read_text(encoding="utf-8"))]
    return []


def _file() -> Path:
    return state_folder() / "recent.json"
