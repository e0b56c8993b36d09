"""How well images of one field are found, and how fast."""

from __future__ import annotations

import time
from collections import Counter

import numpy as np
import pytest

from cellseg.images.open import open_image
from cellseg.images.source import array_source
from cellseg.labels.pairs import list_images
from cellseg.labels.split.fields import SURE, find_matches, find_seams
from cellseg.labels.split.groups import make_groups
from cellseg.labels.split.signature import sign

pytestmark = pytest.mark.benchmark


def test_tiles_of_dsb2018(real_data):
    """Fields are 2 x 2 tiles: a side has one neighbour at most, and of four tiles that were joined four seams exist."""
    files = [*list_images(real_data / "dsb2018/train/images"), *list_images(real_data / "dsb2018/val/images")]
    signatures = [sign(open_image(file), 0) for file in files]
    sides: Counter[tuple[int, str]] = Counter()
    for side, other in (("bottom", "top"), ("right", "left")):
        seams = find_seams(signatures, side, other, [set()] * len(files))
        for first, second in {(s.match.first, s.match.second) for s in seams if s.doubt <= SURE}:
            sides.update([(first, side), (second, other)])
    matches = find_matches(signatures)
    groups = make_groups(len(files), matches)
    four = [group for group in groups if len(group.members) == 4]
    seams = sum(match.why == "edges" for group in four for match in group.matches)
    across = sum(files[match.first].parent != files[match.second].parent for match in matches)
    print(
        f"\n{len(files)} images, {len(matches)} pairs; sides with two neighbours: {sum(n > 1 for n in sides.values())}"
    )
    print(f"groups: {dict(Counter(len(group.members) for group in groups))}")
    print(f"{len(four)} whole fields: {seams} of {4 * len(four)} seams; {across} pairs across the data set's own split")


def test_670_images_of_256_pixels():
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (256, 256), np.uint8) for _ in range(670)]
    start = time.process_time()
    signatures = [sign(array_source(image, axes="YX"), 0) for image in images]
    find_matches(signatures)
    print(f"\n670 images: {time.process_time() - start:.1f} processor seconds")
