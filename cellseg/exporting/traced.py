"""ONNX and TorchScript of a travelling model, from one pass through its very layers.

The tracer of TorchScript follows sizes through the networks, so height, width and batch stay open. The newer exporter
(torch.export) was tried with torch 2.13: it refuses unetpp, whose crops depend on sizes that it cannot compare, and
takes 45 to 84 seconds for networks that the tracer writes in one.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from cellseg.exporting.travelling import TravellingModel
from cellseg.extras import wanted
from cellseg.models.exported.note import INPUT, KEY, OUTPUT

OPSET = 17
"""Operators of ONNX 1.12 (2022), which onnxruntime 1.12 and later know."""


def write_torchscript(model: TravellingModel, path: Path) -> None:
    """Write a TorchScript file, which torch and libtorch run without Python."""
    with _tracing():
        traced = torch.jit.trace(model.whole(), _example(model), check_trace=False)  # type: ignore[no-untyped-call]
        content = io.BytesIO()
        torch.jit.save(traced, content, _extra_files={KEY: model.note.text.encode()})
    path.write_bytes(content.getbuffer())  # by Python: on a full disk torch ends the process


def write_onnx(model: TravellingModel, path: Path) -> None:
    """Write an ONNX file with its metadata among its properties. Raises InputError where onnx is not installed.

    Normalisations stay layers of their own: runtimes put them into the convolutions when they load the file, and
    weights that were stored in half precision stay numbers that a zip halves.
    """
    with wanted("export", "ONNX files"):
        import onnx
    graph = onnx.load_from_string(_onnx_bytes(model))
    graph.producer_name = KEY
    onnx.helper.set_model_props(graph, {KEY: model.note.text})
    onnx.checker.check_model(graph)
    path.write_bytes(graph.SerializeToString())


def _onnx_bytes(model: TravellingModel) -> bytes:
    free = {0: "batch", 2: "height", 3: "width"}
    buffer = io.BytesIO()
    with _tracing():
        torch.onnx.export(
            model.as_stored(),
            (_example(model),),
            buffer,  # type: ignore[arg-type]
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: free, OUTPUT: {0: "batch", 2: "height_out", 3: "width_out"}},
            opset_version=OPSET,
            training=torch.onnx.TrainingMode.PRESERVE,
            do_constant_folding=False,
            dynamo=False,
        )
    return buffer.getvalue()


def _example(model: TravellingModel) -> torch.Tensor:
    """The smallest image but one, higher than wide, so that no size is taken for another."""
    geometry, options = model.note.geometry, model.note.card.options
    return torch.zeros(1, options["channels"], geometry.smallest + 2 * geometry.stride, geometry.smallest)


@contextmanager
def _tracing() -> Iterator[None]:
    """Trace without gradients; the tracer warns that it is old."""
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
