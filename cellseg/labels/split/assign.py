"""Choice of the groups that are held out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cellseg.errors import InputError
from cellseg.labels.split.groups import Group


def hold_out(groups: Sequence[Group], fraction: float, seed: int) -> list[bool]:
    """Groups that are held out: random ones, as near to `fraction` of all images as whole groups allow.

    Raises:
        InputError: there is only one group.
    """
    if len(groups) < 2:
        found = f"all {len(groups[0].members)} images are one group" if groups else "there is no image"
        raise InputError(found, "Two groups are needed; --no-detect does not look for images of one field.")
    sizes = [len(group.members) for group in groups]
    wanted = max(round(fraction * sum(sizes)), 1)
    order = np.random.default_rng(seed).permutation(len(groups)).tolist()
    held, count = [False] * len(groups), 0
    for number in order:
        if count + sizes[number] <= wanted:
            held[number], count = True, count + sizes[number]
    spare = min((number for number in order if not held[number]), key=lambda number: sizes[number], default=None)
    if spare is not None and (not count or count + sizes[spare] - wanted < wanted - count) and held.count(False) > 1:
        held[spare] = True
    if all(held):
        held[min(order, key=lambda number: sizes[number])] = False
    return held


def cut_stack(planes: int, fraction: float, gap: int, seed: int) -> tuple[range, list[int]]:
    """Planes held out, one contiguous block, and those to learn from; `gap` planes beside the block are in neither.

    The block's place is one of about 1 / fraction that cover the stack; seeds 0, 1, 2, ... take one after the other.

    Raises:
        InputError: nothing would be left to learn from.
    """
    size = max(round(planes * fraction), 1)
    places = max(math.ceil(planes / size), 2)
    start = round((seed % places) * (planes - size) / (places - 1))
    block = range(start, start + size)
    rest = [k for k in range(planes) if k < block.start - gap or k >= block.stop + gap]
    if not rest:
        raise InputError(
            f"{size} of {planes} planes held out with a gap of {gap} leave none to learn from",
            "Choose a smaller --fraction or --gap.",
        )
    return block, rest
