"""Preview of a training on the visible field."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_cellseg.children.service import Service
from napari_cellseg.children.thread import WorkThread
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.pixels.channels import channels_of
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.train.field import PlaneRegion, seen_part

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

LAYER = "training preview"
_WORKER = "napari_cellseg.train.preview_worker"


@dataclass(frozen=True, slots=True)
class _Request:
    model: Path
    layer: Image
    part: PlaneRegion


class Preview(QObject):
    """Predicts the visible field in a child and shows it; of several wishes only the last is met."""

    failed = Signal(str)
    shown = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = viewer
        self._folder = tempfile.TemporaryDirectory(prefix="cellseg-preview-", ignore_cleanup_errors=True)
        self._reader = WorkThread(self)
        self._service = Service(_WORKER)
        self._service.told.connect(self._on_told)
        self._service.died.connect(self._on_worker_died)
        self._now: _Request | None = None
        self._next: _Request | None = None

    def prepare(self, layer: Image) -> None:
        """Add the preview's layer, with nothing on it yet: napari takes 0.2 s for it, while nobody paints."""
        part = part_of(layer, self._viewer.dims.point)
        if LAYER not in self._viewer.layers:
            nothing = np.zeros([part.rows.stop - part.rows.start, part.columns.stop - part.columns.start], np.float32)
            show_preview(self._viewer, layer, part, nothing)

    def show(self, model: Path, layer: Image) -> None:
        """Predict what is seen of an image layer with a run's model, and show it."""
        request = _Request(model, layer, part_of(layer, self._viewer.dims.point))
        if self._now is not None:
            self._next = request
            return
        self._begin(request)

    def close(self) -> None:
        """End the child."""
        self._next = None
        self._reader.close()
        self._service.close()
        self._folder.cleanup()

    def _begin(self, request: _Request) -> None:
        self._now = request
        file = Path(self._folder.name) / "field.npy"
        shown = channels_of(map(unwrapped, self._viewer.layers), unwrapped(request.layer))
        data, rgb = [whole_of(layer) for layer in shown], bool(request.layer.rgb)
        write = partial(write_part, data, request.part, rgb, file)
        self._reader.do(write, lambda job: self._on_read(request, str(job.exception() or "")))

    def _on_read(self, request: _Request, error: str) -> None:
        if error:
            self._end(f"the image cannot be read ({error})")
            return
        folder = Path(self._folder.name)
        files = {"image": str(folder / "field.npy"), "out": str(folder / "preview.npy")}
        self._service.send({"do": "predict", "model": str(request.model), **files})

    def _on_told(self, event: dict[str, Any]) -> None:
        request = self._now
        if request is None:
            return
        if event["event"] == "failed":
            self._end(event["message"])
        elif event["event"] == "predicted":
            show_preview(self._viewer, request.layer, request.part, np.load(event["file"]))
            self._end()

    def _on_worker_died(self, _words: str) -> None:
        self._end("the preview ended unexpectedly")

    def _end(self, error: str = "") -> None:
        waited, self._now = self._now is not None, None
        following, self._next = self._next, None
        if error and waited:
            self.failed.emit(error)
        elif waited:
            self.shown.emit()
        if following is not None:
            self._begin(following)


def part_of(layer: Image, point: Any) -> PlaneRegion:
    """Visible part of an image layer, in pixels of its full resolution."""
    shape = whole_of(layer).shape[:-1] if layer.rgb else whole_of(layer).shape
    corners = np.asarray(layer.corner_pixels, float)
    if layer.multiscale:
        corners = corners * np.asarray(layer.downsample_factors[layer.data_level])
    at = layer.world_to_data(point)
    return seen_part(corners[:, -2:].tolist(), [float(value) for value in at[: len(shape) - 2]], shape)


def show_preview(viewer: ViewerModel, image: Image, part: PlaneRegion, found: np.ndarray[Any, Any]) -> None:
    """Put probabilities (h, w) where that part of the image is; a layer of an earlier preview is used again."""
    scale = np.asarray(image.scale)[-2:]
    corner = np.array([part.rows.start, part.columns.start])
    translate = np.asarray(image.translate)[-2:] + corner * scale
    if LAYER in viewer.layers:
        layer = viewer.layers[LAYER]
        layer.data = found
        layer.scale, layer.translate = scale, translate
        return
    selected = viewer.layers.selection.active
    layer = viewer.add_image(
        found,
        name=LAYER,
        scale=scale,
        translate=translate,
        colormap="magma",
        contrast_limits=(0, 1),
        blending="additive",
        opacity=0.6,
        metadata={"cellseg": {"what": "probabilities"}},
    )
    if selected is not None:  # whoever paints goes on painting
        viewer.layers.selection.active = selected
    layer.editable = False


def write_part(channels: Sequence[Any], part: PlaneRegion, rgb: bool, file: Path) -> None:
    """Write a region (h, w), or (C, h, w) of colours or of several channels."""
    regions = [np.asarray(data[(*part.plane, part.rows, part.columns)]) for data in channels]
    pixels = np.moveaxis(regions[0], -1, 0) if rgb else np.stack(regions) if len(regions) > 1 else regions[0]
    np.save(file, np.ascontiguousarray(pixels))
