"""The network of another program's package, used as its description says: axes, sizes, steps, meaning of the output."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cellseg.errors import InputError
from cellseg.images.grey_steps import Cast, GreyStep, PixelStep, steps_text
from cellseg.models.card import ModelCard
from cellseg.models.exported.axes import (
    ELSEWHERE,
    AxisRole,
    AxisSizes,
    Windows,
    from_network,
    roles_of,
    sizes_of,
    tiling_of,
    to_network,
)
from cellseg.models.exported.network import ExportedNetwork
from cellseg.models.exported.note import ExportNote
from cellseg.models.exported.output_classes import OutputClasses
from cellseg.models.exported.steps import Softmax, TensorAxes, stepped_output, steps_after, steps_before
from cellseg.models.geometry import Geometry
from cellseg.models.registry import build


@dataclass(frozen=True, slots=True)
class ForeignTensors:
    """Description of what a network takes and gives.

    Attributes:
        name: of the model.
        channels: of its input.
        given: axes of the input.
        told: axes of the output.
        before: steps from an image to the input.
        after: steps from the output to the result.
        halo: pixels a side of the output that are not to be believed, along y and x.
        lost: pixels that the output is shorter, along y and x.
        geometry: sizes and margin.
        windows: windows of a fixed size, where the network takes no other.
        names: of the channels of the output.
        output: name of the output.
    """

    name: str
    channels: int
    given: tuple[AxisRole, ...]
    told: tuple[AxisRole, ...]
    before: tuple[GreyStep, ...]
    after: tuple[PixelStep | Softmax, ...]
    halo: tuple[int, int]
    lost: tuple[int, int]
    geometry: Geometry
    windows: Windows | None
    names: tuple[str, ...]
    output: str

    @property
    def dtype(self) -> str:
        """Type of the numbers that the network takes."""
        last = self.before[-1] if self.before else None
        return last.dtype if isinstance(last, Cast) else "float32"

    def card(self, meaning: OutputClasses, description: Any) -> ModelCard:
        """The card of the model."""
        threshold, core = meaning.cut
        return ModelCard(
            name=self.name,
            options={"channels": self.channels, "classes": len(meaning.names)},
            class_names=meaning.names,
            labels_are="instances" if len(meaning.names) == 2 else "classes",
            threshold=threshold,
            core=core,
            grey_values=steps_text(self.before),
            statistics="fixed",
            data=str(description.description or ""),
            licence=str(description.license or ""),
        )


PLACES: tuple[AxisRole, ...] = ("y", "x")


def foreign_tensors(description: Any, path: Path) -> ForeignTensors:
    """Tensors that a network takes and gives. Raises InputError, by name, for what cannot be done or tiled."""
    given, told = _only(description.inputs, "inputs", path), _only(description.outputs, "outputs", path)
    roles = roles_of(given.axes, path), roles_of(told.axes, path)
    rows, columns = (_sizes(given, told, roles, role, path) for role in PLACES)
    geometry, windows = tiling_of(rows, columns, path)
    axes = [TensorAxes(_ids(tensor), of) for tensor, of in zip((given, told), roles, strict=True)]
    return ForeignTensors(
        name=str(description.name),
        channels=len(_channels(given, roles[0])),
        given=roles[0],
        told=roles[1],
        before=steps_before(given, axes[0], path),
        after=steps_after(told, axes[1], path),
        halo=(rows.halo, columns.halo),
        lost=(rows.lost, columns.lost),
        geometry=geometry,
        windows=windows,
        names=_channels(told, roles[1]),
        output=str(told.id),
    )


def _only(tensors: Any, what: str, path: Path) -> Any:
    wanted = [one for one in tensors if not getattr(one, "optional", False)]
    if len(wanted) != 1:
        found = f"has {len(wanted)} {what} ({', '.join(str(one.id) for one in wanted)})"
        raise InputError(found, f"Only models with one image in and one out are understood. {ELSEWHERE}", path=path)
    return wanted[0]


def _ids(tensor: Any) -> tuple[str, ...]:
    return tuple(str(axis.id) for axis in tensor.axes)


def _sizes(given: Any, told: Any, roles: tuple[Any, Any], role: AxisRole, path: Path) -> AxisSizes:
    one, other = (tensor.axes[of.index(role)] for tensor, of in zip((given, told), roles, strict=True))
    return sizes_of(one, other, str(given.id), path)


def _channels(tensor: Any, roles: tuple[AxisRole, ...]) -> tuple[str, ...]:
    """Names of the channels; of a tensor without such an axis its own name."""
    if "channel" not in roles:
        return (str(tensor.id),)
    return tuple(map(str, tensor.axes[roles.index("channel")].channel_names))


class ForeignCall(nn.Module):
    """The network itself and its steps: an image of a size of its own in, values of its channels out."""

    def __init__(self, raw: nn.Module, tensors: ForeignTensors) -> None:
        super().__init__()
        self.raw = raw
        self.tensors = tensors

    def forward(self, x: Tensor) -> Tensor:
        """Values (N, K, h, w) of an input (N, C, H, W). Raises ValueError where they are not as many as described."""
        dtype = getattr(torch, self.tensors.dtype)
        found = [self.raw(to_network(one[None].to(dtype), self.tensors.given)) for one in x]
        values = torch.cat([from_network(one, self.tensors.told) for one in found]).float().cpu().numpy()
        told = [length - lost for length, lost in zip(x.shape[-2:], self.tensors.lost, strict=True)]
        if list(values.shape[1:]) != [len(self.tensors.names), *told]:
            raise ValueError(f"{values.shape} of {tuple(x.shape)}")
        return torch.from_numpy(stepped_output(values, self.tensors.after))


class ForeignNetwork(ExportedNetwork):
    """The network of another program: grey values by its own steps in, logarithms of probabilities out."""

    def __init__(self, note: ExportNote, content: bytes, call: ForeignCall, meaning: OutputClasses) -> None:
        super().__init__(note, content, call)
        self.call, self.meaning = call, meaning
        self.weights = len(content) // BYTES

    def probabilities(self, x: Tensor) -> Tensor:
        windows = self.call.tensors.windows
        values = self._cropped(x) if windows is None else self._windowed(x, windows)
        return self.meaning.classes(values).to(x.device)

    def _cropped(self, x: Tensor) -> Tensor:
        """Values without the margin, part of which the network has cut off itself."""
        kept = [length - 2 * self.geometry.margin for length in x.shape[-2:]]
        return self._inside(self.call(x), kept)

    def _inside(self, values: Tensor, kept: Sequence[int]) -> Tensor:
        """The middle of (N, K, h, w)."""
        cuts = [(length - inner) // 2 for length, inner in zip(values.shape[-2:], kept, strict=True)]
        return values[..., cuts[0] : cuts[0] + kept[0], cuts[1] : cuts[1] + kept[1]]

    def _windowed(self, x: Tensor, windows: Windows) -> Tensor:
        """Values from windows of the one size that the network takes, side by side."""
        starts = [
            range(windows.start(axis), length - 2 * windows.margin + windows.start(axis), windows.kept)
            for axis, length in enumerate(x.shape[-2:])
        ]
        rows = [torch.cat([self._window(x, windows, top, left) for left in starts[1]], -1) for top in starts[0]]
        return torch.cat(rows, -2)

    def _window(self, x: Tensor, windows: Windows, top: int, left: int) -> Tensor:
        part = x[..., top : top + windows.size[0], left : left + windows.size[1]]
        return self._inside(self.call(part), (windows.kept, windows.kept))

    def without_numbers(self) -> Any:
        """A U-Net with as many weights, of which costs are counted: the layers of the file are not known."""
        return StandIn(self.weights, self.call.tensors.channels, len(self.note.card.class_names))


BYTES = 4
"""Bytes of a weight."""
USUAL_WEIGHTS = 31_030_658
"""Weights of the U-Net of 2015, whose base is 64 channels."""
DEPTH = 4


class StandIn(nn.Module):
    """A network without numbers that costs about as much as one with so many weights."""

    def __init__(self, weights: int, channels: int, classes: int) -> None:
        super().__init__()
        base = max(round(64 * math.sqrt(weights / USUAL_WEIGHTS)), 4)
        with torch.device("meta"):
            self.network = build("unet", base=base, depth=DEPTH, padding="same", channels=channels, classes=classes)

    def forward(self, x: Tensor) -> Tensor:
        step = 1 << DEPTH
        height, width = (-(-length // step) * step for length in x.shape[-2:])
        found: Tensor = self.network.heads(x.new_empty(*x.shape[:-2], height, width)).logits[0]
        return found


def described_note(tensors: ForeignTensors, meaning: OutputClasses, description: Any) -> ExportNote:
    """Note on a network, from its description."""
    card = tensors.card(meaning, description)
    return ExportNote(card=card, geometry=tensors.geometry, statistics="those of its file")
