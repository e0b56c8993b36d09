"""Packages as other programs write them: a tiny network, its description in version 0.4 or 0.5, and test tensors."""

import io
import warnings
import zipfile

import numpy as np
import torch
import yaml

LETTERS = {"b": "batch", "c": "channel", "y": "y", "x": "x", "z": "z"}
STEP = 4
"""Pixels between legal sizes of the tiny network."""


class Strange(torch.nn.Module):
    """Two 3 x 3 convolutions, with pooling by 2 between them, of tensors whose axes are in any order."""

    def __init__(self, channels=1, outputs=1, axes="bcyx", padding=1):
        super().__init__()
        torch.manual_seed(channels + outputs)
        self.first = torch.nn.Conv2d(channels, 4, 3, padding=padding)
        self.second = torch.nn.Conv2d(4, outputs, 3, padding=padding)
        kept = [axis for axis in "bcyx" if axis in axes]
        self.there = [[axis for axis in axes if axis in "bcyx"].index(axis) for axis in kept]
        self.back = [kept.index(axis) for axis in axes if axis in "bcyx"]
        self.missing = [place for place, axis in enumerate("bcyx") if axis not in axes]
        self.ones = [place for place, axis in enumerate(axes) if axis == "z"]

    def forward(self, x):
        for place in self.ones:
            x = x.squeeze(place)
        x = x.permute(self.there)
        for place in self.missing:
            x = x.unsqueeze(place)
        found = self.plain(x.float())
        for place in reversed(self.missing):
            found = found.squeeze(place)
        found = found.permute(self.back)
        for place in self.ones:
            found = found.unsqueeze(place)
        return found

    def plain(self, x):
        found = torch.relu(self.first(x))
        found = torch.nn.functional.max_pool2d(found, 2).repeat_interleave(2, -1).repeat_interleave(2, -2)
        return 2 * self.second(found)


def axis_05(letter, size, told):
    if letter in "bc":
        names = {"channel_names": told["names"]} if letter == "c" else {}
        return {"type": LETTERS[letter], **names}
    if letter == "z":
        return {"type": "space", "id": "z", "size": 1}
    return {"type": "space", "id": letter, "size": size, **({"halo": told["halo"]} if told.get("halo") else {})}


def tree_05(told, weights):
    size, ref = told["size"], {"tensor_id": "raw", "offset": -told["lost"]}
    given = [axis_05(letter, size, {"names": [f"in{k}" for k in range(told["channels"])]}) for letter in told["axes"]]
    out = [axis_05(letter, {**ref, "axis_id": letter}, told) for letter in told["axes"]]
    step = [{"id": name, "kwargs": kwargs} if kwargs else {"id": name} for name, kwargs in told["before"]]
    after = [{"id": name, "kwargs": kwargs} if kwargs else {"id": name} for name, kwargs in told["after"]]
    return {
        "format_version": "0.5.4",
        "inputs": [{"id": "raw", "axes": given, "test_tensor": {"source": "in.npy"}, "preprocessing": step}],
        "outputs": [{"id": "seen", "axes": out, "test_tensor": {"source": "out.npy"}, "postprocessing": after}],
        "weights": weights | {},
    }


def tree_04(told, weights):
    place, channels = [letter in "yx" for letter in told["axes"]], {"b": 1, "c": told["channels"], "z": 1}
    fixed = isinstance(told["size"], int)
    sizes = [channels.get(letter) or (told["size"] if fixed else told["size"]["min"]) for letter in told["axes"]]
    steps = [0 if not of_place or fixed else told["size"]["step"] for of_place in place]
    more = {"b": 1, "c": len(told["names"]), "z": 1}
    shape = {
        "reference_tensor": "raw",
        "scale": [float(of_place) for of_place in place],
        "offset": [-told["lost"] / 2 if letter in "yx" else more[letter] / 2 for letter in told["axes"]],
    }
    if fixed:
        shape = [more.get(letter) or told["size"] - told["lost"] for letter in told["axes"]]
    step = [{"name": name, "kwargs": kwargs} if kwargs else {"name": name} for name, kwargs in told["before"]]
    after = [{"name": name, "kwargs": kwargs} if kwargs else {"name": name} for name, kwargs in told["after"]]
    common = {"axes": told["axes"], "data_type": "float32", "data_range": [float("-inf"), float("inf")]}
    return {
        "format_version": "0.4.9",
        "timestamp": "2021-09-12T14:04:52Z",
        "inputs": [
            {**common, "name": "raw", "shape": sizes if fixed else {"min": sizes, "step": steps}, "preprocessing": step}
        ],
        "outputs": [
            {
                **common,
                "name": "seen",
                "shape": shape,
                "halo": [told.get("halo", 0) * of_place for of_place in place],
                "postprocessing": after,
            }
        ],
        "test_inputs": ["in.npy"],
        "test_outputs": ["out.npy"],
        "weights": weights,
    }


GENERAL = {
    "type": "model",
    "name": "strange network",
    "description": "Made for a test.",
    "authors": [{"name": "A. Person"}],
    "cite": [{"text": "none", "doi": "10.1007/978-3-319-24574-4_28"}],
    "license": "MIT",
    "tags": ["segmentation"],
    "covers": [],
}


def written(network, kind, given):
    """The bytes of a file of weights."""
    buffer = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind == "torchscript":
            torch.jit.save(torch.jit.trace(network, given), buffer)
        else:
            free = {axis: f"axis{axis}" for axis, length in enumerate(given.shape) if length > 4}
            names = {"input_names": ["raw"], "output_names": ["seen"], "dynamic_axes": {"raw": free, "seen": free}}
            torch.onnx.export(network, (given,), buffer, opset_version=17, dynamo=False, **names)
    return buffer.getvalue()


def package(path, network, seen, told_output, kind="torchscript", version="0.5", change=lambda tree: tree, **told):
    """Write a package.

    `seen` is the test image with its axes as the network wants them, `told_output` the test output; `told` says size,
    axes, halo, lost, channels, names, before and after; `change` may change the description.
    """
    told = {"axes": "bcyx", "halo": 4, "lost": 0, "channels": 1, "names": ["cell"], "before": [], "after": [], **told}
    entry = {"source": "weights", "opset_version": 17} if kind == "onnx" else {"source": "weights"}
    if kind == "torchscript" and version == "0.5":
        entry["pytorch_version"] = "2.0"
    tree = (tree_05 if version == "0.5" else tree_04)(told, {kind: entry})
    documentation = {"source": "README.md"} if version == "0.5" else "README.md"
    tree = change({**GENERAL, **tree, "documentation": documentation})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rdf.yaml", yaml.safe_dump(tree))
        archive.writestr("README.md", "# Strange\n\nA network of a test.\n")
        archive.writestr("weights", written(network, kind, torch.from_numpy(seen)))
        for name, array in (("in.npy", seen), ("out.npy", told_output)):
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(name, buffer.getvalue())
    return path
