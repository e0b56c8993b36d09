"""JSON files of annotations, and which program's they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cellseg.errors import InputError, reason_of

Tree = dict[str, Any]
LARGEST = 2**53
"""Whole numbers beyond it are not exact in JSON."""


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises InputError where it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        found = f"is no JSON that can be read ({reason_of(error)})"
        raise InputError(found, "Export it again.", path=path) from error


def whole_number(value: Any) -> int:
    """A whole number of a tree, which may be written as a float. Raises ValueError for anything else."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or abs(value) > LARGEST or value != int(value):
        raise ValueError(f"{str(value)[:50]!r}, where a whole number is wanted")
    return int(value)


def is_json(path: Path, start: bytes) -> bool:
    """True of a file whose name or first bytes are those of JSON."""
    return path.suffix.lower() in (".json", ".geojson") or start.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"{"


def is_kind(test: Callable[[Any], bool]) -> Callable[[Path, bytes], bool]:
    """Test of a file: JSON whose content passes another test."""

    def passes(path: Path, start: bytes) -> bool:
        try:
            return is_json(path, start) and test(read_json(path))
        except InputError:
            return False

    return passes


def has_keys(*keys: str) -> Callable[[Any], bool]:
    """Test of a tree: a table with these keys."""
    return lambda tree: isinstance(tree, dict) and all(key in tree for key in keys)
