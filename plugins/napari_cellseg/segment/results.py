"""The layers of one result: pictures that grow, cells, and the preview of cells while a slider moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.utils.transforms import Affine
from numpy.typing import NDArray

from napari_cellseg.annotation import notes_on
from napari_cellseg.pixels.pyramid import IN_MEMORY, UNCERTAINTY, open_levels
from napari_cellseg.segment.field import Field, seen_field
from napari_cellseg.segment.inputs import Input

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(slots=True, eq=False, weakref_slot=True)
class ResultLayers:
    """What is shown of one image."""

    viewer: ViewerModel
    name: str
    shape: tuple[int, ...]
    """(*lead, H, W)"""
    placement: dict[str, Any]
    """Scale, translate and so on of the image, as napari's layers take them."""
    metadata: dict[str, Any]
    reference: Layer | None = None
    """The layer that was segmented."""
    pictures: dict[str, Image] = field(default_factory=dict)
    cells: Labels | None = None
    preview: Labels | None = None
    edited: bool = False
    """The cells were corrected by hand since they were made."""

    @property
    def small(self) -> bool:
        """Whether all cells may be held in memory."""
        return int(np.prod(self.shape)) <= IN_MEMORY

    def show_picture(self, name: str, folder: Path, uncertainty: bool = False) -> None:
        """A layer for a picture that grows on disk; the one of that name if it is there."""
        levels = open_levels(folder)
        data = levels if len(levels) > 1 else levels[0]
        layer = self.pictures.get(name)
        if layer is not None and layer in self.viewer.layers:
            layer.data = data
            return
        layer = Image(
            data,
            name=f"{self.name}: {name if uncertainty else f'probability of {name}'}",
            multiscale=len(levels) > 1,
            contrast_limits=(0, 255),
            colormap="magma" if uncertainty else "gray",
            opacity=0.6,
            blending="translucent",
            metadata=self._metadata("uncertainty" if uncertainty else "probabilities", values="255 times the part"),
            **self.placement,
        )
        self.pictures[name] = self._add(layer)

    def show_uncertainty(self, visible: bool) -> bool:
        """Show or hide where the network is unsure; whether that is a layer yet."""
        layer = self.pictures.get(UNCERTAINTY)
        if layer is None or layer not in self.viewer.layers:
            return False
        layer.visible = visible
        return True

    def refresh_pictures(self, thumbnail: bool = False) -> None:
        """Read anew what is seen of the pictures."""
        for layer in self.pictures.values():
            if layer.visible and layer in self.viewer.layers:
                layer.refresh(thumbnail=thumbnail, extent=False)

    def show_preview(self, where: Field, labels: NDArray[np.uint32]) -> None:
        """Cells of the visible field, over all else; those of the whole image are hidden meanwhile."""
        lead = self.shape[:-2]
        index = np.unravel_index(where.plane, lead) if lead else ()
        offset = [*(int(k) for k in index), where.rows[0], where.columns[0]]
        data = labels.reshape(*(1,) * len(lead), *labels.shape)
        translate = moved(self.placement, offset)
        if self.preview is None or self.preview not in self.viewer.layers:
            placement = {**self.placement, "translate": translate}
            metadata = self._metadata("preview")
            layer = Labels(data, name=f"{self.name}: cells (preview)", opacity=0.5, metadata=metadata, **placement)
            layer.editable = False
            self.preview = self._add(layer)
        else:
            self.preview.data = data
            self.preview.translate = translate
        self.preview.visible = True
        if self.cells is not None and not self.edited:
            self.cells.visible = False

    def show_cells(self, data: Any, multiscale: bool) -> None:
        """Cells of the whole image. Those that were corrected by hand stay, under another name."""
        if self.cells is not None and self.edited and self.cells in self.viewer.layers:
            self.cells.name = f"{self.name}: cells (corrected)"
            self.cells = None
        self.edited = False
        if self.preview is not None:
            self.preview.visible = False
        if self.cells is not None and self.cells in self.viewer.layers:
            self.cells.data = data
            self.cells.visible = True
            return
        layer = Labels(
            data,
            name=f"{self.name}: cells",
            multiscale=multiscale,
            opacity=0.5,
            metadata=self._metadata("instances"),
            **self.placement,
        )
        layer.events.paint.connect(self._on_edited)
        layer.events.labels_update.connect(self._on_edited)
        self.cells = self._add(layer)

    def field(self) -> Field:
        """What is seen of the image."""
        layer = self.reference or next(iter(self.pictures.values()), None)
        if layer is None or layer not in self.viewer.layers:
            return seen_field([(0, 0), self.shape[-2:]], [0] * len(self.shape[:-2]), self.shape)
        corners = np.asarray(layer.corner_pixels, float)[:, -2:]
        if layer.multiscale:
            corners = corners * np.asarray(layer.downsample_factors)[layer.data_level][-2:]
        at = np.asarray(layer.world_to_data(self.viewer.dims.point))[:-2]
        lead = len(self.shape) - 2
        at = np.concatenate([np.zeros(max(lead - len(at), 0)), at[len(at) - min(lead, len(at)) :]])
        return seen_field(corners.tolist(), at.tolist(), self.shape)

    def _add(self, layer: Any) -> Any:
        """Put a layer on top without taking the selection away from the one in work."""
        selection = set(self.viewer.layers.selection)
        self.viewer.add_layer(layer)
        if selection:
            self.viewer.layers.selection = selection
        return layer

    def _on_edited(self, event: Any = None) -> None:
        self.edited = True

    def _metadata(self, what: str, **more: str) -> dict[str, Any]:
        return {"cellseg": {**self.metadata, "what": what, **more}}


