"""Networks from ONNX and TorchScript files; neither runs code of Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from cellseg.errors import InputError, reading
from cellseg.extras import wanted
from cellseg.models.exported.network import ExportedNetwork
from cellseg.models.exported.note import INPUT, KEY, ExportNote, read_note
from cellseg.models.exported.script_code import refuse_files
from cellseg.models.geometry import Geometry

DAMAGED = "It is cut off or damaged, or of another program; export it again."


class OnnxModule(nn.Module):
    """A file that onnxruntime runs, on the processor."""

    def __init__(self, session: Any) -> None:
        super().__init__()
        self.session = session
        given = session.get_inputs()[0]
        self.given, self.dtype = given.name, TYPES.get(given.type, "float32")

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # it has nothing that changes

    def forward(self, x: Tensor) -> Tensor:
        found = self.session.run(None, {self.given: x.cpu().numpy().astype(self.dtype)})
        return torch.from_numpy(_only(found)).to(x.device)


TYPES = {f"tensor({name})": name for name in ("double", "uint8", "int8", "uint16", "int16", "int32", "int64", "bool")}
TYPES["tensor(float16)"] = "float16"
"""Types of numbers of ONNX, and of numpy; of all others that of float."""


class ScriptModule(nn.Module):
    """A file that torch runs."""

    def __init__(self, script: Any) -> None:
        super().__init__()
        self.script = script

    def forward(self, x: Tensor) -> Tensor:
        found = self.script(x)
        only: Tensor = found if isinstance(found, Tensor) else _only(found)
        return only


def _only(found: Any) -> Any:
    """The one output. Raises ValueError where there are more."""
    (only,) = found
    return only


@dataclass(frozen=True, slots=True, eq=False)
class WeightsFile:
    """A network that runs without Python.

    Attributes:
        raw: tensor in, tensor out, as the file has it.
        told: metadata of cellseg in it; None where there are none.
    """

    raw: nn.Module
    told: str | None


def onnx_file(content: bytes, path: Path) -> WeightsFile:
    """The network of an ONNX file.

    Args:
        content: of the file.
        path: of the file, for people.

    Raises:
        InputError: it is damaged, or keeps weights in other files; or onnxruntime is not installed.
    """
    with wanted("export", "ONNX files"):
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.enable_cpu_mem_arena = False  # which keeps the memory of the largest tile for ever
    options.log_severity_level = 4
    try:
        quiet = {"enable_fallback": 0}  # which would print
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"], **quiet)
    except Exception as error:  # onnxruntime has a dozen kinds of its own
        found = "keeps weights in another file" if "external" in str(error).lower() else "cannot be read as ONNX"
        raise InputError(found, DAMAGED, path=path) from error
    with reading(path, "has metadata that cannot be read", DAMAGED):
        return WeightsFile(OnnxModule(session), session.get_modelmeta().custom_metadata_map.get(KEY))


def script_file(content: bytes, path: Path) -> WeightsFile:
    """The network of a TorchScript file; arguments and errors as those of `onnx_file`."""
    extra = {KEY: ""}
    try:
        refuse_files(content, path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            script = torch.jit.load(BytesIO(content), map_location="cpu", _extra_files=extra)  # type: ignore[no-untyped-call]
    except InputError:
        raise
    except Exception as error:
        raise InputError("cannot be read as TorchScript", DAMAGED, path=path) from error
    said: Any = extra[KEY]
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return WeightsFile(ScriptModule(script.eval()), text or None)


READERS: dict[str, Callable[[bytes, Path], WeightsFile]] = {"onnx": onnx_file, "torchscript": script_file}


def file_network(kind: str, content: bytes, path: Path, note: ExportNote | None = None) -> ExportedNetwork:
    """The network of a file that cellseg has exported.

    Args:
        kind: onnx or torchscript.
        content: of the file.
        path: of the file, for people.
        note: what is known of it; by default what it says itself.

    Raises:
        InputError: as `onnx_file`, or it was not exported by cellseg, or does not give what it says.
    """
    read = READERS[kind](content, path)
    network = ExportedNetwork(note or read_note(read.told, path), content, read.raw)
    prove(network, path)
    return network


def prove(network: ExportedNetwork, path: Path) -> None:
    """Raise InputError for a network that does not give probabilities of the size and number that are told of it."""
    note: Geometry = network.geometry
    side, options = note.smallest + note.stride, network.note.card.options
    image = torch.zeros(1, options["channels"], note.smallest, side)
    wanted_shape = (1, options["classes"], note.smallest - 2 * note.margin, side - 2 * note.margin)
    try:
        with torch.inference_mode():
            found = network.probabilities(image)
    except Exception as error:
        raise InputError(f"does not take the {INPUT} that it says it takes", DAMAGED, path=path) from error
    if tuple(found.shape) != wanted_shape or not bool(torch.isfinite(found).all()):
        raise InputError(f"gives {tuple(found.shape)} where it says {wanted_shape}", DAMAGED, path=path)
