"""A network made ready for one plane: its statistics, its arithmetic, and what to do when memory runs out."""

from __future__ import annotations

import copy
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch

from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.inference.statistics import adapt, folded, put_statistics, statistics_of
from cellseg.models.hardware import prediction_device

Arithmetic = Literal["float32", "bfloat16"]


class Runner:
    """Probabilities from normalised pixels; a tile for which memory does not suffice is computed in halves.

    It has a copy of the network of its own, made when it is first used; a prediction needs one.
    """

    def __init__(self, network: Any, precision: Arithmetic = "float32", *, adaptive: bool = False) -> None:
        """`adaptive`: it wants to see a sample of a plane before it predicts it."""
        self._given = network
        self.precision: Arithmetic = precision
        """Arithmetic from now on."""
        self.adaptive = adaptive
        self.plane: int | None = None
        """The plane whose statistics it has taken last."""
        self._folded: Any = None
        self._largest = 2**62

    def see(self, sample: Float32, plane: int | None = None) -> None:
        """Take the statistics for the tiles that follow from a sample (N, C, h, w) of their plane."""
        adapt(self._network, sample)
        self._folded, self.plane = folded(self._network), plane

    @property
    def statistics(self) -> Float32:
        """Those that it has taken last, float32 (n,)."""
        return statistics_of(self._network)

    def take(self, statistics: Float32, plane: int) -> None:
        """Take the statistics (n,) of a plane that a runner of the same network has found."""
        put_statistics(self._network, statistics)
        self._folded, self.plane = folded(self._network), plane

    @cached_property
    def _network(self) -> Any:
        copied = copy.deepcopy(self._given)
        return copied.to(prediction_device(), memory_format=torch.channels_last).eval()

    @property
    def _ready(self) -> Any:
        if self._folded is None and not self.adaptive:
            self._folded = folded(self._network)
        return self._network if self._folded is None else self._folded

    def __call__(self, pixels: Float32) -> Float32:
        """Probabilities (classes, H, W) of normalised pixels (C, h, w) of a legal size."""
        if pixels.shape[-2] * pixels.shape[-1] > self._largest:
            return self._halves(pixels)
        try:
            return self._forward(pixels)
        except RuntimeError as error:
            if not _out_of_memory(error):
                raise
        torch.cuda.empty_cache()
        self._largest = pixels.shape[-2] * pixels.shape[-1] - 1
        return self._halves(pixels)

    @torch.inference_mode()
    def _forward(self, pixels: Float32) -> Float32:
        x = torch.from_numpy(pixels)[None]
        if prediction_device().type == "cuda":
            x = x.pin_memory()
        x = x.to(prediction_device(), memory_format=torch.channels_last, non_blocking=True)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            logits = self._ready(x)
        found: Float32 = torch.softmax(logits.float(), dim=1)[0].cpu().numpy()
        return found

    def _halves(self, pixels: Float32) -> Float32:
        """The same from two overlapping parts, cut across the longer side at a multiple of the stride."""
        geometry = self._given.geometry
        axis = 1 if pixels.shape[1] >= pixels.shape[2] else 2
        length = geometry.output_size(pixels.shape[axis])
        half = -(-length // (2 * geometry.stride)) * geometry.stride
        if half >= length:
            raise InputError("the memory does not suffice for the smallest tile", "Close other programs.")
        first = np.take(pixels, range(geometry.input_size(half)), axis)
        second = np.take(pixels, range(half, pixels.shape[axis]), axis)
        return np.concatenate([np.take(self(first), range(half), axis), self(second)], axis)


def _out_of_memory(error: RuntimeError) -> bool:
    return isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in str(error)
