"""Split into images to train on and images held out: planned as data, then written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellseg.errors import InputError
from cellseg.files import write_json
from cellseg.folders import complete_folder, refuse_full
from cellseg.images.listing import Paths
from cellseg.labels.split.assign import cut_stack, hold_out
from cellseg.labels.split.fields import Match, find_matches
from cellseg.labels.split.files import SETS, SplitPart, Unit, find_units, write_parts
from cellseg.labels.split.groups import Group, keys_from_names, keys_from_table, make_groups
from cellseg.labels.split.signature import Signature, sign
from cellseg.options import GroupOptions, SplitOptions


@dataclass(frozen=True, slots=True, eq=False)
class SplitPlan:
    """Annotated images split without leaks."""

    units: tuple[Unit, ...]
    """Image files with their label files."""
    groups: tuple[Group, ...]
    """Units, by number, that stay together."""
    parts: tuple[SplitPart, ...]
    cut: bool
    """Whether stacks were cut into planes of both sets."""
    options: SplitOptions

    @property
    def counts(self) -> dict[str, int]:
        """Images (of cut stacks: planes) of each set."""
        return {into: sum(part.count for part in self.parts if part.into == into) for into in SETS}

    def names(self, into: str) -> list[str]:
        """Names of the images of a set, train or validation."""
        return [part.name for part in self.parts if part.into == into]

    def tree(self) -> dict[str, Any]:
        """The split as JSON: seed, counts, groups with the reasons to keep them together, planes of cut stacks."""
        where: dict[str, list[str]] = {}
        for part in self.parts:
            where.setdefault(part.name, []).append(part.into)
        return {
            "fraction": self.options.fraction,
            "seed": self.options.seed,
            "gap": self.options.gap,
            "counts": self.counts,
            "groups": [self._group(group, where) for group in self.groups],
            "planes": {f"{part.into}/{part.name}": list(part.planes) for part in self.parts if part.planes is not None},
        }

    def _group(self, group: Group, where: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        names = [self.units[k].name for k in group.members]
        sets = where[names[0]]
        return {
            "set": sets[0] if len(sets) == 1 else "both",
            "members": names,
            "keys": list(group.keys),
            "reasons": [self._reason(match) for match in group.matches],
        }

    def _reason(self, match: Match) -> dict[str, Any]:
        first, second = (self.units[k].name for k in (match.first, match.second))
        return {"first": first, "second": second, "why": match.why, "likeness": round(match.likeness, 4)}


def split(images: Paths, labels: Paths, out: str | Path | None = None, **options: Any) -> SplitPlan:
    """Split annotated images so that no field is in both sets: tiles of one field, groups and stacks stay together.

    Args:
        images: a multi-page TIFF, a folder or a glob.
        labels: the same for the labels, matched by name.
        out: folder to make, with train/ and validation/, each with images/ and labels/, and split.json; by default
            nothing is written.
        options: fields of SplitOptions and GroupOptions: fraction, seed, gap, cut, detect; group, table, column.

    Raises InputError: a partner is missing, all images are one group, or `out` exists and is not empty.
    """
    ours = {name: options.pop(name) for name in ("group", "table", "column") if name in options}
    grouping, settings = GroupOptions(**ours), SplitOptions(**options)
    if out is not None:
        refuse_full(Path(out))
    units = find_units(images, labels)
    plan = plan_split(units, [*signatures(units, settings)], grouping, settings)
    if out is not None:
        for _ in write_split(plan, Path(out), {"images": str(images), "labels": str(labels)}):
            pass
    return plan


def signatures(units: Sequence[Unit], options: SplitOptions) -> Iterator[Signature]:
    """The signature of each unit's middle plane, where images of one field are looked for."""
    if options.detect and len(units) > 1:
        yield from (sign(unit.image, unit.image.planes // 2) for unit in units)


def plan_split(
    units: Sequence[Unit], signed: Sequence[Signature], grouping: GroupOptions, options: SplitOptions
) -> SplitPlan:
    """Group the units and decide which are held out.

    Args:
        units: image files with their label files.
        signed: their signatures; none where images of one field are not looked for.
        grouping: what names or a table tell.
        options: how many are held out, and how.

    Raises:
        InputError: as `keys_from_names`, `keys_from_table`, `hold_out` and `cut_stack`.
    """
    groups = make_groups(len(units), find_matches(signed) if signed else [], _keys(units, grouping))
    stacks = [unit for unit in units if unit.image.planes > 1]
    if options.cut and len(stacks) < len(units):
        raise InputError("--cut with images that are no stacks", "Leave it out, or give stacks only.")
    cut = options.cut or (len(units) == 1 and bool(stacks))
    parts = _cut(units, options) if cut else _whole(units, groups, options)
    return SplitPlan(tuple(units), tuple(groups), tuple(parts), cut, options)


def write_split(plan: SplitPlan, out: Path, told: dict[str, Any]) -> Iterator[SplitPart]:
    """Write the sets and split.json; yields after each part, and the folder appears when all are written.

    Args:
        plan: of the split.
        out: folder to make.
        told: what else split.json holds.

    Raises:
        InputError: the folder is not empty, or cannot be written.
    """
    with complete_folder(out) as folder:
        yield from write_parts(plan.parts, folder)
        write_json(folder / "split.json", {**told, **plan.tree()})


def _keys(units: Sequence[Unit], grouping: GroupOptions) -> list[str] | None:
    names = [unit.image.name for unit in units]
    if grouping.group:
        return keys_from_names(names, grouping.group)
    if grouping.table and grouping.column:
        return keys_from_table(names, grouping.table, grouping.column)
    return None


def _cut(units: Sequence[Unit], options: SplitOptions) -> Iterator[SplitPart]:
    """Stacks over time and depth are cut along the longer one: what lies at one place is in one set at all times, or
    all of one time."""
    for unit in units:
        lengths = unit.image.plane_shape
        along = int(np.argmax(lengths))
        numbers = np.arange(unit.image.planes).reshape(lengths)
        block, rest = cut_stack(lengths[along], options.fraction, options.gap, options.seed)
        for into, chosen in zip(SETS, (rest, block), strict=True):
            planes = numbers.take(list(chosen), along)
            yield SplitPart(unit, into, tuple(planes.ravel().tolist()), planes.shape)


def _whole(units: Sequence[Unit], groups: Sequence[Group], options: SplitOptions) -> Iterator[SplitPart]:
    held = hold_out(groups, options.fraction, options.seed)
    sets = {k: held[number] for number, group in enumerate(groups) for k in group.members}
    for k, unit in enumerate(units):
        yield SplitPart(unit, "validation" if sets[k] else "train", None)
