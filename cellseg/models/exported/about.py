"""Description of a file in another program's format, in names and numbers; without torch."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from cellseg.errors import InputError
from cellseg.extras import wanted
from cellseg.models.exported.archive import ANEW, opened_package
from cellseg.models.exported.description import read_description
from cellseg.models.exported.kind import DESCRIPTIONS, ExportedKind, exported_kind
from cellseg.models.exported.note import KEY, ExportNote, read_note

SCRIPT_FILE = "constants.pkl"
"""A file that each TorchScript has."""


def about_exported(path: Path) -> dict[str, Any] | None:
    """Format, maker, classes, channels, sizes and grey values of a file; None for a file of another kind.

    Raises:
        InputError: it is damaged, or a library that reads it is not installed.
    """
    kind = exported_kind(path)
    return None if kind is None or not _is(kind, path) else {"kind": "model", "file": str(path), **ABOUT[kind](path)}


def _is(kind: ExportedKind, path: Path) -> bool:
    """True where a file has what each of its kind has: other zips are no models."""
    if kind == "onnx":
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        names = {PurePosixPath(name).name for name in archive.namelist()}
    return bool(names & set(DESCRIPTIONS if kind == "package" else (SCRIPT_FILE,)))


def _onnx(path: Path) -> dict[str, Any]:
    with wanted("export", "ONNX files"):
        import onnx
    try:
        model = onnx.load(str(path), load_external_data=False)
    except Exception as error:  # of the library that reads its bytes
        raise InputError("cannot be read as ONNX", ANEW, path=path) from error
    told = next((one.value for one in model.metadata_props if one.key == KEY), None)
    opset = max((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), default=0)
    found = {"format": "ONNX", "opset": opset}
    if told is not None:
        return found | _own(read_note(told, path))
    tensors = {"inputs": _shapes(model.graph.input), "outputs": _shapes(model.graph.output)}
    return found | {"made_by": model.producer_name or "another program", **tensors, "predicts": NOT_TOLD}


NOT_TOLD = "no: its sizes and grey values are not told; give the bioimage.io package that it comes from"


def _shapes(tensors: Any) -> dict[str, list[Any]]:
    """Lengths of the axes of each tensor, or their names where they are open."""
    return {one.name: [axis.dim_param or axis.dim_value for axis in one.type.tensor_type.shape.dim] for one in tensors}


def _torchscript(path: Path) -> dict[str, Any]:
    with opened_package(path) as files:
        name = next((name for name in files.archive.namelist() if name.endswith(f"extra/{KEY}")), None)
        told = None if name is None else files.read(name).decode(errors="replace")
    own = {"made_by": "another program", "predicts": NOT_TOLD} if told is None else _own(read_note(told, path))
    return {"format": "TorchScript", **own}


def _own(note: ExportNote) -> dict[str, Any]:
    """Content of cellseg's own metadata."""
    tree = json.loads(note.text)
    sentences = {"input": tree["input"], "legal_sizes": tree["sizes"], "output": tree["output"]}
    numbers = {"gain": list(note.gain), "offset": list(note.offset)} if note.gain else {}
    card = {**asdict(note.card), "statistics": note.statistics}
    return {"made_by": "cellseg", **sentences, **numbers, "geometry": asdict(note.geometry), **card}


def _package(path: Path) -> dict[str, Any]:
    with opened_package(path) as files:
        made = read_description(files)
    weights = [name for name in type(made.weights).model_fields if getattr(made.weights, name, None) is not None]
    own = getattr(made.config, KEY, None)
    told = _own(read_note(own.get("note"), path)) if isinstance(own, dict) else _of_another(made)
    people = {"authors": [str(one.name) for one in made.authors], "licence": str(made.license or "")}
    return {"format": "bioimage.io package", "weights": weights, **told, **people}


def _of_another(made: Any) -> dict[str, Any]:
    given = {str(one.id): {"axes": _axes(one), "steps": [step.id for step in one.preprocessing]} for one in made.inputs}
    told = {
        str(one.id): {"axes": _axes(one), "steps": [step.id for step in one.postprocessing]} for one in made.outputs
    }
    words = {"name": str(made.name), "description": str(made.description or "")}
    return {"made_by": "another program", **words, "inputs": given, "outputs": told}


def _axes(tensor: Any) -> dict[str, Any]:
    """Description of each axis of a tensor: its sizes, names of its channels, its halo."""
    return {str(axis.id): _axis(axis) for axis in tensor.axes}


def _axis(axis: Any) -> Any:
    if axis.type == "channel":
        return list(map(str, axis.channel_names))
    size = axis.size.model_dump(mode="json") if hasattr(axis.size, "model_dump") else axis.size
    halo = getattr(axis, "halo", None)
    return size if halo is None else {"size": size, "halo": halo}


ABOUT: dict[ExportedKind, Callable[[Path], dict[str, Any]]] = {
    "onnx": _onnx,
    "torchscript": _torchscript,
    "package": _package,
}