def layers_for(viewer: ViewerModel, chosen: Input, opened: dict[str, Any], model: str) -> ResultLayers:
    """Layers, not shown yet, that lie where the image lies.

    Args:
        viewer: where they will be.
        chosen: the image.
        opened: what the child said of it: shape, sizes of pixels.
        model: what it is segmented with.
    """
    shape = (*opened["lead"], opened["height"], opened["width"])
    reference = viewer.layers[chosen.name] if chosen.data is not None and chosen.name in viewer.layers else None
    if reference is not None:
        placement = placement_of(reference, len(shape)) if reference.ndim >= len(shape) else {}
    else:
        size = opened["pixel_size_um"]
        placement = placement_in_um(len(shape), tuple(size) if size else None, opened["spacing_um"])
    about = dict(notes_on(reference)) if reference is not None else {}
    about = {**about, "image": about.get("image", chosen.name), "model": model}
    return ResultLayers(viewer, chosen.name, shape, placement, about, reference)


def placement_of(layer: Layer, ndim: int) -> dict[str, Any]:
    """Scale, translate, units and so on of a layer, for a result with `ndim` axes, the last ones of the layer."""
    names = ["scale", "translate", "units", "axis_labels"]
    if layer.ndim == ndim:
        return {name: getattr(layer, name) for name in [*names, "rotate", "shear", "affine"]}
    return {name: getattr(layer, name)[-ndim:] for name in names}


def placement_in_um(ndim: int, pixel_size_um: tuple[float, float] | None, spacing_um: float | None) -> dict[str, Any]:
    """The same for a file that is no layer."""
    if not pixel_size_um:
        return {}
    spacing = [spacing_um or 1.0] if ndim > 2 else []
    return {
        "scale": [1.0] * (ndim - 3) + spacing + list(pixel_size_um),
        "units": ["pixel"] * (ndim - 3) + ["um" if spacing_um else "pixel"] * len(spacing) + ["um", "um"],
    }


def moved(placement: dict[str, Any], offset: list[int]) -> Any:
    """The translate of a region that begins at `offset` pixels of an image placed so."""
    if not placement:
        return offset
    known = {name: placement[name] for name in ("scale", "translate", "rotate", "shear") if name in placement}
    return Affine(ndim=len(offset), **known)(np.asarray(offset, float))


def pixel_sizes_um(layer: Layer) -> tuple[tuple[float, float] | None, float | None]:
    """Height and width of a pixel and the distance of planes in micrometres, where the layer's units say so."""
    sizes = []
    for size, unit in zip(layer.scale, layer.units, strict=True):
        try:
            sizes.append(float((size * unit).to("micrometer").magnitude))
        except Exception:  # pint's errors for units that are no lengths, such as pixels
            sizes.append(0.0)
    across = (sizes[-2], sizes[-1]) if all(sizes[-2:]) else None
    return across, (sizes[-3] or None) if len(sizes) > 2 else None
