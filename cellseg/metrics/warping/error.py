"""Warping error: topological mistakes, with boundaries free to move."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from cellseg.arrays import Labels, Mask
from cellseg.errors import InputError
from cellseg.metrics.inputs import mask_pair, sections
from cellseg.metrics.warping.simple_points import EDGE_COMPONENTS, SIMPLE, neighbourhoods

MistakeKind = Literal["split", "merge", "delete", "add", "hole added", "hole deleted"]
KINDS: tuple[MistakeKind, ...] = get_args(MistakeKind)

EIGHT = np.ones((3, 3), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Mismatches:
    """Pixels in which the truth, warped as near to the prediction as its topology allows, still differs."""

    warped: Mask
    """(H, W) the warped truth."""
    kinds: NDArray[np.uint8]
    """(H, W) 0 = no mismatch, else 1 + the number of its kind in `KINDS`."""

    def count(self, kinds: Collection[MistakeKind] = KINDS) -> int:
        """Pixels of the mismatches of these kinds."""
        return int(np.isin(self.kinds, [1 + KINDS.index(kind) for kind in kinds]).sum())


def warping_error(
    prediction: Labels, truth: Labels, *, kinds: Collection[MistakeKind] = KINDS, greedy: bool = False
) -> float:
    """Pixels that differ after the truth was warped to the prediction without a change of topology, by all pixels.

    The truth is changed by flips of simple points only (either way, 4-connected foreground, 8-connected background,
    background around the image), so a boundary may move but nothing can split, merge, come or go. What then still
    differs from the prediction is counted per pixel; 0 (perfect) to 1. See `warping_mismatches` for how near to the
    exact minimum the search gets. The ISBI 2012 leaderboard (U-Net: 0.000353) counts splits and merges only, warps
    greedily and takes the best threshold:
    `best_threshold(probability, truth, partial(warping_error, kinds=("split", "merge"), greedy=True))`.

    Args:
        prediction: (H, W) or (Z, H, W), everything above 0 is foreground; touching labels are one object.
        truth: the same shape.
        kinds: the mistakes to count, of `KINDS`.
        greedy: only flip pixels that differ, as the challenge's software does (it takes them in another order, so the
            two agree to a few per cent only).

    Returns:
        The mean over the sections of a stack.

    Raises:
        InputError: the two are no label images of equal shape, or there is no such kind.

    Source:
        Jain et al. 2010, Boundary learning by optimization with topological constraints, CVPR, equation 2 and
        algorithm 1; Fiji's WarpingError.
    """
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise InputError(f"there is no mistake of kind {', '.join(unknown)}", f"Known are: {', '.join(KINDS)}.")
    pairs = sections(*mask_pair(prediction, truth))
    return float(np.mean([_mismatches(*pair, greedy).count(kinds) / pair[0].size for pair in pairs]))


def warping_mismatches(prediction: Labels, truth: Labels, *, greedy: bool = False) -> Mismatches:
    """Warp the truth of one section to the prediction and classify what still differs.

    First pixels that differ are flipped where they are simple, until there are none. That alone depends on the order
    and can end in a dead end, so around each pixel left a window of 6 x 6 pixels is searched for anything better that
    flips can reach, also over flips that make it worse for a while; best first, with more patience where little is
    left. The image and its transpose are both tried and the better one is taken. Up to 4 x 4 pixels this is the exact
    minimum. In larger images it is an upper bound: it misses what only a rebuilding wider than a window could mend,
    such as an object that moved by more than 5 pixels without touching its old place. (By the letter of the
    definition it could travel any distance; the challenge's greedy search would not let it travel at all.)

    Args:
        prediction: (H, W), everything above 0 is foreground.
        truth: the same shape.
        greedy: leave out the search of windows and the transpose, as the challenge's software does.

    Raises:
        InputError: the two are no label images (H, W) of equal shape.
    """
    predicted, true = mask_pair(prediction, truth)
    if predicted.ndim != 2:
        raise InputError(f"the prediction's shape is {predicted.shape}", "Give one section (H, W) at a time.")
    return _mismatches(predicted, true, greedy)


def _mismatches(prediction: Mask, truth: Mask, greedy: bool) -> Mismatches:
    warped = _warp(truth, prediction, greedy)
    if not greedy:
        other = _warp(truth.T, prediction.T, greedy).T
        warped = min(warped, other, key=lambda candidate: np.count_nonzero(candidate != prediction))
    return Mismatches(warped, _classify(warped, prediction))


def _warp(truth: Mask, prediction: Mask, greedy: bool) -> Mask:
    """The truth as near to the prediction as the flips get."""
    from cellseg.metrics.warping.flips import BEFORE, BEHIND, flip_differences, search_windows

    warped, target = (np.pad(mask, (BEFORE, BEHIND)).astype(np.uint8) for mask in (truth, prediction))
    flip_differences(warped, target, SIMPLE)
    if not greedy:
        search_windows(warped, target, SIMPLE)
    return warped[BEFORE:-BEHIND, BEFORE:-BEHIND].astype(np.bool_)


def _classify(warped: Mask, prediction: Mask) -> NDArray[np.uint8]:
    """Effect on the warped truth of flipping each mismatch alone, as 1 + number in `KINDS`.

    A pixel that joins foreground components around it (added), or parts them (removed), merges or splits objects if
    they are different ones or become so; otherwise it closes a hole off or opens one.
    """
    objects = np.pad(ndimage.label(warped)[0], 1)
    background = ndimage.label(np.pad(~warped, 1, constant_values=True), EIGHT)[0]
    patterns = neighbourhoods(warped)
    kinds = np.zeros(warped.shape, dtype=np.uint8)
    for y, x in np.argwhere(warped != prediction):
        around = patterns[y, x] & ~16
        joined = int(EDGE_COMPONENTS[around])
        if around == 0b111101111:
            kind = "hole added" if warped[y, x] else "hole deleted"
        elif joined == 0:
            kind = "delete" if warped[y, x] else "add"
        elif warped[y, x]:
            outside = background[y : y + 3, x : x + 3]
            kind = "split" if np.unique(outside[outside > 0]).size < joined else "hole deleted"
        else:
            beside = objects[[y, y + 1, y + 1, y + 2], [x + 1, x, x + 2, x + 1]]
            kind = "merge" if np.unique(beside[beside > 0]).size > 1 else "hole added"
        kinds[y, x] = 1 + KINDS.index(kind)
    return kinds
