"""A project folder: its images, their labels, the networks trained on them and what these predicted.

    project.json        the images (`document`)
    images/DOCUMENT_NAME.tif     copies of images that were in no file
    labels/DOCUMENT_NAME.zarr    one label store an image (`store`)
    history/DOCUMENT_NAME/       earlier states of the labels (`history`)
    runs/001            run folders, as `cellseg train` makes them
    predictions/DOCUMENT_NAME/   results for an image

Values of labels are those of `annotation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import cellseg
from napari_cellseg.annotation import MEANINGS
from napari_cellseg.project import chunks
from napari_cellseg.project.cell_classes import MOST_CLASSES, CellClassTable, open_classes
from napari_cellseg.project.document import DOCUMENT_NAME, ProjectImage, is_project, read_document, write_document
from napari_cellseg.project.history import Kept, keep_state, kept_states, read_state
from napari_cellseg.project.store import LabelStore, open_store

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource

__all__ = ["Project", "ProjectImage", "is_project"]

_KEPT = "kept"
"""Beside this name lie the classes of the cells of an earlier state."""


@dataclass(frozen=True, slots=True)
class Project:
    """An annotation project on disk. Adding or moving an image gives a new one; labels are written in place."""

    path: Path
    """Its folder."""
    images: tuple[ProjectImage, ...]
    writable: bool = True
    """Whether labels may be written; not where another window has it open (see `lock`)."""
    classes: tuple[str, ...] = ()
    """Names of the classes of cells, if it asks for some."""

    @classmethod
    def create(cls, path: Path, images: Sequence[Path] = (), *, axes: str = "") -> Project:
        """Make a project of images.

        Args:
            path: a folder that does not exist, or an empty one.
            images: TIFFs or OME-Zarr folders; they stay where they are.
            axes: their axes, if the files do not say.

        Raises:
            InputError: an image that cannot be read, or a folder that is in use.
        """
        path = Path(path).absolute()
        if is_project(path):
            raise cellseg.InputError("is a project already", "Open it, or choose another folder.", path=path)
        if path.exists() and not (path.is_dir() and next(path.iterdir(), None) is None):
            raise cellseg.InputError("exists and is not empty", "Choose a new folder for the project.", path=path)
        described = _described(images, (), axes)  # first read the images: nothing is made for one that is damaged
        write_document(path, described)
        return cls(path, described)

    @classmethod
    def open(cls, path: Path) -> Project:
        """Open a project by its folder, or by the project.json in it.

        Raises:
            InputError: no project, a damaged one, or one of a newer version.
        """
        path = Path(path).absolute()
        folder = path.parent if path.name == DOCUMENT_NAME and not path.is_dir() else path
        known = read_document(folder)
        return cls(folder, known.images, classes=known.classes)

    def add(self, images: Sequence[Path], *, axes: str = "") -> Project:
        """The project with more images.

        Raises:
            InputError: an image that cannot be read.
        """
        return self._with((*self.images, *_described(images, self.images, axes)))

    def relocate(self, name: str, path: Path) -> Project:
        """The project with an image that was moved or renamed.

        Raises:
            InputError: no image of that name, or the file shows an image of another size.
        """
        old = self.image(name)
        new = _describe(Path(path), name, old.read_axes)
        if new.shape != old.shape:
            found = f"has the shape {new.shape}, the annotated image {name} has {old.shape}"
            raise cellseg.InputError(found, "Choose the file that was annotated.", path=path)
        return self._with(tuple(new if image.name == name else image for image in self.images))

    def with_classes(self, names: Sequence[str]) -> Project:
        """The project with other classes of cells; without names all cells are of one kind.

        Raises:
            InputError: too many names, or two are alike.
        """
        odd = any(not name.isprintable() or name in ("", "background") or "," in name for name in names)
        if odd or len(names) > MOST_CLASSES or len(set(names)) < len(names):
            found = f"the classes are {', '.join(names)}"
            wanted = (
                f"Give at most {MOST_CLASSES} names, each another, with commas between, and none to the background."
            )
            raise cellseg.InputError(found, wanted)
        made = replace(self, classes=tuple(names))
        tables = [self.cell_classes(image) for image in self.annotated]
        write_document(self.path, self.images, made.classes)
        for table in tables:
            table.rename(made.classes)
        return made

    def cell_classes(self, image: ProjectImage) -> CellClassTable:
        """Classes of the annotated cells of an image.

        Raises:
            InputError: their file is damaged.
        """
        return open_classes(self._labels_of(image), self.classes, writable=self.writable)

    def image(self, name: str) -> ProjectImage:
        """The image of that name.

        Raises:
            InputError: there is none; the message lists those there are.
        """
        for image in self.images:
            if image.name == name:
                return image
        known = ", ".join(image.name for image in self.images) or "none"
        raise cellseg.InputError(f"there is no image {name!r}", f"It has: {known}.", path=self.path)

    def source(self, image: ProjectImage) -> ImageSource:
        """The pixels of an image.

        Raises:
            InputError: the file is gone, damaged, or shows another image now.
        """
        if image.missing:
            found = f"the image {image.name} is not there any more; its annotation is safe"
            remedy = "Move the file back, or tell where it is now: Layers > Annotate > Find an image of a project."
            raise cellseg.InputError(found, remedy, path=image.path)
        source = cellseg.open_image(image.path, axes=image.read_axes or None)
        now = source.planes, source.height, source.width
        if now != image.shape:
            found = f"has the shape {now} (planes, height, width), and was annotated as {image.shape}"
            raise cellseg.InputError(found, "Put back the file that was annotated.", path=image.path)
        return source

    def labels(self, image: ProjectImage) -> LabelStore:
        """The annotation (planes, H, W), or (H, W) of a single plane; what is written to it is on disk at once.

        Raises:
            InputError: the store is damaged.
        """
        folder = self._labels_of(image)
        if not chunks.exists(folder):
            shape = image.shape[1:] if image.shape[0] == 1 else image.shape
            chunks.create(folder, shape, {"values": MEANINGS})
        return open_store(folder, writable=self.writable)

    @property
    def annotated(self) -> list[ProjectImage]:
        """Images that somebody began to annotate; of the others there is nothing to read."""
        return [image for image in self.images if chunks.exists(self._labels_of(image))]

    @property
    def runs(self) -> list[Path]:
        """Run folders, newest first."""
        return sorted((run for run in _numbered(self.path / "runs") if any(run.iterdir())), reverse=True)

    def new_run(self) -> Path:
        """An empty folder for `cellseg train --out`."""
        runs = self.path / "runs"
        number = max((int(run.name) for run in _numbered(runs)), default=0) + 1
        while True:
            try:
                (run := runs / f"{number:03}").mkdir(parents=True)
                return run
            except FileExistsError:  # another window was quicker
                number += 1

    @property
    def predictions(self) -> Path:
        """The folder of results: one folder an image name."""
        return self.path / "predictions"

    def keep(self, image: ProjectImage, reason: str) -> Kept | None:
        """Keep the annotation of an image as it is now, before something replaces a lot of it.

        Args:
            image: whose annotation.
            reason: for people, such as "before importing labels.tif".

        Returns:
            What was kept; None where nothing is annotated.
        """
        self.labels(image).flush()
        kept = keep_state(self._labels_of(image), self._history_of(image), reason)
        if kept is not None and self.classes:
            self.cell_classes(image).as_classes().write_beside(kept.folder / _KEPT)
        return kept

    def kept(self, image: ProjectImage) -> list[Kept]:
        """States that were kept, newest first."""
        return kept_states(self._history_of(image))

    def restore(self, image: ProjectImage, state: Kept) -> None:
        """Bring back a state that was kept; the present one is kept first."""
        labels = self.labels(image)
        self.keep(image, "before an earlier state was brought back")
        for index in sorted({*labels.annotated_blocks(), *state.blocks}):
            box = labels.box(index)
            labels[box] = read_state(state, index)[chunks.overlap(box, index)[1]]
        classes = cellseg.CellClasses.beside(state.folder / _KEPT)
        if classes is not None:
            self.cell_classes(image).take(classes)

    def _with(self, images: tuple[ProjectImage, ...]) -> Project:
        write_document(self.path, images, self.classes)
        return replace(self, images=images)

    def _labels_of(self, image: ProjectImage) -> Path:
        return self.path / "labels" / f"{image.name}.zarr"

    def _history_of(self, image: ProjectImage) -> Path:
        return self.path / "history" / image.name


def _numbered(runs: Path) -> list[Path]:
    return [run for run in runs.glob("*") if run.is_dir() and run.name.isdecimal()]


def _described(paths: Iterable[Path], known: Sequence[ProjectImage], axes: str) -> tuple[ProjectImage, ...]:
    taken = {image.name.casefold() for image in known}
    found = []
    for path in paths:
        found.append(_describe(Path(path), free_name(Path(path).name, taken), axes))
        taken.add(found[-1].name.casefold())
    return tuple(found)


def _describe(path: Path, name: str, axes: str) -> ProjectImage:
    source = cellseg.open_image(path, axes=axes or None)
    shape = (source.planes, source.height, source.width)
    return ProjectImage(name, path.absolute(), shape, f"{source.plane_axes}YX", axes)


def free_name(file_name: str, taken: Iterable[str]) -> str:
    """A name for folders after a file's: without its suffixes, in letters that all systems allow, not yet taken."""
    stem = re.sub(r"(?i)(\.ome)?\.(tiff?|btf|tf8|zarr|png|jpe?g|bmp|webp|npy|czi|nd2|lif)$", "", file_name)
    plain = re.sub(r"[^\w.+-]+", "_", stem).strip("._") or "image"
    used = {name.casefold() for name in taken}
    return next(name for name in _candidates(plain) if name.casefold() not in used)


def _candidates(name: str) -> Iterable[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1
