"""A bioimage.io package: weights in three formats, description, test tensors, documentation, cover."""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import tifffile
import torch
from PIL import Image

from cellseg import __version__
from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.exporting.architecture import self_contained
from cellseg.exporting.describe import UNET, ModelWords, config_of, words_of
from cellseg.exporting.traced import OPSET, write_onnx, write_torchscript
from cellseg.exporting.travelling import TravellingModel, WholeNetwork
from cellseg.extras import wanted
from cellseg.images.source import ImageSource
from cellseg.models.exported.greys import stepped, steps
from cellseg.models.exported.note import INPUT, OUTPUT
from cellseg.options import ExportOptions
from cellseg.samples.sample import make_sample

SHOWN = 96
"""Side of the test output in pixels, about."""
WEIGHTS = {"pytorch_state_dict": "weights.pt", "torchscript": "weights_torchscript.pt", "onnx": "weights.onnx"}
TOLERANCE = 1e-4
"""Of the test tensors: other kernels add in another order."""


def write_package(
    model: TravellingModel, path: Path, options: ExportOptions, given: str, like: ImageSource | None
) -> None:
    """Write a bioimage.io package (zip).

    Args:
        model: what is exported.
        path: of the file.
        options: names of people and licence.
        given: name of the model where the options have none.
        like: image of which a part becomes the test tensor; by default cells are generated.

    Raises:
        InputError: bioimageio.core or onnx is not installed.
    """
    with wanted("export", "bioimage.io packages"):
        from bioimageio.spec import save_bioimageio_package
    words = words_of(model.note, options, given)
    with TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = Path(name)
        _write_weights(model, folder)
        _write_example(model, folder, like)
        (folder / "README.md").write_text(words.text, encoding="utf-8")
        (folder / "architecture.py").write_text(self_contained(model.network, __version__), encoding="utf-8")
        save_bioimageio_package(_description(model, words, folder), output_path=folder / "package.zip")
        path.write_bytes((folder / "package.zip").read_bytes())


def _write_weights(model: TravellingModel, folder: Path) -> None:
    whole = WholeNetwork(model.network, bends=model.note.compresses)
    state = {name: _tight(weight) for name, weight in whole.state_dict().items()}
    torch.save(state, folder / WEIGHTS["pytorch_state_dict"])
    write_torchscript(model, folder / WEIGHTS["torchscript"])
    write_onnx(model, folder / WEIGHTS["onnx"])


def _tight(weight: torch.Tensor) -> torch.Tensor:
    """The weight in half precision where it is the same number there, as in models that were stored so."""
    half = weight.half()
    return half if weight.is_floating_point() and torch.equal(half.to(weight.dtype), weight) else weight


def _write_example(model: TravellingModel, folder: Path, like: ImageSource | None) -> None:
    """Test tensors, and a picture of both side by side."""
    note = model.note
    side = note.geometry.input_size(SHOWN)
    pixels = _pixels(side, note.card.options["channels"], like)
    with torch.no_grad():
        found: Float32 = model.whole()(torch.from_numpy(stepped(pixels, note))[None])[0].numpy()
    for name, values in (("input", pixels), ("output", found)):
        np.save(folder / f"test_{name}.npy", values[None])
        tifffile.imwrite(folder / f"sample_{name}.tif", values[None], compression="zlib", metadata=None)
    inner = slice(note.geometry.margin, side - note.geometry.margin)
    cover = np.hstack([_shown(pixels[0, inner, inner]), _shown(1 - found[0])])
    Image.fromarray(cover).resize((4 * SHOWN, 2 * SHOWN)).save(folder / "cover.png", optimize=True)


def _pixels(side: int, channels: int, like: ImageSource | None) -> Float32:
    """A square (C, side, side) from the middle of an image, or of generated cells."""
    if like is None or min(like.height, like.width) < side:
        rng = np.random.default_rng(0)
        return np.stack([make_sample("blobs", (side, side), rng)[0] for _ in range(channels)]).astype(np.float32)
    top, left = (like.height - side) // 2, (like.width - side) // 2
    return like.read(0, slice(top, top + side), slice(left, left + side)).astype(np.float32)


