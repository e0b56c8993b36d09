"""The last words of a child that failed."""

from __future__ import annotations

from collections.abc import Sequence


def why(lines: Sequence[str], code: int) -> str:
    """Reason why a child ended: its `error:` line, else its last one."""
    for line in reversed(lines):
        if line.startswith("error:"):
            return line.removeprefix("error:").strip()
    return lines[-1].strip() if lines else f"the program ended without a word (exit code {code})"
