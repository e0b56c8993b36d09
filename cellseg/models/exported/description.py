"""The description in a bioimage.io package, in the newest version of the specification, and files that it names."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import yaml

from cellseg.arrays import Float32
from cellseg.errors import InputError, reading
from cellseg.extras import wanted
from cellseg.models.exported.archive import ANEW, PackageFiles
from cellseg.models.exported.kind import DESCRIPTIONS


def read_description(files: PackageFiles) -> Any:
    """The description; older versions are brought to the newest one by bioimageio.spec.

    Raises:
        InputError: there is none, it is damaged, or describes no valid model; or bioimageio.spec is not installed.
    """
    with wanted("export", "bioimage.io packages"):
        from bioimageio.spec import InvalidDescr, ValidationContext, build_description
    name = description_name(files)
    try:
        tree = with_references(_loaded(files.read(name), files))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            context = ValidationContext(perform_io_checks=False, root=files.archive, file_name=name)
            made = build_description(tree, context=context, format_version="latest")
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise InputError(f"has a {name} that cannot be read", ANEW, path=files.path) from error
    if isinstance(made, InvalidDescr) or getattr(made, "type", "") != "model":
        raise InputError(f"has a {name} that describes no valid model", ANEW, path=files.path)
    return made


LONGEST = 2**22
"""Bytes of a description."""
MOST_PARTS = 10**5
"""Parts of a description, each counted as often as it is referred to."""


def _loaded(content: bytes, files: PackageFiles) -> Any:
    """The parts of a description. Raises InputError for one that is too large once its references are followed."""
    tree = yaml.safe_load(content) if len(content) <= LONGEST else None
    waiting, count = [tree], 0
    while waiting and count <= MOST_PARTS:
        one, count = waiting.pop(), count + 1
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    if tree is None or waiting:
        raise InputError("has a description that is far too large", "Do not trust it.", path=files.path)
    return tree


def description_name(files: PackageFiles) -> str:
    """Name of the description's file. Raises InputError where there is none."""
    name = next((name for name in DESCRIPTIONS if files.has(name)), None)
    if name is None:
        raise InputError(f"has no {DESCRIPTIONS[0]}", "Give a bioimage.io package of a model.", path=files.path)
    return name


def with_references(tree: Any) -> Any:
    """A description of version 0.4 whose outputs of a fixed size with a halo refer to the input.

    The newest version knows a halo only beside such a reference; it says the same.
    """
    if not str(tree.get("format_version", "")).startswith("0.4"):
        return tree
    given = tree["inputs"][0]
    outputs = [_referring(one, given) if any(one.get("halo") or ()) else one for one in tree["outputs"]]
    return {**tree, "outputs": outputs}


def _referring(told: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    shapes = told["shape"], given["shape"]
    if not all(isinstance(shape, list) for shape in shapes) or told["axes"] != given["axes"]:
        return told
    place = [axis in "zyx" for axis in told["axes"]]
    lost = [out - into if of_place else out for of_place, out, into in zip(place, *shapes, strict=True)]
    shape = {
        "reference_tensor": given["name"],
        "scale": [float(of_place) for of_place in place],
        "offset": [each / 2 for each in lost],
    }
    return {**told, "shape": shape}


def file_of(entry: Any, files: PackageFiles) -> str:
    """Name in the package of a file that is described. Raises InputError for one that is elsewhere."""
    source = str(getattr(entry.source, "path", entry.source))
    if "://" in source:
        raise InputError(f"keeps a file elsewhere, {source}", "Download the whole package.", path=files.path)
    return source


def tensor_array(tensor: Any, files: PackageFiles) -> Float32:
    """The test tensor of an input or output, read without code of Python in it.

    Raises InputError where there is none, or it is damaged.
    """
    if tensor.test_tensor is None:
        raise InputError(
            "has no test tensors", "Its author must add them: nothing else shows that it works.", path=files.path
        )
    name = file_of(tensor.test_tensor, files)
    with reading(files.path, f"has a damaged {name}", ANEW):
        return np.asarray(np.load(io.BytesIO(files.read(name)), allow_pickle=False), np.float32)
