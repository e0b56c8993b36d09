"""Overlap-tile prediction of whole images and stacks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.normalise import Normalisation, apply, measure
from cellseg.images.source import ImageSource, array_source
from cellseg.inference.mirror import read_mirrored
from cellseg.inference.statistics import adapt
from cellseg.inference.symmetries import averaged
from cellseg.inference.tiling import Tile, plan
from cellseg.models.trained import TrainedModel, as_model, device
from cellseg.options import PredictOptions


def predict(
    model: Any,
    image: ImageSource | NDArray[np.generic],
    *,
    skip: frozenset[tuple[int, int, int]] = frozenset(),
    **options: Any,
) -> Iterator[tuple[Tile, NDArray[np.float32]]]:
    """Predict an image tile by tile; every output pixel is owned by exactly one tile.

    Args:
        model: from `load`, or a network from `build`.
        image: (H, W), a stack (Z, H, W), channels first where the model wants several, or an open image.
        skip: tiles (plane, top, left) that are not wanted, because they are there already.
        options: fields of PredictOptions: tile, average, precision.

    Yields:
        The tile and its probabilities, float32 (classes, h, w), adding up to 1. The same to rounding for
        every tile size: normalisation and statistics are taken once a plane, and only what lies outside
        the image is mirrored.

    Raises InputError for an option out of range or an image with the wrong number of channels.
    """
    trained = as_model(model)
    settings = PredictOptions(**options)
    source = image if isinstance(image, ImageSource) else array_source(image, axes=_axes(image, trained))
    check_channels(trained, source)
    tiles = plan(source.planes, source.height, source.width, trained.network.geometry, settings.tile)
    return _predict(trained, source, [t for t in tiles if place(t) not in skip], settings)


def predict_array(model: Any, image: NDArray[np.generic], **options: Any) -> NDArray[np.float32]:
    """Probabilities float32 (classes, H, W) of an image (H, W) or (C, H, W); options as in `predict`."""
    if image.size == 0 or image.ndim not in (2, 3):
        raise InputError(f"an image of shape {image.shape} was given", "Give one (H, W) or (C, H, W).")
    trained, source = as_model(model), array_source(image, axes="CYX"[-image.ndim :])
    out = np.empty((trained.network.options.classes, source.height, source.width), np.float32)
    for tile, probabilities in predict(trained, source, **options):
        out[:, tile.write.rows, tile.write.columns] = probabilities
    return out


def place(tile: Tile) -> tuple[int, int, int]:
    """What names a tile within one prediction: plane, top and left of what it writes."""
    return tile.plane, tile.write.top, tile.write.left


def check_channels(model: TrainedModel, source: ImageSource) -> None:
    """Raise InputError unless the image has the channels the network was made for."""
    wanted = model.network.options.channels
    if source.channels != wanted:
        raise InputError(
            f"the image has {source.channels} channels, the model wants {wanted}",
            "Choose one with --channel, or convert the image to grey.",
            path=source.name,
        )


def _predict(
    model: TrainedModel, source: ImageSource, tiles: list[Tile], settings: PredictOptions
) -> Iterator[tuple[Tile, NDArray[np.float32]]]:
    network = copy.deepcopy(model.network).to(device(), memory_format=torch.channels_last).eval()
    plane, normalisation = -1, None
    for tile in tiles:
        if tile.plane != plane or normalisation is None:
            plane, normalisation = tile.plane, measure(source, tile.plane)
            adapt(network, source, plane, normalisation)
        yield tile, _one(network, source, tile, normalisation, settings)


@torch.inference_mode()
def _one(
    network: Any, source: ImageSource, tile: Tile, normalisation: Normalisation, settings: PredictOptions
) -> NDArray[np.float32]:
    pixels = apply(read_mirrored(source, tile.plane, tile.read), normalisation)
    x = torch.from_numpy(pixels)[None].to(device(), memory_format=torch.channels_last)
    with torch.autocast(x.device.type, torch.bfloat16, enabled=settings.precision == "bfloat16"):
        probabilities = averaged(network, x, settings.average)
    found: NDArray[np.float32] = probabilities[0, :, : tile.write.height, : tile.write.width].cpu().numpy()
    return np.ascontiguousarray(found)


def _axes(image: NDArray[np.generic], model: TrainedModel) -> str:
    stack = "CYX" if model.network.options.channels > 1 else "ZYX"
    return {2: "YX", 3: stack, 4: "ZCYX"}.get(image.ndim, "")
