"""Channels of one image that are shown as a layer each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from napari_cellseg.annotation import notes_on, what_of

_IMAGE_ROLES = ("", "image")


def channels_of(layers: Iterable[Any], layer: Any) -> list[Any]:
    """Layers of all channels of the image that a layer shows, in their order; itself alone where it shows all of it."""
    if "channel" not in notes_on(layer):
        return [layer]
    same = (other for other in layers if what_of(other) in _IMAGE_ROLES and _image_of(other) == _image_of(layer))
    by_number = {int(notes_on(other)["channel"]): other for other in same if "channel" in notes_on(other)}
    return [by_number[number] for number in sorted(by_number)]


def _image_of(layer: Any) -> tuple[Any, ...]:
    notes = notes_on(layer)
    return notes.get("project"), notes.get("file"), notes.get("image")


class StackedChannels:
    """Channels (..., H, W) as one array (..., C, H, W), of which one sheet at a time is read."""

    def __init__(self, channels: Sequence[Any]) -> None:
        self._channels = channels
        *lead, height, width = (int(length) for length in channels[0].shape)
        self.shape = (*lead, len(channels), height, width)
        self.ndim = len(self.shape)
        self.dtype = np.result_type(*(channel.dtype for channel in channels))

    def __getitem__(self, index: tuple[int, ...]) -> Any:
        return np.asarray(self._channels[index[-1]][index[:-1]])
