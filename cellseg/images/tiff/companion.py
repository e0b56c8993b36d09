"""OME-TIFF sets whose metadata lie in a file of their own, NAME.companion.ome."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree

from cellseg.errors import InputError

ENDING = ".companion.ome"


def is_companion(path: Path) -> bool:
    """Metadata of an OME-TIFF set, by the name of the file."""
    return path.name.lower().endswith(ENDING)


def first_file(path: Path) -> tuple[Path, str]:
    """The first TIFF that a companion names, and the metadata.

    Raises:
        InputError: no such companion, no OME-XML, or a TIFF that is not beside it.
    """
    xml, elements = _read(path)
    files = _files_named(elements)
    if not files:
        raise InputError("names no TIFF files", "Open the TIFFs themselves.", path=path)
    missing = missing_beside(path, files)
    if missing:
        raise InputError(f"names {missing}, which is not beside it", "Put all files into one folder.", path=path)
    return path.parent / files[0], xml


def missing_beside(path: Path, names: Iterable[str]) -> str:
    """The first of these files that is not in the folder of `path`; empty where all are."""
    return next((name for name in names if not os.path.exists(path.parent / name)), "")  # a name may be too long


def _files_named(elements: list[ElementTree.Element]) -> list[str]:
    """Names of the TIFFs, without their folders."""
    named = (element.get("FileName") for element in elements if element.tag.endswith("}UUID"))
    return [Path(name).name for name in named if name]


def _read(path: Path) -> tuple[str, list[ElementTree.Element]]:
    """OME-XML and its elements."""
    try:
        xml = path.read_text(encoding="utf-8-sig")
        return xml, list(ElementTree.fromstring(xml).iter())
    except FileNotFoundError as error:
        raise InputError("there is no such file", "Check the path.", path=path) from error
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise InputError(f"is no OME-XML ({error})", "Copy or write it again.", path=path) from error
