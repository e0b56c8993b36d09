"""The layers of one result: pictures that grow, cells, and the preview of cells while a slider moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from napari.layers import Image, Labels, Layer
from napari.utils.transforms import Affine
from numpy.typing import NDArray

import cellseg
from napari_cellseg.annotation import RESULT, notes_on
from napari_cellseg.pixels.lazy import pixels_of
from napari_cellseg.pixels.pyramid import IN_MEMORY, UNCERTAINTY, cells_in, open_levels
from napari_cellseg.project.brush import hold_free_number
from napari_cellseg.project.class_colours import show_classes
from napari_cellseg.project.corrections import correctable, folder_beside, is_corrected
from napari_cellseg.segment.field import Field, seen_field
from napari_cellseg.segment.inputs import Input

if TYPE_CHECKING:
    from napari.components import ViewerModel


@dataclass(slots=True, eq=False, weakref_slot=True)
class ResultLayers:
    """Layers that show one image's result."""

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

    @property
    def edited(self) -> bool:
        """True if the cells were corrected by hand since they were made."""
        return self.cells is not None and is_corrected(self.cells)

    @property
    def small(self) -> bool:
        """True if all cells may be held in memory."""
        return int(np.prod(self.shape)) <= IN_MEMORY

    def show_picture(self, name: str, folder: Path, uncertainty: bool = False) -> None:
        """A layer for a picture that grows on disk; the one of that name if it is there."""
        levels = open_levels(folder)
        data = levels if len(levels) > 1 else levels[0]
        layer = self._still(self.pictures.get(name))
        if layer is not None:
            layer.data = data
            return
        shown = _uncertainty_style(name) if uncertainty else _class_style(name)
        layer = Image(
            data,
            name=f"{self.name}: {shown.title}",
            multiscale=len(levels) > 1,
            contrast_limits=(0, 255),
            colormap=shown.colormap,
            opacity=0.6,
            blending="translucent",
            metadata=self._metadata(shown.role, values="255 times the part"),
            **self.placement,
        )
        self.pictures[name] = self._add(layer)

    def show_uncertainty(self, visible: bool) -> bool:
        """Show or hide where the network is unsure; whether that is a layer yet."""
        layer = self._still(self.pictures.get(UNCERTAINTY))
        if layer is None:
            return False
        layer.visible = visible and self.is_seen
        return True

    @property
    def is_seen(self) -> bool:
        """True if the image is seen: what is shown of another one would take its place."""
        return self.reference is None or bool(self.reference.visible)

    def refresh_pictures(self, thumbnail: bool = False) -> None:
        """Read anew what is seen of the pictures."""
        for layer in self.pictures.values():
            if layer.visible and self._still(layer) is not None:
                layer.refresh(thumbnail=thumbnail, extent=False)

    def show_preview(self, where: Field, labels: NDArray[np.uint32]) -> None:
        """Cells of the visible field, over all else; those of the whole image are hidden meanwhile."""
        lead = self.shape[:-2]
        index = np.unravel_index(where.plane, lead) if lead else ()
        data = labels.reshape(*(1,) * len(lead), *labels.shape)
        translate = moved(self.placement, [*map(int, index), where.rows[0], where.columns[0]])
        preview = self._still(self.preview)
        if preview is None:
            preview = self.preview = self._add(self._new_preview(data, translate))
        else:
            preview.data, preview.translate = data, translate
        preview.visible = self.is_seen
        if self.cells is not None and not self.edited:
            self.cells.visible = False

    def _uncover_image(self) -> None:
        """Hide the probabilities, once: cells lie over the image itself."""
        for name, layer in self.pictures.items():
            layer.visible = layer.visible and name == UNCERTAINTY

    def _new_preview(self, data: NDArray[np.uint32], translate: Any) -> Labels:
        placement = {**self.placement, "translate": translate}
        metadata = self._metadata("preview")
        layer = Labels(data, name=f"{self.name}: cells (preview)", opacity=0.5, metadata=metadata, **placement)
        layer.editable = False
        return layer

    def show_cells(self, data: Any, multiscale: bool, picture: Path | None = None) -> bool:
        """Cells of the whole image. Those that were corrected by hand stay, under another name: whether there are.

        Args:
            data: the cells, or several levels of them.
            multiscale: whether they are several.
            picture: folder of the cells, in which their classes are, if there are some.
        """
        aside = self._put_corrected_aside()
        if self.preview is not None:
            self.preview.visible = False
        cells = self._still(self.cells)
        if cells is None:
            self.cells = self._new_cells(data, multiscale)
            self._show_classes(picture)
            self._add(self.cells)
            self._uncover_image()
        else:
            self._show_classes(picture, data)
            cells.visible = self.is_seen
        if self.cells is not None and not multiscale:
            hold_free_number(self.cells)
        return aside

    def _show_classes(self, picture: Path | None, data: Any = None) -> None:
        """Colour the cells by the classes that lie in their picture, if they do; `data`: they are replaced by these."""
        assert self.cells is not None
        if picture is not None:
            self.cells.metadata["cellseg"]["classes"] = str(cells_in(picture))
        if data is not None:
            self.cells.data = data
        show_classes(self.viewer, self.cells, ())

    def _put_corrected_aside(self) -> bool:
        cells = self._still(self.cells)
        if cells is None or not self.edited:
            return False
        cells.name = f"{self.name}: cells (corrected)"
        cells.visible = False
        self.cells = None
        return True

    def _new_cells(self, data: Any, multiscale: bool) -> Labels:
        return Labels(
            data,
            name=f"{self.name}: cells",
            multiscale=multiscale,
            opacity=0.5,
            metadata=self._metadata("instances"),
            **self.placement,
        )

    def field(self) -> Field:
        """Visible field of the image."""
        layer = self._still(self.reference or next(iter(self.pictures.values()), None))
        if layer is None:
            return seen_field([(0, 0), self.shape[-2:]], [0] * len(self.shape[:-2]), self.shape)
        return field_of(self.viewer, layer, self.shape)

    def _still(self, layer: Any) -> Any:
        """A layer, if it was not removed."""
        return layer if layer is not None and layer in self.viewer.layers else None

    def _add(self, layer: Any) -> Any:
        """Put a layer on top without taking the selection away from the one in work."""
        selection = set(self.viewer.layers.selection)
        self.viewer.add_layer(layer)
        if selection:
            self.viewer.layers.selection = selection
        return layer

    def _metadata(self, what: str, **more: str) -> dict[str, Any]:
        return {"cellseg": {**self.metadata, "what": what, **more}}


