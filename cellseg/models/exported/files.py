"""Networks from ONNX and TorchScript files; neither runs code of Python."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from cellseg.errors import InputError
from cellseg.extras import wanted
from cellseg.models.exported.network import ExportedNetwork
from cellseg.models.exported.note import INPUT, KEY, ExportNote, read_note
from cellseg.models.geometry import Geometry

DAMAGED = "It is cut off or damaged, or of another program; export it again."


class OnnxNetwork(ExportedNetwork):
    """A network that onnxruntime runs, on the processor."""

    def __init__(self, note: ExportNote, content: bytes, session: Any) -> None:
        super().__init__(note, content)
        self.session = session

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # it has nothing that changes

    def probabilities(self, x: Tensor) -> Tensor:
        (found,) = self.session.run(None, {self.session.get_inputs()[0].name: x.cpu().numpy()})
        return torch.from_numpy(found).to(x.device)


class ScriptNetwork(ExportedNetwork):
    """A network that torch runs."""

    def __init__(self, note: ExportNote, content: bytes, script: Any) -> None:
        super().__init__(note, content)
        self.script = script

    def probabilities(self, x: Tensor) -> Tensor:
        found: Tensor = self.script(x)
        return found


def onnx_network(content: bytes, path: Path, note: ExportNote | None = None) -> OnnxNetwork:
    """The network of an ONNX file.

    Args:
        content: of the file.
        path: of the file, for people.
        note: what is known of it; by default what it says itself.

    Raises:
        InputError: it is damaged, keeps weights in other files, was not exported by cellseg, or does not give what it
            says; or onnxruntime is not installed.
    """
    with wanted("export", "ONNX files"):
        import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.enable_cpu_mem_arena = False  # which keeps the memory of the largest tile for ever
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has a dozen kinds of its own
        found = "keeps weights in another file" if "external" in str(error).lower() else "cannot be read as ONNX"
        raise InputError(found, DAMAGED, path=path) from error
    told = note or read_note(session.get_modelmeta().custom_metadata_map.get(KEY), path)
    network = OnnxNetwork(told, content, session)
    _prove(network, path)
    return network


def script_network(content: bytes, path: Path, note: ExportNote | None = None) -> ScriptNetwork:
    """The network of a TorchScript file; arguments and errors as those of `onnx_network`."""
    extra = {KEY: ""}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            script = torch.jit.load(BytesIO(content), map_location="cpu", _extra_files=extra)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise InputError("cannot be read as TorchScript", DAMAGED, path=path) from error
    said: Any = extra[KEY]
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    network = ScriptNetwork(note or read_note(text or None, path), content, script.eval())
    _prove(network, path)
    return network


READERS: dict[str, Callable[[bytes, Path, ExportNote | None], ExportedNetwork]] = {
    "onnx": onnx_network,
    "torchscript": script_network,
}


def _prove(network: ExportedNetwork, path: Path) -> None:
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
