"""Images of the list are shown one at a time; those that were left long ago are closed, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from napari.layers import Layer

import cellseg
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.image_list.label_files import labels_over
from napari_cellseg.image_reader import read_image
from napari_cellseg.listed import ListedImage, listed, not_listed, seen_entry, stepped
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.opened import IMAGE, PASSING, ImageKey
from napari_cellseg.project.growth import with_files
from napari_cellseg.project.layer_data import errors_told
from napari_cellseg.project.layers import choose_annotation, is_stored, show_image
from napari_cellseg.session import Session, open_layer

KEPT_OPEN = 4
"""Images whose layers stay when others are shown: undo goes on working in them."""

_PICTURES = ("probabilities", "uncertainty", PASSING)
"""Roles of what a prediction leaves in the project, or is shown for a moment."""


class ImageStage:
    """Shows images of the list, and adds some to it."""

    def __init__(self, session: Session, tasks: Tasks) -> None:
        self._session, self._tasks = session, tasks
        self._left: list[ImageKey] = []
        """Images that were shown here, the newest last."""
        self._as_read: WeakKeyDictionary[Layer, Any] = WeakKeyDictionary()
        """Pixels of the layers that this has opened; others there mean that somebody changed them."""

    @property
    def entries(self) -> list[ListedImage]:
        """Images of the list."""
        session = self._session
        return listed(session.project, session.files, session.open_layers())

    def seen(self) -> int | None:
        """Number of the entry that is seen."""
        return seen_entry(self.entries, self._session.open_layers(), self._session.active)

    def step(self, step: int) -> None:
        """Show the entry so many further on, or back."""
        entries = self.entries
        number = stepped(len(entries), self.seen(), step)
        if number is not None:
            self.show(entries[number])

    def show(self, entry: ListedImage) -> None:
        """Show an image, and hide the one before."""
        before = {open_layer(layer).number for layer in self._session.viewer.layers}
        with errors_told():
            if entry.of_project:
                self._show_of_project(entry)
            else:
                self._show_loose(entry)
        for layer in map(unwrapped, self._session.viewer.layers):
            if open_layer(layer).number not in before:
                self._as_read[layer] = layer.data
        self._left = [key for key in self._left if key != entry.key] + [entry.key]
        self._close_those_left_long_ago()

    def add(self, paths: Iterable[Path], wrong: Callable[[str], object]) -> None:
        """Add files, or all images of folders: to the project where one is open for writing, else to the list.

        Args:
            paths: files and folders.
            wrong: told what cannot be added.
        """
        try:
            files = not_listed(self.entries, cellseg.list_images(list(paths)))
        except cellseg.InputError as error:
            wrong(str(error))
            return
        project = self._session.project
        if project is None or not project.writable:
            self._list(files)
            return
        self._tasks.run(partial(with_files, project, files), partial(self._on_added, wrong), wrong)

    def add_labels(self, path: Path, wrong: Callable[[str], object]) -> None:
        """Show the labels of a file over the image that is seen; `wrong` is told what is in the way."""
        number = self.seen()
        if number is None:
            wrong(f"{path.name} holds labels: show their image first, then drop them again.")
            return
        try:
            layer = unwrapped(Layer.create(*labels_over(path, self.entries[number])))
        except cellseg.InputError as error:
            wrong(str(error))
            return
        self._session.viewer.add_layer(layer)

    def _list(self, files: list[Path]) -> None:
        self._session.list_files(files)
        if self.seen() is None and files:
            self.show(next(entry for entry in self.entries if entry.path == files[0]))

    def _on_added(self, wrong: Callable[[str], object], added: Any) -> None:
        project, problems = added
        self._session.use_project(project)
        for words in problems:
            wrong(words)

    def _show_of_project(self, entry: ListedImage) -> None:
        project = self._session.project
        assert project is not None, "entries of a project are listed while it is open"
        image = project.image(entry.name)
        show_image(self._session.viewer, project, image)
        choose_annotation(self._session.viewer, project, image)

    def _show_loose(self, entry: ListedImage) -> None:
        own = self._of(entry.key)
        if not own and entry.path is not None:
            made = [unwrapped(Layer.create(*layer_data)) for layer_data in read_image(entry.path, entry.name)]
            self._hide_others(entry)
            own = [unwrapped(self._session.viewer.add_layer(layer)) for layer in made]
        self._hide_others(entry)
        pictures = [layer for layer in own if open_layer(layer).role == IMAGE]
        for layer in pictures:
            layer.visible = True
        if pictures:
            self._session.viewer.layers.selection.active = pictures[-1]

    def _hide_others(self, entry: ListedImage) -> None:
        """Close the eyes of the other images; what belongs to them goes along."""
        for layer in self._session.viewer.layers:
            seen = open_layer(layer)
            if seen.role == IMAGE and seen.visible and seen.image != entry.key:
                layer.visible = False

    def _close_those_left_long_ago(self) -> None:
        for key in self._left[:-KEPT_OPEN]:
            layers = self._of(key)
            if all(map(self._comes_back, layers)):
                for layer in layers:
                    self._session.viewer.layers.remove(layer)
        self._left = self._left[-KEPT_OPEN:]

    def _comes_back(self, layer: Layer) -> bool:
        """True if a layer is made anew from files with nothing lost."""
        seen = open_layer(layer)
        if seen.role == IMAGE:
            return self._as_read.get(layer) is layer.data
        return seen.of_project and (seen.role in _PICTURES or is_stored(layer))

    def _of(self, key: ImageKey) -> list[Any]:
        return [unwrapped(layer) for layer in self._session.viewer.layers if open_layer(layer).image == key]
