"""Code in a TorchScript file, before it is loaded: torch has operators that write and read any file.

They need no Python, and run when the network does, or even while it is loaded.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

from cellseg.errors import InputError
from cellseg.models.exported.archive import refuse_bomb
from cellseg.models.exported.script_weights import check_weights

OF_FILES = re.compile(r"\b(?:torch|aten)\.(save|load|from_file)\w*\(")
"""Operators of files as they stand in the code."""


def refuse_files(content: bytes, path: Path) -> None:
    """Raise InputError for a TorchScript that writes or reads files, or is a bomb.

    Raises ValueError, or another error, for what is no archive, or whose weights are not those that it announces.
    """
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            refuse_bomb(archive.infolist(), path)
            check_weights(archive)
            codes = [archive.read(one).decode(errors="replace") for one in archive.infolist() if _is_code(one.filename)]
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError("no archive") from error
    found = next((found for found in map(OF_FILES.search, codes) if found), None)
    if found:
        said = f"writes or reads files (torch.{found.group(1)})"
        raise InputError(said, "Do not trust it: a network has no need to.", path=path)


def _is_code(name: str) -> bool:
    return "code" in name.split("/") and name.endswith(".py")
