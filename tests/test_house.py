"""The habits of the house that no linter holds: a type's name has one meaning, signatures and functions stay short."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
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


def sources() -> Iterator[tuple[Path, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, path.read_text(encoding="utf-8")


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                yield f"{path.relative_to(ROOT)}: {node.name}", node


def test_no_type_is_defined_twice():
    defined = Counter(name for _, text in sources() for name in types_defined(text))
    assert len(defined) > 300
    assert not {name: count for name, count in defined.items() if count > 1 and len(name) > 1}


def test_no_function_is_longer_than_60_lines():
    assert [name for name, node in functions() if (node.end_lineno or 0) - node.lineno >= 60] == []


def test_no_signature_has_more_than_8_arguments():
    """Compiled loops may: they take no objects."""
    long = []
    for name, node in functions():
        taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg]
        count = sum(argument is not None and argument.arg not in ("self", "cls") for argument in taken)
        if count > 8 and "compiled" not in map(ast.unparse, node.decorator_list):
            long.append(f"{name} has {count}")
    assert long == []
