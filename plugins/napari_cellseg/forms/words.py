"""Words for options: those of the command line, and those that people read on a form."""

from __future__ import annotations

import math
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from cellseg.options import Described, flag_of


def words_of(values: Mapping[str, Any]) -> list[str]:
    """Options as words of the command line; what is not given (None) is left out."""
    return [word for name, value in values.items() if value is not None for word in _said(flag_of(name), value)]


def label_of(option: Described) -> str:
    """For people: `validate_every` is Validate every."""
    words = option.name.replace("_", " ")
    return words[0].upper() + words[1:]


def tooltip_of(option: Described, *, flag: bool = True) -> str:
    """Help, limits, and the name on the command line, where it has one."""
    limits = f" ({option.limits})" if math.isfinite(option.limits.low) else ""
    return f"{option.help}{limits}" + (f"\nOn the command line: {option.flag}" if flag else "")


def quoted(words: Sequence[str], windows: bool = sys.platform == "win32") -> str:
    """The words as a line for the shell of this system."""
    return subprocess.list2cmdline(words) if windows else shlex.join(words)


def _said(flag: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    return [flag, f"{value:.10g}" if isinstance(value, float) else str(value)]
