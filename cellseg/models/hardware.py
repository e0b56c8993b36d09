"""The hardware: on which device networks are trained and predict, what it computes itself, how much it holds.

Nothing else asks torch for it, so that training and prediction get one answer.
"""

from __future__ import annotations

import torch

from cellseg.options import Precision


def training_device() -> torch.device:
    """The device of a training: the first CUDA device, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def prediction_device() -> torch.device:
    """The device of a prediction: CUDA, else an Apple GPU, else the processor."""
    found = training_device()
    return torch.device("mps") if found.type == "cpu" and torch.backends.mps.is_available() else found


def use_threads(count: int | None) -> None:
    """Compute with so many processor threads; None: as many as before."""
    if count:
        torch.set_num_threads(count)


def threads_in_use() -> int:
    """Processor threads with which torch computes now."""
    return torch.get_num_threads()


def computes_bfloat16(device: torch.device) -> bool:
    """True where the device multiplies bfloat16 in hardware; elsewhere it is emulated, and slower than float32."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def arithmetic(precision: Precision | None, device: torch.device) -> torch.dtype:
    """The type of numbers that `--precision` means on a device; not given, bfloat16 where the hardware computes it."""
    bfloat16 = precision == "bfloat16" or (precision is None and computes_bfloat16(device))
    return torch.bfloat16 if bfloat16 else torch.float32


def free_on_device(device: torch.device) -> int | None:
    """Bytes that are free on a CUDA device; None elsewhere, where networks share the main memory."""
    return int(torch.cuda.mem_get_info()[0]) if device.type == "cuda" else None


def most_on_device(device: torch.device) -> int | None:
    """Bytes that this process held at its peak on a CUDA device; None elsewhere."""
    return int(torch.cuda.max_memory_allocated()) if device.type == "cuda" else None