def field_of(viewer: ViewerModel, layer: Layer, shape: tuple[int, ...]) -> Field:
    """Visible field of an image.

    Args:
        viewer: where it is seen.
        layer: one that lies where the image lies.
        shape: (*lead, H, W) of the image.
    """
    corners = np.asarray(layer.corner_pixels, float)[:, -2:]
    if layer.multiscale:
        corners = corners * np.asarray(layer.downsample_factors)[layer.data_level][-2:]
    at = np.asarray(layer.world_to_data(viewer.dims.point))[:-2]
    lead = len(shape) - 2
    at = np.concatenate([np.zeros(max(lead - len(at), 0)), at[len(at) - min(lead, len(at)) :]])
    return seen_field(corners.tolist(), at.tolist(), shape)


def layers_for(viewer: ViewerModel, chosen: Input, opened: dict[str, Any], model: str) -> ResultLayers:
    """Layers, not shown yet, that lie where the image lies.

    Args:
        viewer: where they will be.
        chosen: the image.
        opened: what the child said of it: shape, sizes of pixels.
        model: what it is segmented with.
    """
    shape = (*opened["lead"], opened["height"], opened["width"])
    shown_by = chosen.layer or chosen.name
    reference = viewer.layers[shown_by] if chosen.data is not None and shown_by in viewer.layers else None
    about = {} if reference is None else notes_on(reference)
    about = {name: note for name, note in about.items() if name != "channel"}
    about = {**about, "image": about.get("image", chosen.name), "model": model}
    if not about.get("project"):
        about["recovery"] = str(chosen.folder)
    return ResultLayers(viewer, chosen.name, shape, _placement(reference, opened, len(shape)), about, reference)


def cells_layer(image: Image, file: Path) -> Labels:
    """Cells of a file over the image that they were found in; what is corrected in them is kept beside the file."""
    cells = correctable(pixels_of(cellseg.open_image(file), 0), folder_beside(file), writable=True)
    notes = {name: note for name, note in notes_on(image).items() if name != "channel"}
    about = {**notes, "image": notes.get("image", image.name), "what": RESULT, "classes": str(file)}
    placement = placement_of(image, cells.ndim) if image.ndim >= cells.ndim else {}
    name = f"{about['image']}: cells"
    return Labels(cells, name=name, opacity=0.5, metadata={"cellseg": about}, **placement)


class _PictureStyle(NamedTuple):
    """Style of a picture."""

    title: str
    role: str
    colormap: str


def _class_style(name: str) -> _PictureStyle:
    return _PictureStyle(f"probability of {name}", "probabilities", "gray")


def _uncertainty_style(name: str) -> _PictureStyle:
    return _PictureStyle(name, "uncertainty", "magma")


def _placement(reference: Layer | None, opened: dict[str, Any], ndim: int) -> dict[str, Any]:
    """Placement of a result: as the layer that was segmented, else as the sizes of pixels say."""
    if reference is None:
        size = opened["pixel_size_um"]
        return placement_in_um(ndim, tuple(size) if size else None, opened["spacing_um"])
    return placement_of(reference, ndim) if reference.ndim >= ndim else {}


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
