"""Pairs of images that show the same field: neighbouring tiles, and near-duplicates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse
from scipy.sparse.csgraph import connected_components

from cellseg.arrays import Float32
from cellseg.labels.split.evidence import EdgeLines, beyond_chance, doubt, places
from cellseg.labels.split.signature import Signature

Why = Literal["edges", "thumbnails"]

FINE_LIKENESS = 0.7
"""Least correlation of the fine structure along two edges."""
WHOLE_LIKENESS = 0.8
"""Least correlation of all that is not common to all edges; of use where noise hides the fine structure."""
STRUCTURE = 0.5
"""Least correlation of the two outermost lines of an edge."""
SEAM = 1.6
"""Largest step over a seam, in steps between neighbouring lines within the two images."""
SHORTEST_EDGE = 48
NOISE = 1.5
"""Standard deviation in pixels of the Gaussian that takes noise off an edge."""
FINE = 21
"""Pixels over which the coarse structure of an edge is averaged and taken off."""
COARSE = 9
"""Pixels over which the coarse structure of a thumbnail is averaged and taken off."""
THUMBNAIL_LIKENESS = 0.9
ENOUGH = 8
"""From so many images of one size on, what they have in common (uneven light) is taken off their thumbnails."""
SURE = 0.84
"""Largest doubt of two edges that make two images one field."""
ROWS = 1024
"""Images compared with all others at a time."""


@dataclass(frozen=True, slots=True)
class Match:
    """Two images, by number, that show one field."""

    first: int
    second: int
    why: Why
    likeness: float
    """Correlation, up to 1."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Two tiles that seem to meet, the edge of the first being the upper or left one."""

    match: Match
    doubt: float
    """See `cellseg.labels.split.evidence.doubt`."""


def find_matches(signatures: Sequence[Signature]) -> list[Match]:
    """All pairs that show the same field, each once, by rising numbers.

    Neighbouring tiles: the edges at which they meet correlate, the step from one image to the other is not larger than
    from line to line within them, and this is no accident: with many images some edges always look alike. Where other
    seams have told that two are of one field, that is not asked. Near-duplicates: images of one size whose thumbnails
    correlate. What is compared is a matrix product of edges and thumbnails, never whole images.

    Args:
        signatures: of all images.
    """
    alike = list(_alike(signatures))
    copies = _partners(alike, len(signatures))
    seams = [
        seam for sides in (("bottom", "top"), ("right", "left")) for seam in find_seams(signatures, *sides, copies)
    ]
    fields = _fields([*alike, *(seam.match for seam in seams if seam.doubt <= SURE)], len(signatures))
    one_field = [seam.match for seam in seams if fields[seam.match.first] == fields[seam.match.second]]
    best: dict[tuple[int, int], Match] = {}
    for match in (*one_field, *alike):
        key = min(match.first, match.second), max(match.first, match.second)
        if key not in best or best[key].likeness < match.likeness:
            best[key] = Match(*key, match.why, match.likeness)
    return [best[key] for key in sorted(best)]


def _partners(matches: Sequence[Match], count: int) -> list[set[int]]:
    """The images that match each of them."""
    found: list[set[int]] = [set() for _ in range(count)]
    for match in matches:
        found[match.first].add(match.second)
        found[match.second].add(match.first)
    return found


def _fields(matches: Sequence[Match], count: int) -> NDArray[np.int32]:
    """Number of the connected component of each image."""
    ends = [match.first for match in matches], [match.second for match in matches]
    links = sparse.coo_array((np.ones(len(matches), np.bool_), ends), shape=(count, count))
    labels: NDArray[np.int32] = connected_components(links, directed=False)[1]
    return labels


def find_seams(
    signatures: Sequence[Signature], side: str, other: str, copies: Sequence[AbstractSet[int]]
) -> Iterator[Seam]:
    """Tiles whose `side` seems to meet the `other` side of another; `copies` are the near-duplicates of each."""
    for group in _groups(signatures, lambda signature: signature.edges[side].shape[1]):
        if signatures[group[0]].edges[side].shape[1] < SHORTEST_EDGE:
            continue
        edges, others = (np.stack([_two_lines(signatures[k].edges[name]) for k in group]) for name in (side, other))
        own, theirs = _edge_lines(edges), _edge_lines(others)
        found = [*_correlated(own.fine, theirs.fine, FINE_LIKENESS)]
        if len(group) >= ENOUGH:
            found += _correlated(_normalised(_own(edges[:, 0])), _normalised(_own(others[:, 0])), WHOLE_LIKENESS)
        numbers = {image: k for k, image in enumerate(group)}
        known = [{numbers[k] for k in copies[image] if k in numbers} for image in group]
        for (i, j), likeness in {(i, j): likeness for i, j, likeness in reversed(found)}.items():
            first, second = group[i], group[j]
            if first != second and _is_seamless(signatures[first].edges[side], signatures[second].edges[other]):
                yield Seam(Match(first, second, "edges", likeness), doubt(own, theirs, (i, j), known))


