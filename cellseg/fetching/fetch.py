"""A data set's way into its folder: downloaded, verified, arranged, and there only when it is whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.fetching.archive import WrongArchiveError
from cellseg.fetching.arrange import arrange
from cellseg.fetching.download import Told, checksum, download
from cellseg.fetching.recipe import DataRecipe
from cellseg.files import write_json
from cellseg.folders import complete_folder, refuse_full
from cellseg.locks import sole_writer

NOTE = "fetched.json"
"""Recipe, terms and checksums, in the folder of the data set."""
AGAIN = "Move it away, or choose another --out."


def is_there(recipe: DataRecipe, out: Path) -> bool:
    """True if the data set is in its folder, verified. Raises InputError where the folder holds something else."""
    note = _note(out)
    if note is None:
        refuse_full(out)
        return False
    if note.get("recipe") != recipe.digest:
        raise InputError(f"holds {note.get('name', 'another data set')} by another recipe", AGAIN, path=out)
    for name, wanted in note["files"].items():
        if not (out / name).is_file() or checksum(out / name) != wanted:
            raise InputError("is missing or was changed since it was fetched", AGAIN, path=out / name)
    return True


def fetch(recipe: DataRecipe, out: Path, told: Told) -> None:
    """Download, verify and arrange a data set.

    Downloads lie in a hidden folder beside `out`, from which another call goes on, until the data set is whole.

    Args:
        recipe: what to fetch.
        out: the folder that it becomes.
        told: is told the bytes that came.

    Raises:
        InputError: no connection, a wrong checksum, an archive that would do harm, or `out` cannot be written.
    """
    with sole_writer(out):
        kept = out.with_name(f".{out.name}.download")
        _make(kept)
        found = {source.url: download(source, kept, told) for source in recipe.files}
        try:
            with complete_folder(out) as folder:
                for group in recipe.groups:
                    arrange(group, found, folder)
                _write_note(recipe, folder)
        except WrongArchiveError as error:
            found[error.url].unlink()
            raise
        shutil.rmtree(kept, ignore_errors=True)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found = f"cannot be written ({error.strerror or type(error).__name__})"
        raise InputError(found, "Free space or choose another --out.", path=folder) from error


def _write_note(recipe: DataRecipe, folder: Path) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    told = {
        "name": recipe.name,
        "recipe": recipe.digest,
        "licence": recipe.licence,
        "citation": recipe.citation,
        "files": {path.relative_to(folder).as_posix(): checksum(path) for path in files},
    }
    write_json(folder / NOTE, told)


def _note(out: Path) -> dict[str, Any] | None:
    """The note of an earlier call; None where there is none."""
    try:
        tree = json.loads((out / NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return tree if isinstance(tree, dict) and isinstance(tree.get("files"), dict) else None
