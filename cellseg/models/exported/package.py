"""The network of a bioimage.io package.

Its description is read and checked by bioimageio.spec. A package of cellseg says in its `config` how cellseg sees
images; of another the steps that it names are obeyed, or it is refused with the name of the step. Weights are read as
numbers, as TorchScript or as ONNX; Python that a package brings is never run.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.extras import wanted
from cellseg.models.card import ModelCard
from cellseg.models.exported.archive import ANEW, PackageFiles, opened_package
from cellseg.models.exported.files import READERS
from cellseg.models.exported.foreign import foreign_note
from cellseg.models.exported.greys import stepped
from cellseg.models.exported.kind import DESCRIPTIONS
from cellseg.models.exported.note import KEY, ExportNote, read_note

TOLERANCE = 1e-3
"""Most by which test tensors may differ."""
PLAIN = ("torchscript", "onnx")
"""Weights that run without Python, in the order in which they are tried."""


def package_network(path: Path) -> tuple[Any, ModelCard]:
    """The network of a package and its card.

    Raises:
        InputError: the package is damaged or not valid, needs its own Python, does not reproduce its test tensors, or
            asks for something that cannot be done; or bioimageio.spec is not installed.
    """
    with opened_package(path) as files:
        description = _description(files)
        note = _note(description, path)
        network = _network(description, files, note)
        _reproduce(description, files, network, note)
    return network, note.card


def _description(files: PackageFiles) -> Any:
    """The description in the newest version."""
    with wanted("export", "bioimage.io packages"):
        from bioimageio.spec import InvalidDescr, ValidationContext, build_description
    name = next((name for name in DESCRIPTIONS if files.has(name)), None)
    if name is None:
        raise InputError(f"has no {DESCRIPTIONS[0]}", "Give a bioimage.io package of a model.", path=files.path)
    try:
        tree = yaml.safe_load(files.read(name))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context = ValidationContext(perform_io_checks=False, root=files.archive, file_name=name)
            made = build_description(tree, context=context, format_version="latest")
    except (yaml.YAMLError, ValueError, TypeError, AttributeError) as error:
        raise InputError(f"has a {name} that cannot be read", ANEW, path=files.path) from error
    if isinstance(made, InvalidDescr) or getattr(made, "type", "") != "model":
        raise InputError(f"has a {name} that describes no valid model", ANEW, path=files.path)
    return made


def _note(description: Any, path: Path) -> ExportNote:
    """Note on the network: that of cellseg, or one from the description."""
    own = getattr(description.config, KEY, None)
    if isinstance(own, dict):
        return read_note(own.get("note"), path)
    return foreign_note(description, path)


def _network(description: Any, files: PackageFiles, note: ExportNote) -> Any:
    weights = description.weights
    for kind in PLAIN:
        entry = getattr(weights, kind, None)
        if entry is not None:
            return READERS[kind](files.read(_file_of(entry, files)), files.path, note)
    raise InputError(
        "has no weights that run without Python of its own",
        f"Ask its author for {' or '.join(PLAIN)} weights; cellseg runs nothing that a package brings.",
        path=files.path,
    )


def _file_of(entry: Any, files: PackageFiles) -> str:
    """Name in the package of a file that is described."""
    source = str(getattr(entry.source, "path", entry.source))
    if "://" in source:
        raise InputError(f"keeps a file elsewhere, {source}", "Download the whole package.", path=files.path)
    return source


def _reproduce(description: Any, files: PackageFiles, network: Any, note: ExportNote) -> None:
    """Raise InputError where the test tensors are not what the network makes of them."""
    given, told = (_array(one.test_tensor, files) for one in (description.inputs[0], description.outputs[0]))
    try:
        with torch.inference_mode():
            found = network.probabilities(torch.from_numpy(np.stack([stepped(one, note) for one in given])))
        difference = float(np.abs(found.numpy() - told).max())
    except (RuntimeError, ValueError) as error:
        raise InputError("has test tensors that its network does not take", ANEW, path=files.path) from error
    if not difference <= TOLERANCE:
        found_text = f"does not reproduce its test tensors: the largest difference is {difference:.2g}"
        raise InputError(found_text, "Do not use it; ask its author.", path=files.path)


def _array(entry: Any, files: PackageFiles) -> Float32:
    """A test tensor, without code of Python in it."""
    name = _file_of(entry, files)
    try:
        array = np.load(io.BytesIO(files.read(name)), allow_pickle=False)
        return np.asarray(array, np.float32)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(f"has a damaged {name}", ANEW, path=files.path) from error
