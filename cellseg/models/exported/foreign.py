"""Network of another program's package by its description, and steps of it that cannot be obeyed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.models.exported.note import ExportNote


def foreign_note(description: Any, path: Path) -> ExportNote:
    """Sizes, channels and grey values of a foreign network; not yet: InputError with the names of its steps."""
    steps = [step.id for tensor in description.inputs for step in tensor.preprocessing]
    steps += [step.id for tensor in description.outputs for step in tensor.postprocessing]
    named = f"; its steps are {', '.join(steps)}" if steps else ""
    raise InputError(
        f"was not made by cellseg{named}", "Packages of other programs are not read yet; run it there.", path=path
    )
