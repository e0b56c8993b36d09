"""Names of several images by which people tell them apart."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from itertools import count

from cellseg.images.source import ImageSource


def names_of(images: Sequence[ImageSource]) -> list[str]:
    """File names; where two are alike, with folders below the one that all lie in, else with numbers."""
    alike = max(Counter(image.name for image in images).values(), default=0) > 1
    paths = [image.path.absolute() for image in images if image.path is not None]
    if not alike or len(paths) < len(images):
        return numbered([image.name for image in images])
    base = os.path.commonpath([path.parent for path in paths])
    return numbered([path.relative_to(base).as_posix() for path in paths])


def numbered(names: Sequence[str]) -> list[str]:
    """Names of which no two are alike: those that occur more than once get numbers, as in DAPI_1 and DAPI_2."""
    times, taken = Counter(names), set(names)
    told = []
    for name in names:
        distinct = name if times[name] == 1 else next(made for k in count(1) if (made := f"{name}_{k}") not in taken)
        taken.add(distinct)
        told.append(distinct)
    return told
