"""Images to segment: layers of the viewer and files, and their way to the child."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cellseg.options import PredictOptions
from napari_cellseg.children.serving import Order
from napari_cellseg.pixels.channels import StackedChannels
from napari_cellseg.pixels.layer_files import file_that_shows, guess_axes, write_pixels
from napari_cellseg.segment.command import changed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Input:
    """An image in a layer or in a file."""

    name: str
    folder: Path
    """Where its prediction is kept."""
    path: str | None = None
    """The file it comes from."""
    data: Any = None
    """(..., H, W), or (..., H, W, 3): what a layer holds; None for a file."""
    channels: tuple[Any, ...] = ()
    """(..., H, W) each: what the layers of its channels hold, where there is one each."""
    layer: str = ""
    """Name of the layer that shows it, or its first channel."""
    rgb: bool = False
    axes: str = ""
    """What is known of the file's axes; empty = as it says."""
    layer_axes: str = ""
    """What is known of the layer's, without colours."""
    pixel_size_um: tuple[float, float] | None = None
    spacing_um: float | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., H, W) of the layer."""
        shape = tuple(self.data.shape)
        return shape[:-1] if self.rgb else shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Choices of the form."""

    model: str
    network: PredictOptions = field(default_factory=PredictOptions)
    """Options of the network: average, tile."""
    axes: str = ""
    channel: str = ""


def open_order(chosen: Input, choices: Choices) -> Order:
    """The order to open an image. Pixels that no file shows are written to one first, which may take a while.

    Raises:
        InputError: axes that do not fit, or a file that cannot be written.
    """
    axes = choices.axes or chosen.axes
    order: Order = {
        "do": "open",
        "model": choices.model,
        "folder": str(chosen.folder),
        "options": changed(choices.network),
        "channel": choices.channel,
        "axes": axes,
    }
    if chosen.data is None:
        return {**order, "image": chosen.path}
    file = _file_that_shows(chosen, axes)
    if file is None:
        axes = choices.axes or _axes_of_layers(chosen)
        file = chosen.folder / "image.ome.tif"
        data = StackedChannels(chosen.channels) if chosen.channels else chosen.data
        write_pixels(file, data, axes, chosen.pixel_size_um, chosen.spacing_um)
        order["axes"] = ""
    return {**order, "image": str(file), "lead": list(chosen.shape[:-2])}


def _file_that_shows(chosen: Input, axes: str) -> Path | None:
    """The file of an image if it has the pixels of all layers that show it."""
    shown = [
        file_that_shows(chosen.path, data, rgb=chosen.rgb, axes=axes, channel=True)
        for data in chosen.channels or (chosen.data,)
    ]
    return None if None in shown else shown[0]


def _axes_of_layers(chosen: Input) -> str:
    """Axes of what is written of the layers."""
    known = f"{chosen.layer_axes}S" if chosen.layer_axes and chosen.rgb else chosen.layer_axes
    axes = known or guess_axes(chosen.data.ndim, rgb=chosen.rgb)
    return f"{axes[:-2]}CYX" if chosen.channels else axes
