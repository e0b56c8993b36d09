"""Source of a network in one file that imports torch alone, put together from the very modules of its layers."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cellseg.exporting.travelling import WholeNetwork

OWN = "cellseg."
LEFT_OUT = frozenset({"geometry", "smallest", "pruned"})
"""Methods that only cellseg asks for."""
HEAD = '''"""{name}: probabilities of linear grey values. Written by cellseg {version} from its own layers."""

from __future__ import annotations

{imports}


class Network(nn.Module):
    """(N, channels, H, W) -> logits (N, classes, H - 2 margin, W - 2 margin)."""

    def __init__(self, options):
        super().__init__()
        self.options = options

    def merged(self, heads):
        """The prediction from the logits of all heads."""
        return heads[-1]

    def forward(self, x):
        height, width = (side - 2 * self.options.margin for side in x.shape[-2:])
        return self.merged([centre_crop(logits, height, width) for logits in self.heads(x).logits])
'''
TAIL = '''
def build(**options):
    """The network; with its weights (load_state_dict) and in eval mode it predicts."""
    return WholeNetwork({name}(SimpleNamespace(**options)), bends=options["bends"])
'''
ALWAYS = ("from torch import nn", "from types import SimpleNamespace")
MADE_HERE = frozenset({"Network"})
"""Names that the head defines."""


def self_contained(network: Any, version: str) -> str:
    """Python source of the class of a network and of all that it uses of cellseg, with a function `build`."""
    kind, found = type(network), _Bundle()
    for one in (kind, WholeNetwork):
        found.add(one.__module__, one.__name__)
    found.add("cellseg.models.blocks", "centre_crop")
    imports = "\n".join(sorted({*found.imports, *ALWAYS}))
    head = HEAD.format(name=kind.__name__, version=version, imports=imports)
    return "\n\n\n".join([head.rstrip("\n"), *found.parts, TAIL.format(name=kind.__name__).lstrip("\n")])


@dataclass(slots=True)
class _Bundle:
    """Definitions in the order in which they may stand in one file, and imports of what is not cellseg's."""

    parts: list[str] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, module: str, name: str) -> None:
        """Add a name of a module, and before it all that it uses."""
        if (module, name) in self.seen or name in MADE_HERE:
            return
        self.seen.add((module, name))
        names = _names_of(module)
        if name in names.imported:
            self._import(*names.imported[name])
        elif name in names.defined:
            node = names.defined[name]
            for used in _used(node):
                self.add(module, used)
            self.parts.append(_text(names.lines, node))

    def _import(self, module: str, line: str, name: str) -> None:
        if module.startswith(OWN):
            self.add(module, name)
        else:
            self.imports.add(line)


@dataclass(frozen=True, slots=True)
class _ModuleNames:
    """Names of a module: what it defines at its top, and from where it imports the others.

    Attributes:
        lines: its source.
        defined: definitions by name.
        imported: module, the line that imports it alone, and its name there.
    """

    lines: list[str]
    defined: dict[str, ast.stmt]
    imported: dict[str, tuple[str, str, str]]


@cache
def _names_of(module: str) -> _ModuleNames:
    source = inspect.getsource(sys.modules[module])
    defined: dict[str, ast.stmt] = {}
    imported: dict[str, tuple[str, str, str]] = {}
    for node in ast.parse(source).body:
        defined |= dict.fromkeys(_defines(node), node)
        imported |= _imports(node)
    return _ModuleNames(source.splitlines(), defined, imported)


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _imports(node: ast.stmt) -> dict[str, tuple[str, str, str]]:
    if isinstance(node, ast.ImportFrom) and node.module:
        lines = {alias.name: f"from {node.module} import {alias.name}" for alias in node.names}
        return {name: (node.module, line, name) for name, line in lines.items()}
    if isinstance(node, ast.Import):
        return {alias.name: (alias.name, f"import {alias.name}", "") for alias in node.names}
    return {}


def _used(node: ast.AST) -> list[str]:
    """Names that a definition uses when it runs; annotations are never evaluated."""
    return list(dict.fromkeys(child.id for child in _walk(node) if isinstance(child, ast.Name)))


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _left_out(child):
                yield from _walk(child)


def _left_out(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name in LEFT_OUT


def _text(lines: list[str], node: ast.stmt) -> str:
    """The lines of a definition, without the methods that are left out."""
    gone: set[int] = set()
    for child in node.body if isinstance(node, ast.ClassDef) else ():
        if _left_out(child):
            gone |= set(range(_first(child) - 1, (child.end_lineno or 0) + 1))  # with the empty line before
    kept = range(_first(node), (node.end_lineno or 0) + 1)
    return "\n".join(lines[k - 1] for k in kept if k not in gone)


def _first(node: ast.stmt) -> int:
    decorators = getattr(node, "decorator_list", [])
    return int(min([node.lineno, *(one.lineno for one in decorators)]))
