"""Pairs of image planes and label planes."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.axes import plane_axes
from cellseg.images.listing import Paths, list_images
from cellseg.images.names import names_of
from cellseg.images.palette import PaletteRule
from cellseg.images.source import ImageSource
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.layouts import OpensImage, find_entries, label_entries, open_file

__all__ = ["Pair", "find_pairs", "list_images"]

NAMES_SHOWN = 5
_OF_ANY_IMAGE = {
    *("image", "images", "img", "raw", "label", "labels", "mask", "masks", "seg", "gt", "truth"),
    *("cell", "cells", "annotation", "annotations", "instances", "coco"),
}

Key = Callable[[UnopenedImage], Hashable]


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """An image plane and its label plane, of the same height and width."""

    name: str
    """File name of the image, with folders where two are alike; of several planes with the number, from 0: a.tif[3]."""
    image: ImageSource
    image_plane: int
    labels: ImageSource
    label_plane: int
    annotated: ImageSource | None = None
    """Nonzero where somebody annotated; None = everywhere."""
    annotated_plane: int = 0
    unlike: bool = False
    """Whether the two files were paired because each was alone in its folder, though their names are unlike."""


def find_pairs(
    images: Paths,
    labels: Paths,
    *,
    axes: str | None = None,
    palette: PaletteRule = "lookup",
    of_images: OpensImage | None = None,
) -> list[Pair]:
    """Pair image planes with label planes.

    One file each belong together. Several are matched by name, else by what is left of the names when the
    part that all share is taken off, else by the numbers in them, else by their folders. Their planes are matched in
    order.

    Args:
        images: TIFF or OME-Zarr, folder of these, glob, or several of these; or a data set's folder.
        labels: the same for the labels, which may be of other formats as well.
        axes: axes of the images, if their metadata do not say; labels have the same but channels.
        palette: as in `open_image`, of the images; `index` where these are label images too.
        of_images: opens an image file; by default as it is, with these axes.

    Raises:
        InputError: nothing there, a missing partner, or planes that differ in number or size.
    """
    label_axes = f"{plane_axes(axes.upper())}YX" if axes else None
    if palette == "index":
        ours, theirs = _two_of_labels(images, labels, label_axes)
    else:
        ours, theirs = find_entries(images, labels, label_axes, of_images=of_images or open_file(axes))
    unlike = _are_unlike(images, labels, ours, theirs)
    by_name = palette != "index"  # a prediction may be called as one likes
    return pairs_of((_opened(image, label) for image, label in _match(ours, theirs, by_name)), unlike)


def _two_of_labels(one: Paths, other: Paths, axes: str | None) -> tuple[list[UnopenedImage], list[UnopenedImage]]:
    """Entries of both, of which either may be in masks of single cells: the other tells how many images there are."""
    first, second = label_entries(one, axes), label_entries(other, axes)
    if len(first) == len(second):
        return first, second
    return label_entries(one, axes, len(second)), label_entries(other, axes, len(first))


def find_partners(images: Paths, labels: Paths) -> list[tuple[UnopenedImage, UnopenedImage]]:
    """Images and labels that belong together, not opened yet; see `find_pairs`."""
    return _match(*find_entries(images, labels, None, of_images=open_file(None)), by_name=True)


def _opened(image: UnopenedImage, label: UnopenedImage) -> tuple[ImageSource, ImageSource]:
    """Both opened; the one whose size does not stand in its file after the other."""
    if image.sized:
        opened = image.open(None)
        return opened, label.open(opened)
    truth = label.open(None)
    return image.open(truth), truth


def pairs_of(sources: Iterable[tuple[ImageSource, ImageSource]], unlike: bool = False) -> list[Pair]:
    """Pairs of planes of images and their labels; `unlike`: paired though their names differ.

    Raises InputError where they differ in number or size of planes.
    """
    pairs: list[Pair] = []
    wrong: list[str] = []
    opened = list(sources)
    for name, (image, label) in zip(names_of([image for image, _ in opened]), opened, strict=True):
        mismatch = _mismatch(image, label)
        wrong += [f"{name} {mismatch}"] if mismatch else []
        pairs += [] if mismatch else _planes(name, image, label, unlike)
    if wrong:
        raise InputError(f"images and labels do not fit: {_some(wrong)}", "They must show the same pixels.")
    return pairs


def _planes(name: str, image: ImageSource, label: ImageSource, unlike: bool) -> list[Pair]:
    image = image.in_order_of(label)  # what is written follows the labels
    names = [f"{name}[{k}]" if image.planes > 1 else name for k in range(image.planes)]
    return [Pair(name, image, k, label, k, unlike=unlike) for k, name in enumerate(names)]


def _are_unlike(images: Paths, labels: Paths, ours: Sequence[UnopenedImage], theirs: Sequence[UnopenedImage]) -> bool:
    """True if one image and one label were found in folders, and their names have nothing to do with each other."""
    named = [isinstance(given, (str, Path)) and Path(given).is_file() for given in (images, labels)]
    return len(ours) == len(theirs) == 1 and not any(named) and _have_unlike_names(ours[0], theirs[0])


def _have_unlike_names(ours: UnopenedImage, theirs: UnopenedImage) -> bool:
    """True if no part of one name says that the other belongs to it."""
    one, other = (entry.stem.casefold() for entry in (ours, theirs))
    if one in other or other in one:
        return False
    numbers, others = _numbers(ours), _numbers(theirs)
    return numbers != others if numbers and others else not _words(one) & _words(other)


def are_of_others(labels: UnopenedImage, image: UnopenedImage) -> bool:
    """True if labels are called like an image, and not like this one."""
    tells = _words(labels.stem.casefold()) or _numbers(labels)
    return bool(tells) and _have_unlike_names(image, labels)


def _words(name: str) -> set[str]:
    """Words of a name that tell one image from another."""
    return {word for word in re.split(r"[\W_]+", name) if any(map(str.isalpha, word))} - _OF_ANY_IMAGE


def _mismatch(image: ImageSource, label: ImageSource) -> str:
    if not image.has_planes_of(label):
        return f"has {image.planes_in_words} planes, its labels {label.planes_in_words}"
    if (image.height, image.width) != (label.height, label.width):
        return f"is {image.height} x {image.width}, its labels {label.height} x {label.width}"
    return ""


def _match(
    images: Sequence[UnopenedImage], labels: Sequence[UnopenedImage], by_name: bool
) -> list[tuple[UnopenedImage, UnopenedImage]]:
    if len(images) == len(labels) == 1:
        if by_name and labels[0].inside and _have_unlike_names(images[0], labels[0]):
            other = f"the image is {images[0].shown}, the labels are of {labels[0].shown}"
            raise InputError(other, "Give that image, or both the same name.")
        return [(images[0], labels[0])]
    closest: tuple[int, str] = (-1, "")
    for image_key, label_key in _ways(images, labels):
        by_image = {image_key(entry): entry for entry in images}
        by_label = {label_key(entry): entry for entry in labels}
        if len(by_image) < len(images) or len(by_label) < len(labels):
            continue
        if by_image.keys() == by_label.keys():
            return [(entry, by_label[key]) for key, entry in by_image.items()]
        alone = [entry.shown for key, entry in by_image.items() if key not in by_label]
        spare = [entry.shown for key, entry in by_label.items() if key not in by_image]
        found = [f"images without labels ({len(alone)}): {_some(alone)}"] if alone else []
        found += [f"labels without an image ({len(spare)}): {_some(spare)}"] if spare else []
        closest = max(closest, (len(images) - len(alone), "; ".join(found)), key=lambda pair: pair[0])
    found_text = closest[1] or "several files have the same name"
    raise InputError(f"{len(images)} images and {len(labels)} labels: {found_text}", "Give both the same names.")


def _ways(images: Sequence[UnopenedImage], labels: Sequence[UnopenedImage]) -> list[tuple[Key, Key]]:
    """Ways to tell partners, the strictest first: whole names, their distinct middles, their numbers, their folders."""
    return [
        (_stem, _stem),
        (_without_common(images), _without_common(labels)),
        (_numbers, _numbers),
        (_place_among(images), _place_among(labels)),
    ]


def _stem(entry: UnopenedImage) -> Hashable:
    return entry.stem


def _without_common(entries: Sequence[UnopenedImage]) -> Key:
    """Names without what all of them begin and end with; digits are never torn apart."""
    names = [entry.stem for entry in entries]
    prefix = _common_start(names)
    rest = [name[len(prefix) :][::-1] for name in names]
    suffix = _common_start(rest)
    return lambda entry: entry.stem[len(prefix) : len(entry.stem) - len(suffix)]


def _place_among(entries: Sequence[UnopenedImage]) -> Key:
    """Folders and name without the parts that all have in common, such as images/ and masks/ in each field's folder."""
    parts = [entry.name.parts for entry in entries]
    if len({*map(len, parts)}) > 1:
        shared = len(os.path.commonpath([entry.name.parent for entry in entries]))
        return lambda entry: str(entry.name)[shared:]
    telling = [k for k, part in enumerate(zip(*parts, strict=True)) if len({*part}) > 1]
    return lambda entry: tuple(entry.name.parts[k] for k in telling)


def _common_start(names: Sequence[str]) -> str:
    """Common beginning of all names, up to the first digit of a number that differs."""
    first, last = min(names), max(names)
    length = next((k for k in range(len(first)) if first[k] != last[k : k + 1]), len(first))
    return re.sub(r"\d+$", "", first[:length])


def _numbers(entry: UnopenedImage) -> Hashable:
    return tuple(int(digits) for digits in re.findall(r"\d+", entry.stem))


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_SHOWN])
    return f"{shown} and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else shown
