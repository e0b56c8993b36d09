"""Options of a training in a TOML file, as people and runs write it."""

from __future__ import annotations

import codecs
import difflib
import glob
import tomllib
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from cellseg.checked import flag_of
from cellseg.errors import InputError
from cellseg.options import DataOptions
from cellseg.training.old_options import FORMAT, format_of, migrated

OF_THE_CALL = frozenset({"--config", "--resume", "--dry-run", "--json", "--events"})
"""What is asked of one call of the program and not of a training."""
READING = frozenset({"axes", "scene"})
"""Options of a training's data that name no file."""
FILES = frozenset({field.name for field in fields(DataOptions)} - READING) | {"from", "encoder_weights", "out"}
"""Options that name files; in a file they are relative to its folder."""
WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_config_file(path: Path, known: set[str]) -> dict[str, Any]:
    """Options (`--validate-every`) and values of a TOML file; in it they may be written with - or _.

    Raises InputError where there is no such file, it is no TOML, or it holds an option that is not `known`.
    """
    found: dict[str, Any] = {}
    for name, value in _read_toml(path).items():
        option, key = flag_of(name), name.replace("_", "-")
        if option in OF_THE_CALL:
            raise InputError(f"{key} is nothing that a file can say", f"Give {option} on the command line.", path=path)
        if option not in known:
            nearest = difflib.get_close_matches(option, known, 1, cutoff=0.4)
            meant = f"Did you mean {nearest[0][2:]}?" if nearest else "`cellseg train --help` lists them."
            raise InputError(f"there is no option {key!r} for a file", meant, path=path)
        if isinstance(value, dict | list):
            raise InputError(f"{key} has several values, where one is wanted", "Write: name = value", path=path)
        found[option] = value
    return found


def _read_toml(path: Path) -> dict[str, Any]:
    """Options of a file by names of fields; those of an earlier version in the words of this one."""
    named = _named(_parsed(_text(path), path), path)
    number = named.pop("format", None)
    if number is None and "diameter" in named and format_of(named) == FORMAT:
        found = "diameter is the width in the images, and not, as before, what the network shall see"
        raise InputError(found, f"Write seen-diameter for that, or add the line: format = {FORMAT}", path=path)
    options = migrated(named, format_of(named) if number is None else number, path)
    return {name: _located(name, value, path) if name in FILES else value for name, value in options.items()}


def _text(path: Path) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark, and with any line ends.

    Raises InputError where it cannot be read, or is in another encoding.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", "Check the path.", path=path) from error
    remedy = "Save it as UTF-8: in Notepad, Save As, Encoding UTF-8."
    if content.startswith(WIDE_MARKS) or b"\0" in content:
        raise InputError("is text in UTF-16, and TOML is UTF-8", remedy, path=path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"is not UTF-8 (line {line})", remedy, path=path) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except ValueError as error:
        remedy = "Write lines such as: steps = 1000"
        if "\\" in text and any(word in str(error) for word in ("escape", "Escape", "hex")):
            remedy = "Write paths with backslashes in single quotes, such as: images = 'C:\\data\\images'"
        raise InputError(f"is no TOML ({error})", remedy, path=path) from error


def _named(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """The options by names of fields. Raises InputError for one that stands there twice."""
    named: dict[str, Any] = {}
    for key, value in tree.items():
        name = key.replace("-", "_")
        if name in named:
            raise InputError(f"{key} stands there twice", "Leave one of them.", path=path)
        named[name] = value
    return named


def _located(name: str, value: Any, path: Path) -> Any:
    """A path of the file: relative to its folder; to the working folder, as before, where only there is something.

    Raises InputError where a backslash in double quotes became a line break or a tab.
    """
    if not isinstance(value, str) or not value or "://" in value:
        return value
    if not value.isprintable():
        found = f"{name} is {value!r}: a backslash in double quotes begins a special character"
        raise InputError(found, "Write paths in single quotes, such as: 'C:\\new\\images'", path=path)
    spellings = (value, value.replace("\\", "/"))  # a file written on Windows may be read elsewhere
    beside = [path.absolute().parent / Path(text).expanduser() for text in spellings]
    here = [Path(text).expanduser() for text in spellings]
    known = next((place for place in (*beside, *here) if _is_there(place)), None)
    if known is None:
        return value if name == "from" else str(beside[0])  # a model may be named that is shipped
    return str(known.absolute())


def _is_there(path: Path) -> bool:
    with suppress(OSError):  # a name that no file can have
        return path.exists() or (glob.has_magic(str(path)) and any(glob.iglob(str(path))))
    return False
