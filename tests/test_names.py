"""A type's name has one meaning in the whole project."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("cellseg", "plugins/napari_cellseg")


def types_defined(text: str) -> list[str]:
    """Classes and aliases at the top of a module that other modules may import."""
    names = []
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [name for name in names if name[0].isupper() and not name.isupper()]


@pytest.mark.parametrize(
    ("text", "names"),
    [("class Box: pass", ["Box"]), ("Box = tuple[int, int]\nMOST = 3", ["Box"]), ("def f():\n    Box = 1", [])],
)
def test_what_counts_as_a_type(text, names):
    assert types_defined(text) == names


def test_no_type_is_defined_twice():
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert len(files) > 300
    defined = Counter(name for path in files for name in types_defined(path.read_text(encoding="utf-8")))
    assert not {name: count for name, count in defined.items() if count > 1 and len(name) > 1}
