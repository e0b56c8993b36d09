"""Classes in the output of another program's network: what its channels are is told by their names and values.

| channels | values | what they are |
|---|---|---|
| 1 | 0 to 1 | a cell; of a channel called boundary, membrane, ... the rest is the cell |
| 2 and more | add up to 1 | classes, the background first, or where it is named |
| background, cell, boundary | add up to 1 | cells and their rims, as below |
| 2 | 0 to 1, not adding up | a cell with its rim, and the rim: the second, or the one that is called so |

Cells with rims: the probability is the mean of that of a cell (with its rim) and that of its inside. A pixel belongs to
a cell from 0.4 on; what is connected from 0.75 on, the inside, is one cell, so rims keep neighbours apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from cellseg.arrays import Float32
from cellseg.errors import InputError

RIM = re.compile(r"bound|border|membran|contour|edge|outline|rim\b|wall", re.IGNORECASE)
GROUND = re.compile(r"background|^bg\b|^rest$", re.IGNORECASE)
NUMBERED = re.compile(r"[a-z]*[ _-]?\d+", re.IGNORECASE)
"""Names that say nothing, such as channel0."""
NEAR = 1e-2
"""Most by which values may miss 0, 1, or a sum of 1."""
WITH_RIM = (0.4, 0.75)
"""Threshold, and that of the insides, of cells with rims."""
PLAIN_CUT = (0.5, 0.0)
OWN_PROGRAM = "Run it in the program that it was made for, or ask its author for a sigmoid or softmax at its end."


@dataclass(frozen=True, slots=True)
class OutputClasses:
    """Meaning of the channels of an output.

    Attributes:
        names: of the classes, the background first.
        order: channel of each class; of cells with rims the cell's (or its inside's) and the rim's; of one channel
            itself, twice.
        kind: classes: they are as they stand; cell, rest: the one channel is the cell, or what is no cell; rim: a cell
            with its rim, and the rim; inside: the inside and the rim, which exclude each other.
    """

    names: tuple[str, ...]
    order: tuple[int, ...]
    kind: str = "classes"

    @property
    def cut(self) -> tuple[float, float]:
        """Threshold of the card, and that of its cores."""
        return WITH_RIM if self.kind in ("rim", "inside") else PLAIN_CUT

    def classes(self, found: Tensor) -> Tensor:
        """Probabilities (N, classes, H, W) from the values (N, K, H, W) of the channels."""
        found = found.clamp(0, 1)
        if self.kind == "classes":
            return found[:, list(self.order)]
        cell = self._cell(*(found[:, channel] for channel in self.order))
        return torch.stack([1 - cell, cell], dim=1)

    def _cell(self, first: Tensor, second: Tensor) -> Tensor:
        if self.kind == "cell":
            return first
        if self.kind == "rest":
            return 1 - first
        return first + second / 2 if self.kind == "inside" else first * (1 - second / 2)


CELLS = ("background", "cell")


def meaning_of(names: Sequence[str], tensor: str, values: Float32, path: Path) -> OutputClasses:
    """Meaning of an output from its channels' names, its own, and values (K, H, W) of it.

    Raises InputError where the values are no probabilities of classes.
    """
    low, high = float(values.min()), float(values.max())
    if low < -NEAR or high > 1 + NEAR:
        raise InputError(
            f"gives values from {low:.3g} to {high:.3g}, which are no probabilities", OWN_PROGRAM, path=path
        )
    if len(values) == 1:
        rest = any(RIM.search(name) or GROUND.search(name) for name in (*names, tensor))
        return OutputClasses(CELLS, (0, 0), "rest" if rest else "cell")
    exclusive = bool(abs(values.sum(axis=0) - 1).max() <= NEAR)
    found = _exclusive(names) if exclusive else _independent(names)
    if found is None:
        told = f"gives {len(names)} channels ({', '.join(names)}) that do not add up to 1"
        raise InputError(told, "Only a cell and its rim are understood so. Run it in its own program.", path=path)
    return found


def _exclusive(names: Sequence[str]) -> OutputClasses:
    """Classes; of three of which one is called a rim, cells with rims."""
    numbers, rims = range(len(names)), _called(RIM, names)
    ground = next(iter(_called(GROUND, names)), 0)
    others = [k for k in numbers if k != ground]
    if len(names) == 3 and len(rims) == 1 and rims[0] != ground:
        return OutputClasses(CELLS, (next(k for k in others if k != rims[0]), rims[0]), "inside")
    if len(names) == 2:
        ground = rims[0] if len(rims) == 1 else ground
        return OutputClasses(CELLS, (ground, 1 - ground))
    named = [f"class {k}" if NUMBERED.fullmatch(names[k]) else names[k] for k in others]
    return OutputClasses(("background", *named), (ground, *others))


def _independent(names: Sequence[str]) -> OutputClasses | None:
    """A cell with its rim, and the rim; None where the names say otherwise."""
    rims = _called(RIM, names)
    if len(names) != 2 or len(rims) > 1:
        return None
    if len(rims) == 1:
        return OutputClasses(CELLS, (1 - rims[0], rims[0]), "rim")
    ground = _called(GROUND, names)
    if len(ground) == 1:
        return OutputClasses(CELLS, (1 - ground[0], ground[0]), "cell")
    return OutputClasses(CELLS, (0, 1), "rim") if all(map(NUMBERED.fullmatch, names)) else None


def _called(pattern: re.Pattern[str], names: Sequence[str]) -> list[int]:
    return [k for k, name in enumerate(names) if pattern.search(name)]
