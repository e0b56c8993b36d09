"""The network of a bioimage.io package.

A package of cellseg says in its `config` how cellseg sees images; of another the steps that it names are obeyed, or it
is refused with the name of the step. Weights are read as TorchScript or ONNX, or as numbers for a network of cellseg;
Python that a package brings is never run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.images.grey_steps import measure_steps
from cellseg.images.grey_values import bent
from cellseg.images.source import array_source
from cellseg.models.card import ModelCard
from cellseg.models.exported.archive import ANEW, PackageFiles, opened_package
from cellseg.models.exported.axes import from_network
from cellseg.models.exported.description import description_name, file_of, read_description, tensor_array
from cellseg.models.exported.files import READERS, file_network, prove
from cellseg.models.exported.foreign import (
    ForeignCall,
    ForeignNetwork,
    ForeignTensors,
    described_note,
    foreign_tensors,
)
from cellseg.models.exported.greys import stepped
from cellseg.models.exported.note import KEY, ExportNote, read_note
from cellseg.models.exported.output_classes import meaning_of
from cellseg.models.exported.state import own_network
from cellseg.models.exported.tolerance import Tolerance, tolerance_of

PLAIN = ("torchscript", "onnx")
"""Weights that run without Python, in the order in which they are tried."""
NUMBERS = "pytorch_state_dict"


def package_network(path: Path) -> tuple[Any, ModelCard]:
    """The network of a package and its card.

    Raises:
        InputError: the package is damaged or not valid, needs its own Python, does not reproduce its test tensors, or
            asks for something that cannot be done; or bioimageio.spec is not installed.
    """
    with opened_package(path) as files:
        package = _Package(files, read_description(files))
        own = getattr(package.description.config, KEY, None)
        network, note = package.own(own) if isinstance(own, dict) else package.foreign()
    return network, note.card


@dataclass(frozen=True, slots=True)
class _Package:
    """Files of a package, and what they are said to be."""

    files: PackageFiles
    description: Any

    @property
    def path(self) -> Path:
        return self.files.path

    def entry(self, kind: str) -> Any:
        """Description of a kind of weights; None where there are none."""
        return getattr(self.description.weights, kind, None)

    def content(self, kind: str) -> bytes:
        return self.files.read(file_of(self.entry(kind), self.files))

    @property
    def plain(self) -> str | None:
        """Kind of weights that runs without Python."""
        return next((kind for kind in PLAIN if self.entry(kind) is not None), None)

    # of cellseg -------------------------------------------------------------------------------------------------

    def own(self, told: dict[str, Any]) -> tuple[Any, ExportNote]:
        """Network of a package of cellseg, and its note."""
        note = read_note(told.get("note"), self.path)
        if self.plain is not None:
            network: Any = file_network(self.plain, self.content(self.plain), self.path, note)
        elif self.entry(NUMBERS) is not None:
            network = own_network(note.card.name, note.card.options, self.content(NUMBERS), self.path)
        else:
            raise self._python()
        self._reproduce_own(network, note)
        return network, note

    def _reproduce_own(self, network: Any, note: ExportNote) -> None:
        given, told = (
            tensor_array(one, self.files) for one in (self.description.inputs[0], self.description.outputs[0])
        )
        seen = np.stack([stepped(one, note) for one in given])
        try:
            with torch.inference_mode():
                found = _probabilities(network, seen, note)
        except (RuntimeError, ValueError, InputError) as error:
            raise self._not_taken() from error
        self._compare([found], told, Tolerance())

    def _python(self) -> InputError:
        return InputError(
            "has no weights that run without Python of its own",
            f"Ask its author for {' or '.join(PLAIN)} weights; cellseg runs nothing that a package brings.",
            path=self.path,
        )

    # of other programs ------------------------------------------------------------------------------------------

    def foreign(self) -> tuple[Any, ExportNote]:
        """Network of a package of another program, and what is known of it."""
        tensors = foreign_tensors(self.description, self.path)
        kind = self.plain or NUMBERS
        content = self.content(kind) if self.plain else b""
        call = ForeignCall(READERS[kind](content, self.path).raw if self.plain else self._own_layers(), tensors)
        values = self._reproduced(call, tensors)
        meaning = meaning_of(tensors.names, tensors.output, values, self.path)
        note = described_note(tensors, meaning, self.description)
        told = self.files.read(description_name(self.files))
        network = ForeignNetwork(note, (content or self.content(NUMBERS)) + told, call, meaning)
        prove(network, self.path)
        return network, note

    def _own_layers(self) -> nn.Module:
        """A network that is built by cellseg itself, as the package says: `from cellseg import build`."""
        architecture = getattr(self.entry(NUMBERS), "architecture", None)
        library = str(getattr(architecture, "import_from", ""))
        if architecture is None or library.split(".")[0] != KEY or architecture.callable != "build":
            raise self._python()
        options = dict(architecture.kwargs)
        name = str(options.pop("name", ""))
        network: nn.Module = own_network(name, options, self.content(NUMBERS), self.path)
        return network

    def _reproduced(self, call: ForeignCall, tensors: ForeignTensors) -> Float32:
        """The test output (K, H, W) of the first sample. Raises InputError where it does not come out."""
        given, told = (
            tensor_array(one, self.files) for one in (self.description.inputs[0], self.description.outputs[0])
        )
        try:
            images = from_network(torch.from_numpy(given), tensors.given).numpy()
            wanted = from_network(torch.from_numpy(told), tensors.told).numpy()
        except (RuntimeError, ValueError) as error:
            raise self._not_taken() from error
        self._compare(_tries(call, images, wanted.shape, tensors), wanted, tolerance_of(self.description))
        return np.asarray(wanted[0], np.float32)

    # both -------------------------------------------------------------------------------------------------------

    def _test_arrays(self) -> tuple[Float32, Float32]:
        """The test input and output."""
        given, told = self.description.inputs[0], self.description.outputs[0]
        return tensor_array(given, self.files), tensor_array(told, self.files)

    def _not_taken(self) -> InputError:
        return InputError("has test tensors that its network does not take", ANEW, path=self.path)

    def _compare(self, tries: Iterable[Float32], told: Float32, tolerance: Tolerance) -> None:
        """Raise InputError where none of the tries is the test output."""
        differences = []
        for found in tries:
            if found.shape == told.shape:
                if tolerance.allows(found, told):
                    return
                differences.append(float(np.abs(found - told).max()))
        if not differences:
            raise self._not_taken()
        found_text = f"does not reproduce its test tensors: the largest difference is {min(differences):.2g}"
        raise InputError(found_text, "Do not use it; ask its author.", path=self.path)


def _probabilities(network: Any, seen: Float32, note: ExportNote) -> Float32:
    """Probabilities of linear grey values, by a file or by a network of cellseg."""
    if hasattr(network, "probabilities"):
        found: Float32 = network.probabilities(torch.from_numpy(seen)).numpy()
        return found
    own: Float32 = torch.softmax(network(torch.from_numpy(bent(seen) if note.compresses else seen)), dim=1).numpy()
    return own


def _tries(call: ForeignCall, images: Float32, shape: tuple[int, ...], tensors: ForeignTensors) -> Iterator[Float32]:
    """Values of test images (N, C, H, W): as they are, and mirrored by the halo, which is cut off again.

    Programs differ in which of them they write down; what the network does not take is left out.
    """
    for high, wide in dict.fromkeys([(0, 0), tensors.halo]):
        around = np.pad(images, [(0, 0), (0, 0), (high, high), (wide, wide)], mode="symmetric")
        with torch.inference_mode(), suppress(Exception):  # each library has its own
            found = np.concatenate([_called(call, image) for image in around])
            cuts = [(length - inner) // 2 for length, inner in zip(found.shape[2:], shape[2:], strict=True)]
            if min(cuts) >= 0:
                yield found[:, :, cuts[0] : cuts[0] + shape[2], cuts[1] : cuts[1] + shape[3]]


def _called(call: ForeignCall, image: Float32) -> Float32:
    source = array_source(image, axes="CYX")
    greys = measure_steps(call.tensors.before, source, 0)
    seen = np.stack([greys.of(pixels, channel) for channel, pixels in enumerate(image)])
    found: Float32 = call(torch.from_numpy(seen)[None]).numpy()
    return found
