"""Folder of what the window remembers from one time to the next, beside all projects."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "CELLSEG_STATE"
"""Names another folder."""


def state_folder() -> Path:
    """The folder, which need not be there yet."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else Path.home() / ".cellseg"
