"""Names of several images by which people tell them apart."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

from cellseg.images.source import ImageSource


def names_of(images: Sequence[ImageSource]) -> list[str]:
    """File names; where two are alike, with the folders below the one that all lie in."""
    alike = max(Counter(image.name for image in images).values(), default=0) > 1
    paths = [image.path.absolute() for image in images if image.path is not None]
    if not alike or len(paths) < len(images):
        return [image.name for image in images]
    base = os.path.commonpath([path.parent for path in paths])
    return [path.relative_to(base).as_posix() for path in paths]
