"""Image planes that cannot teach anything: constant, saturated, broken, seen twice, of other channels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cellseg.arrays import Array, Int64
from cellseg.images.contrast import farthest
from cellseg.images.grey_notes import FAR
from cellseg.images.normalise import LARGEST
from cellseg.labels.doctor.finding import Finding, listed

SATURATED = 0.05
"""Part of the pixels at the highest value; in the public data sets it is at most 0.01."""


@dataclass(frozen=True, slots=True)
class ImageLooks:
    """Facts of an image plane."""

    name: str
    shape: tuple[int, int]
    channels: int
    constant: bool
    """Whether it has one value only, in every channel."""
    saturated: float
    """Part of the pixels at the highest value of their channel, the worst channel."""
    far: float
    """Contrasts by which a few pixels lie beyond the levels of the others, the worst channel."""
    broken: int
    """Pixels that are not finite, or too large for float32."""
    digest: str
    """Hash of its pixels."""
    labels: str
    """Hash of its labels."""
    labelled: bool
    """Whether there is a cell in it."""


def look_at_image(image: Array, labels: Int64, name: str) -> ImageLooks:
    """Measure an image plane (C, H, W) of any number type and its plain labels (H, W)."""
    top = image.max(axis=(1, 2), keepdims=True)
    broken = int(np.count_nonzero(~(abs(image) <= LARGEST))) if image.dtype.kind == "f" else 0
    return ImageLooks(
        name,
        (image.shape[1], image.shape[2]),
        image.shape[0],
        bool((top == image.min(axis=(1, 2), keepdims=True)).all()),
        float((image == top).mean(axis=(1, 2)).max()),
        0.0 if broken else max(farthest(channel) for channel in image),
        broken,
        _digest(image),
        _digest(labels),
        bool((labels > 0).any()),
    )


def judge_looks(planes: Sequence[ImageLooks], margin: int = 0) -> list[Finding]:
    """Faults of the images of a set; `margin` is what the network takes away on each side, in pixels."""
    judges: tuple[Callable[[Sequence[ImageLooks]], Iterable[Finding]], ...] = (
        _of_channels,
        _not_numbers,
        _constant,
        _saturated,
        _far,
        lambda planes: _too_small(planes, margin),
        _twice,
    )
    return [finding for judge in judges for finding in judge(planes)]


def _of_channels(planes: Sequence[ImageLooks]) -> Iterable[Finding]:
    counts = Counter(plane.channels for plane in planes)
    if len(counts) > 1:
        usual = counts.most_common(1)[0][0]
        odd = tuple(plane.name for plane in planes if plane.channels != usual)
        words = " and ".join(f"{count} have {channels}" for channels, count in counts.most_common())
        said = f"the images have different channels: {words}"
        remedy = f"Give all of them the same channels (now others: {listed(odd)}); a grey image is no RGB image."
        yield Finding("channels", "error", odd, said, remedy)


def _not_numbers(planes: Sequence[ImageLooks]) -> Iterable[Finding]:
    broken = [plane for plane in planes if plane.broken]
    if broken:
        said = f"{sum(p.broken for p in broken)} image values are not numbers (NaN or infinite), or too large"
        yield Finding("image-not-numbers", "error", _names(broken), said, "Replace them, e.g. with Fiji's Remove NaNs.")


def _constant(planes: Sequence[ImageLooks]) -> Iterable[Finding]:
    constant = [plane for plane in planes if plane.constant]
    labelled = [plane for plane in constant if plane.labelled]
    blank = [plane for plane in constant if not plane.labelled]
    if labelled:
        said = f"{_count(labelled)} one grey value only, and labels"
        yield Finding("constant", "error", _names(labelled), said, "Leave them out, or export them again.")
    if blank:
        said = f"{_count(blank)} one grey value only, and no labels"
        yield Finding("blank", "warning", _names(blank), said, "Leave them out: they teach nothing.")


def _saturated(planes: Sequence[ImageLooks]) -> Iterable[Finding]:
    saturated = [plane for plane in planes if plane.saturated > SATURATED and not plane.constant]
    if saturated:
        worst = max(plane.saturated for plane in saturated)
        said = f"{_count(saturated)} up to {worst:.0%} of the pixels at the highest value: details are cut off"
        remedy = "Export them again with a wider grey range, or expose less."
        yield Finding("saturated", "warning", _names(saturated), said, remedy)


def _far(planes: Sequence[ImageLooks]) -> Iterable[Finding]:
    far = [plane for plane in planes if plane.far > FAR and not plane.constant]
    if far:
        worst = max(plane.far for plane in far)
        said = f"{_count(far)} a few pixels up to {worst:.0f} times the usual contrast away (hot pixels, dust?)"
        remedy = "They are dimmed for the network; with --grey-values mean they would darken all the rest."
        yield Finding("far-pixels", "warning", _names(far), said, remedy)


def _too_small(planes: Sequence[ImageLooks], margin: int) -> Iterable[Finding]:
    small = [plane for plane in planes if min(plane.shape) <= margin]
    if small:
        height, width = min((plane.shape for plane in small), key=min)
        said = f"images are as small as {height} x {width}; the network looks {margin} pixels beyond every edge"
        remedy = "Use larger images or a lower --depth: most of what it would see is mirrored."
        yield Finding("too-small", "warning", _names(small), said, remedy)


def _twice(planes: Sequence[ImageLooks]) -> Iterable[Finding]:
    groups: dict[str, list[ImageLooks]] = {}
    for plane in planes:
        if not plane.constant:
            groups.setdefault(plane.digest, []).append(plane)
    same = [group for group in groups.values() if len(group) > 1]
    agree = [plane for group in same if _agree(group) for plane in group]
    differ = [plane for group in same if not _agree(group) for plane in group]
    if agree:
        said = f"{len(agree)} images are copies of one another"
        remedy = "Keep one of each: a copy among the images held out makes the result look better than it is."
        yield Finding("duplicates", "warning", _names(agree), said, remedy)
    if differ:
        said = f"{len(differ)} images are copies of one another with different labels"
        yield Finding("contradiction", "error", _names(differ), said, "Keep the copy whose labels are right.")


def _agree(group: Sequence[ImageLooks]) -> bool:
    return len({plane.labels for plane in group}) == 1


def _names(planes: Sequence[ImageLooks]) -> tuple[str, ...]:
    return tuple(plane.name for plane in planes)


def _count(planes: Sequence[Any]) -> str:
    return f"{len(planes)} images have" if len(planes) > 1 else "an image has"


def _digest(array: Array) -> str:
    return hashlib.blake2b(np.ascontiguousarray(array).tobytes(), digest_size=16).hexdigest()