def _shown(values: Float32) -> np.ndarray[Any, np.dtype[np.uint8]]:
    low, high = float(values.min()), float(values.max())
    return (255 * (values - low) / max(high - low, 1e-6)).astype(np.uint8)


def _description(model: TravellingModel, words: ModelWords, folder: Path) -> Any:
    """The description; it is checked when it is made."""
    from bioimageio.spec.model import v0_5 as spec

    tree = _tree(model, words, folder)
    try:
        return spec.ModelDescr.model_validate({"format_version": spec.ModelDescr.implemented_format_version, **tree})
    except ValueError as error:
        found = f"bioimage.io does not take this description ({' '.join(str(error).split())[:300]})"
        raise InputError(found, "Give another --name, --authors or --licence.") from error


def _tree(model: TravellingModel, words: ModelWords, folder: Path) -> dict[str, Any]:
    return {
        "type": "model",
        "name": words.name,
        "description": words.summary,
        "documentation": {"source": folder / "README.md"},
        "covers": [{"source": folder / "cover.png"}],
        "authors": words.authors,
        "cite": [{"text": UNET[0], "doi": UNET[1]}],
        "license": words.licence,
        "tags": ["cellseg", "unet", "segmentation", "microscopy", "2d", model.note.card.name],
        "inputs": [_input(model, folder)],
        "outputs": [_output(model, folder)],
        "weights": _weights(model, folder),
        "config": {"bioimageio": _tolerance(), "cellseg": config_of(model.note)},
    }


def _tolerance() -> dict[str, Any]:
    bounds = {"relative_tolerance": TOLERANCE, "absolute_tolerance": TOLERANCE, "mismatched_elements_per_million": 0}
    return {"reproducibility_tolerance": [bounds], "task": "semantic segmentation"}


def _input(model: TravellingModel, folder: Path) -> dict[str, Any]:
    g = model.note.geometry
    names = [f"channel{k}" for k in range(model.note.card.options["channels"])]
    place = [{"type": "space", "id": axis, "size": {"min": g.smallest, "step": g.stride}} for axis in ("y", "x")]
    return {
        "id": INPUT,
        "description": "The image in its own grey values.",
        "axes": [{"type": "batch"}, {"type": "channel", "channel_names": names}, *place],
        "data": {"type": "float32"},
        "test_tensor": {"source": folder / "test_input.npy"},
        "sample_tensor": {"source": folder / "sample_input.tif"},
        "preprocessing": steps(model.note),
    }


def _output(model: TravellingModel, folder: Path) -> dict[str, Any]:
    lost = 2 * model.note.geometry.margin
    names = [name.replace(" ", "_") for name in model.note.card.class_names]
    place = [
        {"type": "space", "id": axis, "size": {"tensor_id": INPUT, "axis_id": axis, "offset": -lost}}
        for axis in ("y", "x")
    ]
    return {
        "id": OUTPUT,
        "description": f"Probabilities of {', '.join(model.note.card.class_names)}; they add up to 1.",
        "axes": [{"type": "batch"}, {"type": "channel", "channel_names": names}, *place],
        "data": {"type": "float32", "range": (0.0, 1.0)},
        "test_tensor": {"source": folder / "test_output.npy"},
        "sample_tensor": {"source": folder / "sample_output.tif"},
    }


def _weights(model: TravellingModel, folder: Path) -> dict[str, Any]:
    note, version = model.note, torch.__version__.split("+")[0]
    options = {**note.card.options, "margin": note.geometry.margin, "bends": note.compresses}
    source = {name: folder / file for name, file in WEIGHTS.items()}
    architecture = {"source": folder / "architecture.py", "callable": "build", "kwargs": options}
    parent = "pytorch_state_dict"
    return {
        parent: {"source": source[parent], "architecture": architecture, "pytorch_version": version},
        "torchscript": {"source": source["torchscript"], "pytorch_version": version, "parent": parent},
        "onnx": {"source": source["onnx"], "opset_version": OPSET, "parent": parent},
    }
