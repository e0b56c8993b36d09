"""The plan of a training in words, and the steps that fit into a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cellseg.wording import duration, size_of

_FEWEST = 10
"""Steps that a training has at least, however short its time."""
LOOKS = 6
"""Validations in a training that was asked for by its time, so that something is seen on the way."""


def plan_lines(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and figures of what `cellseg train --dry-run --json` found."""
    data, network = plan["data"], plan["network"]
    channels = f", {data['channels']} channels" if data["channels"] > 1 else ""
    held = f", {data['validation']} held out" if data["validation"] else ""
    return [
        ("Time", f"about {duration(plan['seconds'])} for {plan['steps']:,} steps ({plan['seconds_by']})"),
        ("Memory", f"about {size_of(plan['memory_bytes'])}"),
        ("Data", f"{_counted(data['images'], 'image')} to learn from{held}{channels}"),
        ("Cells", f"{data['cells']:,} annotated"),
        ("Network", f"{network['name']}, {network['parameters']:,} parameters"),
        *(("Note", note[0].upper() + note[1:] + ".") for note in plan["notes"]),
    ]


def plan_line(plan: Mapping[str, Any]) -> str:
    """The same in a line."""
    data, memory = plan["data"], size_of(plan["memory_bytes"])
    return f"{plan['steps']:,} steps, about {duration(plan['seconds'])}, {memory}; {data['cells']:,} cells annotated"


def steps_within(plan: Mapping[str, Any], minutes: float) -> int:
    """Number of steps within so many minutes, as the plan of any number of steps says."""
    return max(round(minutes * 60 * plan["steps"] / max(plan["seconds"], 1e-3)), _FEWEST)


def often_enough(steps: int, validate_every: int) -> int:
    """Steps between two validations, so that there are some."""
    return max(min(validate_every, steps // LOOKS), 1)


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
