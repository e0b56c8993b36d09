"""Do labels and images belong together? Judged over a set: shifted, turned, exchanged, inverted, unrelated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32
from cellseg.labels.doctor.finding import Finding, listed
from cellseg.labels.doctor.matching import (
    LabelFit,
    around_labels,
    best_shift,
    binned,
    fit_here,
    image_maps,
    label_maps,
    symmetries,
)

REACH = 40
"""Shifts looked for, in pixels."""
SMALLEST_SHIFT = 3
SHIFT_GAIN = 1.15
"""How much better a fit must be with a shift that most pairs share; untouched it is at most 1.12."""
SHIFT_GAIN_ALONE = 1.6
"""The same for a single pair: annotations of the last planes of a stack drift by up to 1.53."""
CLEAR = 4.0
"""A fit so many times the best one far away is no chance."""
FAINT = 2.0
"""Below it other ways to lay the labels are tried."""
CHANCE = 1.5
ORDER_GAIN = 1.25
"""How much better the sum of all fits must be in another order; untouched it is at most 1.13, of time series."""
OTHER_GAIN = 2.0
GOOD, BAD = 0.4, 0.25
"""A good and a bad fit, in median fits of the set."""
SIGN = 0.1
"""Correlation of grey values and labels whose sign can be trusted."""
ENOUGH = 0.3
"""Pairs with less labelled than this part of the median are not judged alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """Fit of a pair, and the maps to compare it with others."""

    name: str
    number: int
    """Place in the set."""
    here: LabelFit
    best: LabelFit
    far: float
    turned: tuple[str, float]
    """The best of the other seven ways to lay the labels, and its fit; ("", 0) if they were not tried."""
    labelled: float
    """Part of the pixels that are labelled."""
    image: tuple[Float32, Float32]
    labels: tuple[Float32, Float32]

    @property
    def clear(self) -> bool:
        """True if the labels follow the image as they lie."""
        return self.here.score > CLEAR * self.far


def match(image: NDArray[Any], labels: NDArray[np.int64], name: str, number: int) -> Matched:
    """Compare an image plane (C, H, W) with its labels (H, W)."""
    part = around_labels(labels)
    grey, marks = image_maps(image[(slice(None), *part)]), label_maps(labels[part])
    here = fit_here(grey, marks)
    best, far = best_shift(grey, marks, REACH)
    turned = ("", 0.0)
    if best.score <= FAINT * far:
        turned = _turned(image, labels, best.score, far)
    known = float((labels > 0).mean())
    return Matched(name, number, here, best, far, turned, known, image_maps(binned(image)), label_maps(binned(labels)))


def choose(count: int, most: int = 24, block: int = 6) -> list[int]:
    """Pairs of a set that are compared: all of a small one, else blocks of neighbours spread over it."""
    if count <= most:
        return list(range(count))
    blocks = most // block
    starts = [round(k * (count - block) / (blocks - 1)) for k in range(blocks)]
    return sorted({start + k for start in starts for k in range(block)})


def judge_pairing(pairs: Sequence[Matched], kind: str) -> list[Finding]:
    """Findings on images and labels that were put together wrongly."""
    pairs = [pair for pair in pairs if pair.labels[1].any() and pair.image[0].any()]
    if not pairs:
        return []
    usual = float(np.median([pair.labelled for pair in pairs]))
    judged = [pair for pair in pairs if pair.labelled >= ENOUGH * usual]
    turned, judged = _of_turned(judged)
    order, judged = _of_order(judged)
    shifted, judged = _of_shifted(judged)
    inverted, judged = _of_inverted(judged, kind)
    return [*turned, *order, *shifted, *inverted, *_of_unrelated(judged, pairs)]


def _turned(image: NDArray[Any], labels: NDArray[np.int64], best: float, far: float) -> tuple[str, float]:
    """The way to lay the labels that fits by far better than they do anywhere."""
    shape = labels.shape
    found = ("", 0.0)
    for name, way in symmetries(labels, (shape[0], shape[1])).items():
        part = around_labels(way)
        fit, chance = best_shift(image_maps(image[(slice(None), *part)]), label_maps(way[part]), REACH)
        if fit.score > CLEAR * chance and fit.score > OTHER_GAIN * max(best, found[1]):
            found = (name, fit.score)
    return found


def _of_turned(pairs: list[Matched]) -> tuple[list[Finding], list[Matched]]:
    found = []
    for way in dict.fromkeys(pair.turned[0] for pair in pairs if pair.turned[0]):
        names = tuple(pair.name for pair in pairs if pair.turned[0] == way)
        said = f"labels lie {way}"
        found.append(Finding("turned", "error", names, said, "Turn the labels, or export them again."))
    return found, [pair for pair in pairs if not pair.turned[0]]


def _of_order(pairs: list[Matched]) -> tuple[list[Finding], list[Matched]]:
    """Labels that fit the image of another pair."""
    fits = _all_fits(pairs)
    own = np.diag(fits)
    chance = float(np.median([pair.far for pair in pairs])) if pairs else 0.0
    whole = _new_order(fits, [pair.number for pair in pairs], FAINT * chance)
    if whole:
        names = tuple(pair.name for pair in pairs)
        said = f"the labels are {whole}: each fits another image much better than its own"
        return [Finding("order", "error", names, said, "Put them in the order of the images, or rename them.")], []
    usual = float(np.median(own)) if own.size else 0.0
    better = fits.argmax(axis=0) if pairs else []
    bad = [own[k] < max(BAD * usual, OTHER_GAIN * pair.far) for k, pair in enumerate(pairs)]
    rows = [k for k, i in enumerate(better) if bad[k] and fits[i, k] > max(OTHER_GAIN * own[k], GOOD * usual)]
    if not rows:
        return [], pairs
    text = listed(f"those of {pairs[k].name} fit {pairs[better[k]].name}" for k in rows)
    found = f"{len(rows)} labels fit another image better than their own: {text}"
    names = tuple(pairs[k].name for k in rows)
    finding = Finding("exchanged", "error", names, found, "Exchange or rename them.")
    return [finding], [pair for k, pair in enumerate(pairs) if k not in rows]


