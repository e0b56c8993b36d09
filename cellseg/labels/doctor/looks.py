"""Image planes that cannot teach anything: constant, saturated, broken, seen twice."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.labels.doctor.finding import Finding

SATURATED = 0.05
"""Part of the pixels at the highest value; in the public data sets it is at most 0.01."""


@dataclass(frozen=True, slots=True)
class ImageLooks:
    """What is known of an image plane without its labels."""

    name: str
    shape: tuple[int, int]
    constant: bool
    """Whether it has one value only, in every channel."""
    saturated: float
    """Part of the pixels at the highest value of their channel, the worst channel."""
    broken: int
    """Pixels that are not finite."""
    digest: str
    """Hash of its pixels."""
    labels: str
    """Hash of its labels."""


def look_at_image(image: NDArray[Any], labels: NDArray[Any], name: str) -> ImageLooks:
    """Measure an image plane (C, H, W) of any number type and its labels (H, W)."""
    broken = int(np.count_nonzero(~np.isfinite(image))) if image.dtype.kind == "f" else 0
    top = image.max(axis=(1, 2), keepdims=True)
    return ImageLooks(
        name,
        (image.shape[1], image.shape[2]),
        bool((top == image.min(axis=(1, 2), keepdims=True)).all()),
        float((image == top).mean(axis=(1, 2)).max()),
        broken,
        _digest(image),
        _digest(labels),
    )


def judge_looks(planes: Sequence[ImageLooks], margin: int = 0) -> list[Finding]:
    """Faults of the images of a set; `margin` is what the network takes away on each side, in pixels."""
    found = []
    constant = tuple(p.name for p in planes if p.constant)
    saturated = [p for p in planes if p.saturated > SATURATED and not p.constant]
    broken = tuple(p.name for p in planes if p.broken)
    small = [p for p in planes if min(p.shape) <= margin]
    if broken:
        said = f"{sum(p.broken for p in planes)} image values are not numbers (NaN or infinite)"
        found.append(Finding("image-not-numbers", "error", broken, said, "Replace them, e.g. with Fiji's Remove NaNs."))
    if constant:
        said = f"{_count(constant)} one grey value only"
        found.append(Finding("constant", "error", constant, said, "Leave them out, or export them again."))
    if saturated:
        worst = max(p.saturated for p in saturated)
        said = f"{_count(saturated)} up to {worst:.0%} of the pixels at the highest value: details are cut off"
        remedy = "Export them again with a wider grey range, or expose less."
        found.append(Finding("saturated", "warning", tuple(p.name for p in saturated), said, remedy))
    if small:
        height, width = min((p.shape for p in small), key=min)
        said = f"images are as small as {height} x {width}; the network looks {margin} pixels beyond every edge"
        remedy = "Use larger images or a lower --depth: most of what it would see is mirrored."
        found.append(Finding("too-small", "warning", tuple(p.name for p in small), said, remedy))
    return found + _twice([p for p in planes if not p.constant])


def _twice(planes: Sequence[ImageLooks]) -> list[Finding]:
    groups: dict[str, list[ImageLooks]] = {}
    for plane in planes:
        groups.setdefault(plane.digest, []).append(plane)
    same = [group for group in groups.values() if len(group) > 1]
    agree = tuple(p.name for group in same if len({p.labels for p in group}) == 1 for p in group)
    differ = tuple(p.name for group in same if len({p.labels for p in group}) > 1 for p in group)
    found = []
    if agree:
        said = f"{len(agree)} images are copies of one another"
        remedy = "Keep one of each: a copy among the images held out makes the result look better than it is."
        found.append(Finding("duplicates", "warning", agree, said, remedy))
    if differ:
        said = f"{len(differ)} images are copies of one another with different labels"
        found.append(Finding("contradiction", "error", differ, said, "Keep the copy whose labels are right."))
    return found


def _count(planes: Sequence[Any]) -> str:
    return f"{len(planes)} images have" if len(planes) > 1 else "an image has"


def _digest(array: NDArray[Any]) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()
