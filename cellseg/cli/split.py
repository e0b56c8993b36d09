"""cellseg split: images to train on and images to validate on, without leaks between them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cellseg.cli.flags import Flat, JsonFlag
from cellseg.cli.label_notes import say_notes
from cellseg.cli.progress import bar, console, say
from cellseg.options import GroupOptions, SplitOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cellseg.labels.split.plan import SplitPlan

Done = TypeVar("Done")


def split(
    images: str,
    labels: str,
    *,
    out: Path,
    picture: Path | None = None,
    dry_run: bool = False,
    grouping: Annotated[GroupOptions, Flat] = GroupOptions(),
    options: Annotated[SplitOptions, Flat] = SplitOptions(),
    as_json: JsonFlag = False,
) -> int:
    """Split annotated images so that no field is in both parts: tiles of one field, groups, stacks stay together.

    Parameters
    ----------
    images
        A multi-page TIFF, a folder of images or a glob.
    labels
        The same for the labels; matched by name.
    out
        The folder to make: train/ and validation/, each with images/ and labels/, and split.json.
    picture
        PNG to write with the groups of several images.
    dry_run
        Only report what would be done.
    """
    from cellseg.folders import refuse_full
    from cellseg.labels.split.files import find_units
    from cellseg.labels.split.plan import plan_split, signatures, write_split

    refuse_full(out)
    units = find_units(images, labels)
    say_notes(unit.labels for unit in units)
    looked = _counted("looking for images of one field", signatures(units, options), len(units))
    plan = plan_split(units, [*looked], grouping, options)
    told = {"images": images, "labels": labels}
    if picture is not None:
        _draw(plan, picture)
    if not dry_run:
        for _ in _counted("writing", write_split(plan, out, told), len(plan.parts)):
            pass
    _report(plan, told, None if dry_run else out, as_json)
    return 0


def _counted(what: str, steps: Iterable[Done], total: int) -> Iterator[Done]:
    """The steps, with a bar on standard error where there are any."""
    remaining = iter(steps)
    first = next(remaining, None)
    if first is None:
        return
    with bar(what, total) as update:
        for count, step in enumerate(chain([first], remaining), 1):
            yield step
            update(count)


def _draw(plan: SplitPlan, picture: Path) -> None:
    from cellseg.cli.pictures.split import draw_groups

    several = [group for group in plan.groups if len(group.members) > 1]
    if not several:
        say("no group of several images: no picture")
        return
    draw_groups(plan.units, several, plan.names("validation"), picture)
    say(f"wrote {picture}")


def _report(plan: SplitPlan, told: dict[str, str], out: Path | None, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({**told, **plan.tree(), "out": None if out is None else str(out)}) + "\n")
    else:
        _print(plan, out)


def _print(plan: SplitPlan, out: Path | None) -> None:
    tree = plan.tree()
    console(error=False).print(_table(tree, plan.cut))
    found = _pairs_found(tree)
    if found:
        several = sum(len(group.members) > 1 for group in plan.groups)
        say(f"{several} groups of several images; pairs of one field: {', '.join(found)}")
    for name, planes in tree["planes"].items():
        say(f"{name}: planes {_ranges(planes)}")
    if out is not None:
        say(f"wrote {out}\nnext: cellseg train --images {out}/train/images --labels {out}/train/labels --out RUN")


def _pairs_found(tree: dict[str, Any]) -> list[str]:
    """The number of pairs of images of one field, by how they were found."""
    number = Counter(reason["why"] for group in tree["groups"] for reason in group["reasons"])
    return [f"{number[why]} by {why}" for why in ("edges", "thumbnails") if number[why]]


def _table(tree: dict[str, Any], cut: bool) -> Any:
    """A row a set: images, groups, and the largest of these."""
    from rich.table import Table

    table = Table("", "planes" if cut else "images", "groups", "largest group")
    for into, count in tree["counts"].items():
        sizes = [len(group["members"]) for group in tree["groups"] if group["set"] in (into, "both")]
        table.add_row(into, str(count), str(len(sizes)), str(max(sizes, default=0)))
    return table


def _ranges(numbers: Sequence[int]) -> str:
    """0-3, 8-9 for 0 1 2 3 8 9."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return ", ".join(map(_range, starts, ends))


def _range(first: int, last: int) -> str:
    return f"{first}-{last}" if last > first else str(first)
