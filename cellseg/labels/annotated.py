"""Pairs whose images are annotated in part only, and what is known of their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cellseg.errors import InputError
from cellseg.images.listing import Paths
from cellseg.images.palette import PaletteRule
from cellseg.labels.arrays_or_paths import Given, are_paths, array_pairs
from cellseg.labels.ctc.pairs import find_ctc_pairs, is_ctc
from cellseg.labels.layouts import OpensImage, open_file, tell_below
from cellseg.labels.meaning import LabelPlane, Meaning, read_values
from cellseg.labels.pairs import Pair, find_pairs
from cellseg.labels.read import read_labels
from cellseg.options import LabelOptions


def find_annotated_pairs(
    images: Given,
    labels: Given,
    annotated: Given | None = None,
    *,
    axes: str | None = None,
    scene: str | None = None,
) -> list[Pair]:
    """Pairs to learn from.

    Args:
        images: TIFF, folder of TIFFs, glob, or several of these; or a folder of the Cell Tracking Challenge; or an
            array (H, W) or (Z, H, W), or several of these.
        labels: the same for the labels.
        annotated: masks, matched like labels: nonzero where somebody annotated; without them everywhere.
        axes: axes of the images, such as CYX, if their metadata do not say.
        scene: name or number of the image in each microscope's file that holds several.

    Raises:
        InputError: as `find_pairs` and `find_ctc_pairs`, or masks that do not fit the images.
        TypeError: something that is neither a path nor an array, or one of each.
    """
    if not _same_kind(images, labels, annotated):
        pairs = array_pairs(images, labels, axes)
        return _masked(pairs, array_pairs(images, annotated, axes)) if annotated is not None else pairs
    files = cast(Paths, images), cast(Paths, labels), cast(Paths | None, annotated)
    return pairs_of_files(*files, axes=axes, scene=scene)


def pairs_of_files(
    images: Paths,
    labels: Paths,
    annotated: Paths | None = None,
    *,
    axes: str | None = None,
    scene: str | None = None,
    others: Sequence[Paths | None] = (),
) -> list[Pair]:
    """As `find_annotated_pairs`, of files; of the folders of `others`, which are read too, none is told as left out."""
    if isinstance(images, (str, Path)) and isinstance(labels, (str, Path)) and is_ctc(labels):
        if annotated:
            remedy = "There markers, silver truth and grey values tell; copy the files elsewhere to give masks."
            raise InputError("--annotated does not go with folders of the Cell Tracking Challenge", remedy)
        return find_ctc_pairs(images, labels)
    images, labels = (given if isinstance(given, (str, Path)) else list(given) for given in (images, labels))
    tell_below(images, labels, annotated, others=others)
    of_images = open_file(axes, scene)
    pairs = find_pairs(images, labels, axes=axes, of_images=of_images)
    _refuse_same(pairs)
    return with_masks(pairs, images, annotated, axes, of_images) if annotated else pairs


def _refuse_same(pairs: Sequence[Pair]) -> None:
    """InputError where a file is its own label."""
    same = [pair for pair in pairs if pair.image.path is not None and pair.image.path == pair.labels.path]
    if same:
        found = f"{len(same)} files are given as image and as label, such as {same[0].image.name}"
        raise InputError(found, "Move the labels to a folder of their own, or name them by a pattern like *_masks.tif.")


def _same_kind(images: Given, labels: Given, annotated: Given | None) -> bool:
    """True if all are paths; False where all are arrays."""
    named = {"images": images, "labels": labels, "annotated": annotated}
    kinds = {name: are_paths(given, name) for name, given in named.items() if given is not None}
    if len(set(kinds.values())) > 1:
        raise TypeError("images and labels must be both paths or both arrays")
    return kinds["images"]


def with_masks(
    pairs: Sequence[Pair],
    images: Paths,
    annotated: Paths,
    axes: str | None = None,
    of_images: OpensImage | None = None,
    palette: PaletteRule = "lookup",
) -> list[Pair]:
    """The pairs of `images` with masks of annotated pixels; see `find_pairs`."""
    try:
        masks = find_pairs(images, annotated, axes=axes, palette=palette, of_images=of_images)
    except InputError as error:
        raise InputError(f"--annotated: masks are matched like labels: {error}") from error
    return _masked(pairs, masks)


def _masked(pairs: Sequence[Pair], masks: Sequence[Pair]) -> list[Pair]:
    return [
        replace(pair, annotated=mask.labels, annotated_plane=mask.label_plane)
        for pair, mask in zip(pairs, masks, strict=True)
    ]


def read_truth(pair: Pair, kind: Meaning, options: LabelOptions) -> LabelPlane:
    """Ground truth of a pair: by its labels, its mask, and the label of ignored pixels."""
    truth = read_labels(pair.labels, pair.label_plane, kind, options)
    if pair.annotated is None:
        return truth
    return restrict(truth, read_values(pair.annotated, pair.annotated_plane) != 0)


def restrict(truth: LabelPlane, annotated: NDArray[np.bool_]) -> LabelPlane:
    """The same with all but `annotated` (H, W) bool ignored."""
    return LabelPlane(
        np.where(annotated, truth.instances, np.int32(0)),
        np.where(annotated, truth.classes, np.uint8(0)),
        truth.ignore | ~annotated,
    )
