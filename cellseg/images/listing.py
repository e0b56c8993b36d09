"""Which TIFF files a path, folder or glob means, in natural order."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterable
from pathlib import Path

from cellseg.errors import InputError

SUFFIXES = (".tif", ".tiff", ".btf", ".tf8")

Paths = str | Path | Iterable[str | Path]


def list_images(paths: Paths) -> list[Path]:
    """The files meant by a file, a folder of TIFFs, a glob, or several of these.

    Args:
        paths: a file is taken whatever its suffix; of folders and globs only TIFFs are taken.

    Returns:
        At least one file; those of a folder or glob in natural order (t2 before t10).

    Raises:
        InputError: nothing there, or no TIFF among what is there.
    """
    several = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not several:
        raise InputError("no image was named", "Name a TIFF file, a folder or a glob.")
    return [file for path in several for file in _expand(Path(path).expanduser())]


def stem(path: Path) -> str:
    """File name without its suffixes: a for a.ome.tif."""
    name = path.name
    for suffix in (*SUFFIXES, ".ome"):
        name = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    return name


def natural_key(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sorts numbers inside names by value."""
    parts = re.findall(r"\d+|\D+", path.as_posix())
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part.casefold()) for part in parts)


def _expand(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        inside = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
        return _only_tiffs(inside, path, "is a folder")
    if not glob.has_magic(str(path)):
        raise InputError("there is no such file or folder", "Check the spelling.", path=path)
    return _only_tiffs([Path(match) for match in glob.glob(str(path), recursive=True)], path, "is a pattern")


def _only_tiffs(files: list[Path], path: Path, what: str) -> list[Path]:
    tiffs = sorted((file for file in files if file.suffix.lower() in SUFFIXES), key=natural_key)
    if not tiffs:
        held = f"{len(files)} files, none of them a TIFF" if files else "nothing in it"
        raise InputError(f"{what} with {held}", "Files must end in .tif or .tiff.", path=path)
    return tiffs
