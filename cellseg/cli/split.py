"""cellseg split: images to learn from and images to validate on, without leaks between them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cellseg.cli.flags import JsonFlag
from cellseg.cli.progress import bar, console, say
from cellseg.errors import InputError
from cellseg.options import SplitOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellseg.cli.split_files import Part, Unit
    from cellseg.images.split.fields import Match
    from cellseg.images.split.groups import Group


def split(
    images: str,
    labels: str,
    *,
    out: Path,
    group: str = "",
    table: Path | None = None,
    column: str = "",
    picture: Path | None = None,
    dry_run: bool = False,
    options: Annotated[SplitOptions, Parameter(name="*")] = SplitOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Split annotated images so that no field is in both parts: tiles of one field, groups, stacks stay together.

    Parameters
    ----------
    images
        A multi-page TIFF, a folder of TIFFs or a glob.
    labels
        The same for the labels; matched by name.
    out
        The folder to make: train/ and validation/, each with images/ and labels/, and split.json.
    group
        Regular expression: images in whose names it finds the same stay together; its first group, if it has one.
    table
        CSV table with a row for each image, found by the name of the file.
    column
        The table's column that says which images stay together.
    picture
        PNG to write with the groups of several images.
    dry_run
        Only say what would be done.
    """
    from cellseg.cli.split_files import find_units, write_parts
    from cellseg.files import write_json
    from cellseg.folders import complete_folder, refuse_full

    refuse_full(out)
    units = find_units(images, labels)
    groups = _find_groups(units, group, table, column, options)
    parts, cut = _assign(units, groups, options)
    tree = _tree(units, groups, parts, options, images, labels)
    if picture is not None:
        _draw(units, groups, parts, picture)
    if not dry_run:
        with complete_folder(out) as folder, bar("writing", len(parts)) as update:
            for done, part in enumerate(write_parts(parts, folder), 1):
                update(done, part.name)
            write_json(folder / "split.json", tree)
    if as_json:
        sys.stdout.write(json.dumps({**tree, "out": None if dry_run else str(out)}) + "\n")
    else:
        _print(tree, cut, None if dry_run else out)
    return 0


def _find_groups(
    units: Sequence[Unit], pattern: str, table: Path | None, column: str, options: SplitOptions
) -> list[Group]:
    from cellseg.images.split.groups import keys_from_names, keys_from_table, make_groups

    if bool(column) != (table is not None) or (pattern and table):
        raise InputError("--group, or --table with --column", "Give one of the two ways to tell groups.")
    names = [unit.image.name for unit in units]
    keys = keys_from_names(names, pattern) if pattern else keys_from_table(names, table, column) if table else None
    return make_groups(len(units), _find_matches(units) if options.detect and len(units) > 1 else [], keys)


def _find_matches(units: Sequence[Unit]) -> list[Match]:
    from cellseg.images.split.fields import find_matches
    from cellseg.images.split.signature import sign

    signatures = []
    with bar("looking for images of one field", len(units)) as update:
        for count, unit in enumerate(units, 1):
            signatures.append(sign(unit.image, unit.image.planes // 2))
            update(count, unit.image.name)
    return find_matches(signatures)


def _assign(units: Sequence[Unit], groups: Sequence[Group], options: SplitOptions) -> tuple[list[Part], bool]:
    """What goes where, and whether stacks were cut."""
    from cellseg.cli.split_files import Part
    from cellseg.images.split.assign import cut_stack, hold_out

    stacks = [unit for unit in units if unit.image.planes > 1]
    if options.cut and len(stacks) < len(units):
        raise InputError("--cut with images that are no stacks", "Leave it out, or give stacks only.")
    if options.cut or (len(units) == 1 and stacks):
        parts = []
        for unit in units:
            block, rest = cut_stack(unit.image.planes, options.fraction, options.gap, options.seed)
            parts += [Part(unit, "train", tuple(rest)), Part(unit, "validation", tuple(block))]
        return parts, True
    held = hold_out(groups, options.fraction, options.seed)
    sets = {k: held[number] for number, group in enumerate(groups) for k in group.members}
    return [Part(unit, "validation" if sets[k] else "train", None) for k, unit in enumerate(units)], False


def _tree(
    units: Sequence[Unit],
    groups: Sequence[Group],
    parts: Sequence[Part],
    options: SplitOptions,
    images: str,
    labels: str,
) -> dict[str, Any]:
    """What split.json says."""
    names = [unit.name for unit in units]
    where: dict[str, list[str]] = {name: [] for name in names}
    for part in parts:
        where[part.unit.name].append(part.into)
    return {
        "images": images,
        "labels": labels,
        "fraction": options.fraction,
        "seed": options.seed,
        "gap": options.gap,
        "counts": {into: sum(part.count for part in parts if part.into == into) for into in ("train", "validation")},
        "groups": [
            {
                "set": where[names[group.members[0]]][0] if len(where[names[group.members[0]]]) == 1 else "both",
                "members": [names[k] for k in group.members],
                "keys": list(group.keys),
                "reasons": [
                    {"first": names[m.first], "second": names[m.second], "why": m.why, "likeness": round(m.likeness, 4)}
                    for m in group.matches
                ],
            }
            for group in groups
        ],
        "planes": {f"{part.into}/{part.name}": list(part.planes) for part in parts if part.planes is not None},
    }


def _draw(units: Sequence[Unit], groups: Sequence[Group], parts: Sequence[Part], picture: Path) -> None:
    from cellseg.cli.split_picture import draw_groups

    held = {part.unit.name for part in parts if part.into == "validation"}
    several = [group for group in groups if len(group.members) > 1]
    if not several:
        say("no group of several images: no picture")
        return
    draw_groups(units, several, held, picture)
    say(f"wrote {picture}")


def _print(tree: dict[str, Any], cut: bool, out: Path | None) -> None:
    from rich.table import Table

    groups = tree["groups"]
    table = Table("", "planes" if cut else "images", "groups", "largest group")
    for into, count in tree["counts"].items():
        sizes = [len(group["members"]) for group in groups if group["set"] in (into, "both")]
        table.add_row(into, str(count), str(len(sizes)), str(max(sizes, default=0)))
    console(error=False).print(table)
    reasons = [reason["why"] for group in groups for reason in group["reasons"]]
    found = [f"{reasons.count(why)} by {why}" for why in ("edges", "thumbnails") if why in reasons]
    if found:
        several = sum(len(group["members"]) > 1 for group in groups)
        say(f"{several} groups of several images; pairs of one field: {', '.join(found)}")
    for name, planes in tree["planes"].items():
        say(f"{name}: planes {_ranges(planes)}")
    if out is not None:
        say(f"wrote {out}\nnext: cellseg train --images {out}/train/images --labels {out}/train/labels --out RUN")


def _ranges(numbers: Sequence[int]) -> str:
    """0-3, 8-9 for 0 1 2 3 8 9."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in zip(starts, ends, strict=True))
