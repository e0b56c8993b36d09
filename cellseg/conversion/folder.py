"""Labels of several images converted file by file into a folder, which keeps the folders that they lie in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from cellseg.conversion.labels import WRITERS, Conversion, checked_plans
from cellseg.errors import InputError
from cellseg.folders import files_together
from cellseg.images.source import ImageSource
from cellseg.labels.cell_classes import CellClasses, table_goes_with
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.layouts import label_entries, tell_below
from cellseg.labels.opened import with_size_of
from cellseg.labels.pairs import find_partners
from cellseg.options import LabelOptions

ENDINGS = {"zarr": ".ome.zarr"}
"""Endings of files by the word of `--to`, where they are not that word."""


@dataclass(frozen=True, slots=True, eq=False)
class FolderConversion:
    """Labels that are open, each with the file that it becomes."""

    files: tuple[Conversion, ...]
    out: Path
    """The folder of all of them."""

    @property
    def labels(self) -> list[ImageSource]:
        """The label images."""
        return [source for one in self.files for source in one.labels]

    def write(self) -> Iterator[int]:
        """Write all files; yields the number of cells of each. They appear together, when all are written.

        Raises:
            InputError: some labels do not fit into the format, or it cannot be written; nothing is there then.
        """
        with ExitStack() as stack:
            for one in self.files:
                stack.enter_context(table_goes_with(one.out))
            folder = stack.enter_context(files_together(self.out))
            for one in self.files:
                target = folder / one.out.relative_to(self.out)
                target.parent.mkdir(parents=True, exist_ok=True)
                yield one.write_to(target)
        for one in self.files:
            if one.classes is None:  # those of an earlier file
                CellClasses.forget(one.out)


def plan_folder(
    labels: str | Path,
    out: str | Path,
    *,
    to: str,
    like: str | Path | None = None,
    reading: LabelOptions = LabelOptions(),
    overwrite: bool = False,
) -> FolderConversion:
    """Open the labels of all images, and name the file of each.

    Args:
        labels: a folder, glob or file of labels of one or several images.
        out: the folder to write.
        to: the format, such as geojson.
        like: their images, of equal names.
        reading: how the labels are read; what they mean is judged over all of them.
        overwrite: replace files that are there.

    Raises:
        InputError: labels that are not there or cannot be read, two for one file, or a file that is there.
    """
    folder, ending = Path(out), ENDINGS.get(to, f".{to}")
    _refuse_folder(folder)
    tell_below(labels, like, folder)
    entries = _entries(labels, like)
    targets = [folder / name.with_name(f"{name.name}{ending}") for name in _names([one for one, _ in entries], labels)]
    _refuse_twice(targets, [one for one, _ in entries])
    if not overwrite:
        _refuse_there(targets)
    plans = checked_plans([_opened(*pair) for pair in entries], reading)
    files = (Conversion((plan,), target, WRITERS[f".{to}"]) for plan, target in zip(plans, targets, strict=True))
    return FolderConversion(tuple(files), folder)


def _entries(labels: str | Path, like: str | Path | None) -> list[tuple[UnopenedImage, UnopenedImage | None]]:
    """The labels of each image, with the image where there are images."""
    if like is None:
        return [(entry, None) for entry in label_entries(labels)]
    return [(label, image) for image, label in find_partners(like, labels)]


def _opened(label: UnopenedImage, image: UnopenedImage | None) -> ImageSource:
    like = None if image is None else image.open(None)
    return with_size_of(like, label.open(like))


def _names(entries: Sequence[UnopenedImage], labels: str | Path) -> list[Path]:
    """Names without suffix, with the folders below the one that was given, else below the one of all."""
    names = [entry.name for entry in entries]
    given = Path(labels).expanduser()
    if all(name.is_relative_to(given) for name in names):
        return [name.relative_to(given) for name in names]
    if any(name.is_absolute() or ".." in name.parts for name in names):
        base = Path(os.path.commonpath([name.absolute().parent for name in names]))
        return [name.absolute().relative_to(base) for name in names]
    return names


def _refuse_twice(targets: Sequence[Path], entries: Sequence[UnopenedImage]) -> None:
    """InputError where two labels would be one file."""
    first: dict[str, UnopenedImage] = {}
    for target, entry in zip(targets, entries, strict=True):
        other = first.setdefault(os.path.normcase(target).casefold(), entry)
        if other is not entry:
            found = f"two labels would be written to it: {other.shown}, {entry.shown}"
            raise InputError(found, "Rename one.", path=target)


def _refuse_folder(folder: Path) -> None:
    """InputError where the folder is a file or is called like one."""
    if folder.suffix.lower() in WRITERS:
        raise InputError("is the name of a file", "Name a folder with --out, or leave --to out.", path=folder)
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file", "Name a folder with --out.", path=folder)


def _refuse_there(targets: Sequence[Path]) -> None:
    """InputError where a file is there already."""
    there = [target for target in targets if target.exists()]
    if there:
        more = f", as do {len(there) - 1} others of {len(targets)}" if len(there) > 1 else ""
        raise InputError(f"exists{more}", "Choose another --out, or replace them with --overwrite.", path=there[0])
