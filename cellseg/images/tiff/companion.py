"""OME-TIFF sets whose metadata lie in a file of their own, NAME.companion.ome."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from cellseg.errors import InputError

ENDING = ".companion.ome"


def is_companion(path: Path) -> bool:
    """Whether a file is the metadata of an OME-TIFF set, by its name."""
    return path.name.lower().endswith(ENDING)


def first_file(path: Path) -> tuple[Path, str]:
    """The first TIFF that a companion names, and the metadata.

    Raises:
        InputError: no such companion, no OME-XML, or a TIFF that is not beside it.
    """
    try:
        xml = path.read_text(encoding="utf-8-sig")
        elements = list(ElementTree.fromstring(xml).iter())
    except FileNotFoundError as error:
        raise InputError("there is no such file", "Check the path.", path=path) from error
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise InputError(f"is no OME-XML ({error})", "Copy or write it again.", path=path) from error
    names = [element.get("FileName") for element in elements if element.tag.endswith("}UUID")]
    files = [Path(name).name for name in names if name]
    if not files:
        raise InputError("names no TIFF files", "Open the TIFFs themselves.", path=path)
    missing = next((name for name in files if not (path.parent / name).exists()), None)
    if missing:
        raise InputError(f"names {missing}, which is not beside it", "Put all files into one folder.", path=path)
    return path.parent / files[0], xml