def _two_lines(edge: Float32) -> Float32:
    """An edge (2, n), also of an image of a single line."""
    return edge if len(edge) == 2 else np.repeat(edge, 2, axis=0)


def _edge_lines(edges: Float32) -> EdgeLines:
    """Edges (n, 2, k) as they are compared."""
    smooth = np.asarray(ndimage.gaussian_filter1d(edges, NOISE, axis=-1, mode="nearest"), np.float32)
    return EdgeLines(smooth, _normalised(_fine(edges[:, 0])))


def _is_seamless(edge: Float32, other: Float32) -> bool:
    """True if the step between two edges (2, n) is like those within the images."""
    if len(edge) < 2 or len(other) < 2 or not (_has_structure(edge) and _has_structure(other)):
        return False
    within = (np.abs(edge[0] - edge[1]).mean() + np.abs(other[0] - other[1]).mean()) / 2
    return bool(np.abs(edge[0] - other[0]).mean() <= SEAM * within)


def _has_structure(edge: Float32) -> bool:
    """True if the two lines of an edge (2, n) are alike, so that there is more than noise."""
    first, second = _normalised(_fine(edge))
    return bool(first @ second >= STRUCTURE)


def _alike(signatures: Sequence[Signature]) -> Iterator[Match]:
    for group in _groups(signatures, lambda signature: signature.shape):
        thumbnails = np.stack([_detail(signatures[k].thumbnail) for k in group])
        rows = _normalised(_own(thumbnails) if len(group) >= ENOUGH else thumbnails)
        independent, pairs = places(rows), len(group) * (len(group) - 1) // 2
        for i, j, likeness in _correlated(rows, rows, THUMBNAIL_LIKENESS):
            if i < j and beyond_chance(likeness, min(independent[i], independent[j]), pairs):
                yield Match(group[i], group[j], "thumbnails", likeness)


def _groups(signatures: Sequence[Signature], key: Callable[[Signature], Hashable]) -> Iterator[list[int]]:
    """Numbers of the signatures with equal keys, where there are two or more."""
    found: defaultdict[Hashable, list[int]] = defaultdict(list)
    for number, signature in enumerate(signatures):
        found[key(signature)].append(number)
    return (group for group in found.values() if len(group) > 1)


def _fine(lines: Float32) -> Float32:
    """Lines (n, k) without noise, and without what changes slowly along them."""
    smooth = ndimage.gaussian_filter1d(lines, NOISE, axis=1, mode="nearest")
    fine = smooth - ndimage.uniform_filter1d(smooth, FINE, axis=1)
    return np.asarray(fine[:, FINE // 2 : -(FINE // 2)], np.float32)


def _detail(thumbnail: Float32) -> Float32:
    """A thumbnail (h, w) without uneven light, and without the rim where that cannot be told, as a row."""
    rim = COARSE // 2 if min(thumbnail.shape) > 2 * COARSE else 0
    inner = slice(rim, -rim or None)
    return np.asarray(thumbnail - ndimage.uniform_filter(thumbnail, COARSE), np.float32)[inner, inner].ravel()


def _own(rows: Float32) -> Float32:
    """Rows (n, k) without what they have in common."""
    return np.asarray(rows - np.median(rows, axis=0), np.float32)


def _normalised(rows: NDArray[np.floating]) -> Float32:
    """Rows (n, k) of mean 0 and length 1; constant ones are 0."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 1e-6), np.float32)


def _correlated(rows: Float32, others: Float32, least: float) -> Iterator[tuple[int, int, float]]:
    """Pairs of a row (n, k) and another (m, k) with a product of `least` or more."""
    for start in range(0, len(rows), ROWS):
        products = rows[start : start + ROWS] @ others.T
        for i, j in np.argwhere(products >= least):
            yield start + int(i), int(j), float(products[i, j])