def _all_fits(pairs: list[Matched]) -> NDArray[np.float64]:
    """(n, n) fit of image i with labels k; 0 where their sizes differ."""
    fits = np.zeros((len(pairs), len(pairs)))
    for i, image in enumerate(pairs):
        for k, labels in enumerate(pairs):
            if image.image[0].shape == labels.labels[0].shape:
                fits[i, k] = fit_here(image.image, labels.labels).score
    return fits


def _new_order(fits: NDArray[np.float64], numbers: list[int], least: float) -> str:
    """An order of all labels that fits better as a whole, in words, or nothing; a fit below `least` is none."""
    at = {number: row for row, number in enumerate(numbers)}
    last = max(numbers, default=0)
    ways = {"in reverse order": [(at.get(last - n), k) for k, n in enumerate(numbers)]}
    for step in (-3, -2, -1, 1, 2, 3):
        side = "late" if step < 0 else "early"
        ways[f"{abs(step)} {'image' if abs(step) == 1 else 'images'} too {side}"] = [
            (at.get(n + step), k) for k, n in enumerate(numbers)
        ]
    gains = {}
    for name, way in ways.items():
        known = [(i, k) for i, k in way if i is not None and fits[i, k] > 0]
        own = sum(fits[k, k] for _, k in known)
        better = [fits[i, k] > max(least, ORDER_GAIN * fits[k, k]) for i, k in known]
        if len(known) >= 3 and np.mean(better) > 0.6:
            gains[name] = sum(fits[i, k] for i, k in known) / max(own, 1e-12)
    best = max(gains, key=lambda name: gains[name], default="")
    return best if best and gains[best] > ORDER_GAIN else ""


def _of_shifted(pairs: list[Matched]) -> tuple[list[Finding], list[Matched]]:
    """Labels that would fit better elsewhere, a little if most pairs share the shift, else by far."""
    found = [pair for pair in pairs if max(map(abs, pair.best.shift)) >= SMALLEST_SHIFT]
    found = [pair for pair in found if pair.best.score > CLEAR * pair.far]
    usual = Counter(pair.best.shift for pair in found).most_common(1)
    near = [p for p in found if max(abs(a - b) for a, b in zip(p.best.shift, usual[0][0], strict=True)) <= 1]
    gain = SHIFT_GAIN if 2 * len(near) > len(pairs) else SHIFT_GAIN_ALONE
    moved = [pair for pair in found if pair.best.score > gain * pair.here.score]
    if not moved:
        return [], pairs
    shifts = Counter(pair.best.shift for pair in moved)
    (down, right), _ = shifts.most_common(1)[0]
    text = f"{_pixels(down, 'down', 'up')} and {_pixels(right, 'right', 'left')}"
    few = "" if len(shifts) == 1 else ", most of them"
    said = f"{len(moved)} labels would fit better moved{few} by {text}"
    names = tuple(pair.name for pair in moved)
    remedy = "Move them, or export them again: often a crop or a registration was left out."
    return [Finding("shifted", "error", names, said, remedy)], [pair for pair in pairs if pair not in moved]


def _of_inverted(pairs: list[Matched], kind: str) -> tuple[list[Finding], list[Matched]]:
    """Masks that mark bright things where those of the others mark dark ones, or the other way."""
    sure = [pair for pair in pairs if abs(pair.here.grey) > SIGN and pair.clear]
    usual = float(np.median([pair.here.grey for pair in sure])) if kind == "binary" and len(sure) > 2 else 0.0
    odd = [pair for pair in sure if abs(usual) > SIGN and pair.here.grey * usual < 0]
    if not odd:
        return [], pairs
    names = tuple(pair.name for pair in odd)
    looks = ("dark", "bright") if usual > 0 else ("bright", "dark")
    said = f"in {len(odd)} masks the foreground is {looks[0]}, in the others it is {looks[1]}"
    remedy = "Invert them, so that the same value means the same everywhere."
    return [Finding("inverted", "error", names, said, remedy)], [pair for pair in pairs if pair not in odd]


def _of_unrelated(judged: list[Matched], pairs: Sequence[Matched]) -> list[Finding]:
    """Labels whose edges follow nothing in the image."""
    usual = float(np.median([pair.here.score for pair in pairs]))
    lost = [pair for pair in judged if pair.here.score < CHANCE * pair.far]
    if len(pairs) > 2:
        lost = [pair for pair in lost if pair.here.score < BAD * usual or 2 * len(lost) > len(judged)]
    if not lost:
        return []
    said = f"{len(lost)} labels follow nothing that can be seen in their image"
    remedy = "Look at one of them over its image: it may belong to another one."
    return [Finding("unrelated", "warning", tuple(pair.name for pair in lost), said, remedy)]


def _pixels(count: int, onward: str, back: str) -> str:
    return f"{abs(count)} pixels {onward if count >= 0 else back}"
