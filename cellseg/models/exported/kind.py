"""Kinds of files of networks by their content; readable without torch."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import Literal

from cellseg.errors import reading

ExportedKind = Literal["onnx", "torchscript", "package"]
DESCRIPTIONS = ("rdf.yaml", "bioimageio.yaml")
"""Names of a package's description."""
SAFETENSORS = b"{"
"""Ninth byte of a safetensors file, whose header is JSON."""


def exported_kind(file: Path) -> ExportedKind | None:
    """The kind of a file that is no model file of cellseg; None for any other file."""
    if zipfile.is_zipfile(file):
        with reading(file, "cannot be read as a zip", "Download or export it again."), zipfile.ZipFile(file) as archive:
            names = {PurePosixPath(name).name for name in archive.namelist()}
        return "package" if names & set(DESCRIPTIONS) or file.suffix.lower() == ".zip" else "torchscript"
    if file.suffix.lower() == ".zip":
        return "package"
    with open(file, "rb") as opened:
        start = opened.read(9)
    return "onnx" if file.suffix.lower() == ".onnx" and start[8:] != SAFETENSORS else None
