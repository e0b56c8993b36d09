"""Groups of images that must stay together."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellseg.errors import InputError
from cellseg.labels.split.fields import Match


@dataclass(frozen=True, slots=True)
class Group:
    """Images, by number, that must not be torn apart."""

    members: tuple[int, ...]
    """In rising order."""
    matches: tuple[Match, ...] = ()
    """What was seen in their pixels."""
    keys: tuple[str, ...] = ()
    """What their names or a table say they have in common."""


def make_groups(count: int, matches: Iterable[Match], keys: Sequence[str] | None = None) -> list[Group]:
    """The connected components of images that match or share a key, each image in one; ordered by first member.

    Args:
        count: number of images.
        matches: pairs that show one field.
        keys: one for each image.
    """
    parent = list(range(count))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    known = list(matches)
    for match in known:
        parent[root(match.first)] = root(match.second)
    leaders: dict[str, int] = {}
    for number, key in enumerate(keys or ()):
        parent[root(number)] = root(leaders.setdefault(key, number))
    members: dict[int, list[int]] = {}
    for number in range(count):
        members.setdefault(root(number), []).append(number)
    seen: dict[int, list[Match]] = {}
    for match in known:
        seen.setdefault(root(match.first), []).append(match)
    return [
        Group(
            tuple(group),
            tuple(seen.get(leader, ())),
            tuple(sorted({keys[number] for number in group})) if keys else (),
        )
        for leader, group in members.items()
    ]


def keys_from_names(names: Sequence[str], pattern: str) -> list[str]:
    """Parts of names that a regular expression finds: its first group, or all that it matches.

    Raises:
        InputError: it is no regular expression, or a name does not match.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InputError(f"--group {pattern} is no regular expression ({error})", "Such as ^[^_]+.") from error
    found = [expression.search(name) for name in names]
    missing = [name for name, match in zip(names, found, strict=True) if match is None]
    if missing:
        raise InputError(f"--group {pattern} is in {len(missing)} names not found, such as {missing[0]}")
    return [str(match.group(1) if expression.groups else match.group()) for match in found if match]


def keys_from_table(names: Sequence[str], table: Path, column: str) -> list[str]:
    """The value of each file in a column of a CSV table; of the others that with most files has their names or stems.

    Raises:
        InputError: no such table or column, a file without a row, or rows of one file with different values.
    """
    rows = _rows_of(table)
    if not rows or column not in rows[0]:
        known = ", ".join(map(str, rows[0])) if rows else "none"
        raise InputError(f"has no column {column}", f"There are: {known}.", path=table)
    others = [_by_name(rows, other, column) for other in rows[0] if other not in (column, None)]
    values = max(others, key=lambda known: sum(bool(_of_file(name, known)) for name in names), default={})
    found = [_of_file(name, values) for name in names]
    missing = [name for name, keys in zip(names, found, strict=True) if not keys]
    if missing:
        raise InputError(f"has no row for {len(missing)} images, such as {missing[0]}", path=table)
    for name, keys in zip(names, found, strict=True):
        if len(keys) > 1:
            raise InputError(f"has rows of {name} with {column} {' and '.join(keys)}", "Leave one of them.", path=table)
    return [keys[0] for keys in found]


def _rows_of(table: Path) -> list[dict[str, str]]:
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is no readable CSV table ({error})", path=table) from error


def _by_name(rows: Sequence[dict[str, str]], names: str, column: str) -> dict[str, list[str]]:
    """The values of a column by what stands in another, in the order of rows; short rows have none."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if None not in (row[names], row[column]):
            found.setdefault(row[names], []).append(row[column])
    return found


def _of_file(name: str, values: dict[str, list[str]]) -> list[str]:
    """The different values of a file, by its name and by its stem."""
    return list(dict.fromkeys([*values.get(name, ()), *values.get(name.rpartition(".")[0], ())]))
