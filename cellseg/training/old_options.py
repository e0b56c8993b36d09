"""Options in files that an earlier version wrote: their names and values as they are called now.

Format 1, before there was a number, said 0, "" or "auto" where now nothing is said, and called `diameter` what is
`seen_diameter` now. Until format 2 grey values were those of mean and deviation.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cellseg.checked import AUTO
from cellseg.errors import InputError
from cellseg.options import NETWORK_OPTIONS

FORMAT = 3
BEFORE = {"grey_values": "mean", "statistics": "image", "hold": 0.5, "empty": 0.0}
"""Options that files did not have until format 2, and their values then."""
LATER: Mapping[str, Mapping[str, object]] = {
    "train": {"grey_values": "mean", "statistics": "image", "hold": 0.5, "around_cells": 0.0},
    "augment": {"flaws": 0.0, "empty": 0.0},
}
"""Options of each stage that came later, and the values that change nothing: a run's digest leaves them out."""
RENAMED = {"diameter": "seen_diameter", "invert": "inverted"}
"""Names of format 1, and what they are called now."""
_DEFAULTS = {"up": "transposed", "deep_supervision": True, "guidance": False, "variant": "b0"}
"""What format 1 said of networks that have no such option."""
_WRITTEN = frozenset({"recipe", "diameter", "padding", "encoder_weights", "precision", "threads", "ema", "save_every"})
"""Some of the options that stand in every file that a run wrote."""


def migrated(options: Mapping[str, Any], number: object, path: Path) -> dict[str, Any]:
    """Options of the file `path`, of format `number`. Raises InputError where a later version wrote it."""
    if number not in range(1, FORMAT + 1):
        remedy = f"This version knows 1 to {FORMAT}: use the one that wrote it."
        raise InputError(f"its format is {number!r}", remedy, path=path)
    if number == 1:
        options = _without_sentinels(_named(options, RENAMED))
    named = _named(options, {"invert": "inverted"})
    return named if number == FORMAT else {**BEFORE, **named}


def _named(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in options.items()}


def format_of(options: Mapping[str, Any]) -> int:
    """The format of a file without a number: 1 where a run of then wrote it, else the present one."""
    return 1 if options.keys() >= _WRITTEN else FORMAT


def _without_sentinels(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options that were really given."""
    network = NETWORK_OPTIONS.get(options.get("model", ""))
    lacks = {name: value for name, value in _DEFAULTS.items() if network and not hasattr(network, name)}
    not_said = {**lacks, "threads": 0}
    return {
        name: value
        for name, value in options.items()
        if value not in ("", AUTO, None) and not (name in not_said and value == not_said[name])
    }
