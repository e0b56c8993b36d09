"""Entries of the list of images: of the project, files that were added, and what else is open. Knows no window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_cellseg.opened import IMAGE, ImageKey, OpenLayer, is_seen

if TYPE_CHECKING:
    from napari_cellseg.project.folder import Project


@dataclass(frozen=True, slots=True)
class ListedImage:
    """An image that may be shown."""

    key: ImageKey
    """Folder of its project, empty without one, and its name."""
    path: Path | None
    """Its file; None for a layer that is in none."""
    axes: str = ""
    """Axes to read the file by, where those in it are wrong or missing."""

    @property
    def name(self) -> str:
        return self.key[1]

    @property
    def of_project(self) -> bool:
        return bool(self.key[0])


def listed(project: Project | None, files: Sequence[Path], layers: Iterable[OpenLayer]) -> list[ListedImage]:
    """Entries of the list, each image once: those of the project, then files, then what else is open."""
    own = (
        []
        if project is None
        else [ListedImage((str(project.path), image.name), image.path, image.read_axes) for image in project.images]
    )
    known = {entry.path for entry in own}
    loose = [ListedImage(("", name), path) for path, name in _named(path for path in files if path not in known)]
    taken = {entry.key for entry in (*own, *loose)}
    others = {layer.image: None for layer in layers if layer.role == IMAGE and layer.image is not None}
    return [*own, *loose, *(ListedImage(key, None) for key in others if key not in taken and not key[0])]


def _named(files: Iterable[Path]) -> list[tuple[Path, str]]:
    """Files with their names, the folder before those that are there twice."""
    found = list(files)
    count = Counter(path.name for path in found)
    return [(path, path.name if count[path.name] == 1 else f"{path.parent.name}/{path.name}") for path in found]


def seen_entry(entries: Sequence[ListedImage], layers: Sequence[OpenLayer], active: int | None) -> int | None:
    """Number of the entry that is seen, the selected one first; None where none is."""
    selected = next((layer.image for layer in layers if layer.number == active), None)
    seen = [number for number, entry in enumerate(entries) if is_seen(layers, entry.key)]
    return next((number for number in seen if entries[number].key == selected), seen[0] if seen else None)


def stepped(count: int, at: int | None, step: int) -> int | None:
    """Number of the entry so many steps on, from the last to the first and back; None where there is no other one."""
    if count == 0 or (count == 1 and at is not None):
        return None
    return ((-1 if step > 0 else 0) + step if at is None else at + step) % count


def not_listed(entries: Iterable[ListedImage], paths: Iterable[Path]) -> list[Path]:
    """Files that are in the list not yet, each once, as absolute paths."""
    known = {entry.path for entry in entries}
    return list(dict.fromkeys(path for path in (path.absolute() for path in paths) if path not in known))
