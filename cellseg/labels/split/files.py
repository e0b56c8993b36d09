"""The files of a split: which there are, and where they go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cellseg.errors import InputError
from cellseg.images.listing import Paths
from cellseg.images.source import ImageSource
from cellseg.images.write import layout_like, write_tiled
from cellseg.labels.cell_classes import CellClasses, classes_file, is_classes_file
from cellseg.labels.formats.readers import bare
from cellseg.labels.layouts import tell_below
from cellseg.labels.opened import is_one_file
from cellseg.labels.pairs import find_pairs

Into = Literal["train", "validation"]
SETS: tuple[Into, ...] = ("train", "validation")


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """An image file with its label file."""

    name: str
    """Under which both are written, without a suffix."""
    image: ImageSource
    labels: ImageSource


@dataclass(frozen=True, slots=True, eq=False)
class SplitPart:
    """A unit, or some of its planes, and where it goes."""

    unit: Unit
    into: Into
    planes: tuple[int, ...] | None
    """None: all of them, the file as it is."""
    plane_shape: tuple[int, ...] = ()
    """Lengths of the unit's axes in this part."""

    @property
    def name(self) -> str:
        """The name under which it is written."""
        return self.unit.name

    @property
    def count(self) -> int:
        """Planes of a part of a stack; 1 for a file as it is."""
        return 1 if self.planes is None else len(self.planes)


def find_units(images: Paths, labels: Paths) -> list[Unit]:
    """Files of images and labels that belong together.

    Raises:
        InputError: as `find_pairs`, or two images would be written under one name.
    """
    tell_below(images, labels)
    pairs = [pair for pair in find_pairs(images, labels) if pair.image_plane == 0]
    names = [bare(Path(pair.image.name)).name for pair in pairs]
    if len(set(names)) < len(names):
        names = [f"{_file(pair.image).parent.name}_{name}" for pair, name in zip(pairs, names, strict=True)]
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise InputError(f"several images are called {twice}", "Give them different names.")
    return [Unit(name, pair.image, pair.labels) for name, pair in zip(names, pairs, strict=True)]


def write_parts(parts: Sequence[SplitPart], folder: Path) -> Iterator[SplitPart]:
    """Fill train/ and validation/, each with images/ and labels/ of the same names; yields after each part."""
    for part in parts:
        for kind, source in (("images", part.unit.image), ("labels", part.unit.labels)):
            target = folder / part.into / kind
            target.mkdir(parents=True, exist_ok=True)
            if part.planes is None and is_one_file(source):
                _link(_file(source), target / f"{part.name}{_suffix(source)}")
            else:
                planes = range(source.planes) if part.planes is None else part.planes
                _write_planes(source, planes, part.plane_shape, target / f"{part.name}.tif")
        _put_classes(part, folder / part.into / "labels" / f"{part.name}.tif")
        yield part


def _put_classes(part: SplitPart, target: Path) -> None:
    """Classes of the cells of a label file, where there are some, beside the file that is written."""
    labels = part.unit.labels
    if labels.path is None or not is_classes_file(classes_file(labels.path)):
        return
    if part.planes is None:
        _link(classes_file(labels.path), classes_file(target))
    elif (known := CellClasses.beside(labels.path)) is not None:
        known.in_planes(part.planes).write_beside(target)


def _file(source: ImageSource) -> Path:
    assert source.path is not None
    return source.path


def _suffix(source: ImageSource) -> str:
    path = _file(source)
    return path.name.removeprefix(bare(path).name)


def _link(source: Path, target: Path) -> None:
    """A second name for the same file where the file system can, else a copy."""
    if source.is_dir():
        shutil.copytree(source, target)
        return
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copy2(source, target)


def _write_planes(source: ImageSource, planes: Sequence[int], lengths: tuple[int, ...], target: Path) -> None:
    """Some planes of a stack as a stack, with its type and pixel size."""
    from dataclasses import replace

    whole = layout_like(
        source,
        source.dtype,
        channels=source.channels,
        channel_names=source.channel_names if source.channels > 1 else (),
    )
    axes = source.plane_axes
    if len(lengths) != len(axes):
        axes, lengths = axes[-1:] or "Z", (len(planes),)
    layout = whole if len(planes) == source.planes else replace(whole, plane_axes=axes, plane_shape=lengths)
    blocks = (
        source.read(plane, *region)[channel]
        for plane in planes
        for channel in range(source.channels)
        for region in layout.tiles
    )
    write_tiled(target, layout, blocks)
