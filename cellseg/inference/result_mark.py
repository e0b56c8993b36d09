"""The mark of a result: the model, the image and the options that it was made with, by which it is known again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.images.made import result_mark
from cellseg.inference.assemble import uncertainty_file
from cellseg.inference.scope import PLAN, changed
from cellseg.labels.cell_classes import classes_file, is_classes_file
from cellseg.options import PredictOptions

PARTS = ("model", "options", "image")
OTHERS = {"model": "another model", "options": "other options"}
LENGTH = 12
"""Hexadecimal digits of each part."""


def mark_of(key: dict[str, Any], options: PredictOptions) -> str:
    """The mark of the result that is made with these options of the tiles with this key, see `journal_key`."""
    made_with = {name: value for name, value in changed(options).items() if name not in PLAN}
    return "-".join(_digest({**key, "options": made_with}[part]) for part in PARTS)


def is_finished(output: Path, mark: str, options: PredictOptions, *, classes: bool = False) -> bool:
    """True where the result with this mark stands there complete, and beside it what is wanted: the uncertainty and,
    with `classes`, the table that says the class of each cell.

    A result of an image that was changed since is not finished. Raises InputError for one that was made with another
    model or other options, which `--resume` shall not mix with those that are made now.
    """
    files = [output] if options.uncertainty == "none" else [output, uncertainty_file(output)]
    found = [result_mark(file) for file in files]
    for file, one in zip(files, found, strict=True):
        _refuse_other(file, _changed_parts(one, mark))
    return found == [mark] * len(files) and (not classes or is_classes_file(classes_file(output)))


def _changed_parts(found: str | None, mark: str) -> list[str]:
    """Parts in which a result's mark differs; none where it has no mark."""
    others = found.split("-") if found else []
    return [part for part, now, was in zip(PARTS, mark.split("-"), others, strict=False) if now != was]


def _refuse_other(file: Path, changed_parts: list[str]) -> None:
    """InputError for a result of which more than the image has changed."""
    if changed_parts and changed_parts != ["image"]:
        what = " and ".join(OTHERS[part] for part in changed_parts if part in OTHERS)
        remedy = "Start again without --resume to replace it, or choose another --out."
        raise InputError(f"is the result of {what}", remedy, path=file)


def _digest(part: Any) -> str:
    text = json.dumps(part, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]
