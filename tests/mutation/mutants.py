"""Small faults that cosmic-ray puts into a module: another operator, another number, a condition turned round."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from .stages import Stage

LEFT_OUT = {"core/RemoveDecorator"}
"""Decorators are left as they are: without `compiled` a loop is slow and no other, without `property` nothing runs."""

Place = tuple[int, int]
"""Line, from 1, and column, from 0."""


@dataclass(frozen=True)
class Mutant:
    """A fault: the number of the place at which an operator of cosmic-ray changes a module."""

    module: str
    operator: str
    occurrence: int
    line: int

    def code(self, source: str) -> str:
        """The module with the fault."""
        changed = mutate_code(source, get_operator(self.operator)(), self.occurrence)
        assert changed is not None
        return changed


def chosen(root: Path, stage: Stage, seed: int) -> list[Mutant]:
    """One mutant of each place of a stage's modules, in random order; both follow from the seed."""
    random = Random(f"{stage.name} {seed}")
    places = [mutants for module in stage.modules for _, mutants in sorted(_by_place(root, module).items())]
    random.shuffle(places)
    return [random.choice(mutants) for mutants in places]


def _by_place(root: Path, module: str) -> dict[Place, list[Mutant]]:
    source = (root / module).read_text(encoding="utf-8")
    declared = _declarations(source)
    nodes = list(ast_nodes(get_ast(source)))
    found: dict[Place, list[Mutant]] = defaultdict(list)
    for name in operator_names():
        operator = get_operator(name)
        if name in LEFT_OUT or operator.arguments():
            continue
        positions = (start for node in nodes for start, _ in operator().mutation_positions(node))
        for occurrence, start in enumerate(positions):
            if not any(first <= start < last for first, last in declared):
                found[start].append(Mutant(module, name, occurrence, start[0]))
    return found


def _declarations(source: str) -> list[tuple[Place, Place]]:
    """Where types stand, which nothing evaluates, and decorators."""
    nodes = list(ast.walk(ast.parse(source)))
    found = [getattr(node, name, None) for node in nodes for name in ("annotation", "returns")]
    found += [decorator for node in nodes for decorator in getattr(node, "decorator_list", [])]
    return [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in found if isinstance(n, ast.expr)]
