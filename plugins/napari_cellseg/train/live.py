"""The live loop: after each correction the network goes on learning, and shows the cells of what is seen."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

import cellseg
from napari_cellseg.annotation import is_annotation
from napari_cellseg.children.service import Service
from napari_cellseg.children.thread import WorkThread
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.pixels.channels import channels_of
from napari_cellseg.pixels.layer_files import whole_of
from napari_cellseg.pixels.pyramid import IN_MEMORY
from napari_cellseg.project.notes import image_of_layer
from napari_cellseg.train.field import PlaneRegion
from napari_cellseg.train.live_cells import show_live_cells
from napari_cellseg.train.preview import part_of, write_part
from napari_cellseg.widgets import later

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_cellseg.session import Session

_WORKER = "napari_cellseg.train.live_worker"
REST_MS = 700
"""Time after a stroke before its round begins: more may follow."""
ROUNDS = 8
"""Rounds after the last correction; then what there is to learn is learnt."""
NEW = {"recipe": "quick", "steps": 30, "validation": 0, "best_by": "last", "save_every": 0}
ON = {**NEW, "steps": 20, "rate": 1e-3}
"""Options of the first round of a new network, and of every other one."""
NO_IMAGE = "The image that is seen is in no project. Show one of the project."
TOO_LARGE = "The image is too large to show its cells as you annotate. Train, then segment it."


@dataclass(slots=True)
class Rounds:
    """Rounds that are due. Knows no window."""

    left: int = 0
    under_way: bool = False

    def corrected(self) -> None:
        """Something new is to be learnt."""
        self.left = ROUNDS

    def begin(self) -> bool:
        """Begin a round, if one is due and none is under way."""
        begins = self.left > 0 and not self.under_way
        if begins:
            self.left, self.under_way = self.left - 1, True
        return begins

    def ended(self, *, well: bool) -> None:
        """One ended; after one that failed no other is due before something changes."""
        self.under_way = False
        if not well:
            self.left = 0


@dataclass(slots=True)
class LiveOptions:
    """Options of the rounds."""

    new: dict[str, Any] = field(default_factory=lambda: dict(NEW))
    on: dict[str, Any] = field(default_factory=lambda: dict(ON))
    start: Callable[[], str] = str
    """Gives the model to begin with; empty: a new network."""
    free: Callable[[], bool] = lambda: True
    """Whether no other training takes the processor."""


class LiveLoop(QObject):
    """Sends rounds to a warm child, one at a time, and shows the cells that it finds."""

    said = Signal(str)
    """State of the loop, for people; empty when it is off."""

    def __init__(self, session: Session, options: LiveOptions) -> None:
        super().__init__()
        self.options, self.on, self.model = options, False, ""
        """Whether it is on; the model of the last round, empty before there is one."""
        self._session, self._rounds, self._number = session, Rounds(), 0
        self._writer = WorkThread(self)
        self._service = Service(_WORKER)
        self._service.told.connect(self._on_told)
        self._service.died.connect(lambda _: self._end("The loop ended unexpectedly. Switch it on again.", well=False))
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._where: tuple[Image, PlaneRegion] | None = None
        self._soon = later(self, REST_MS, self._go_on)
        session.signals.annotation_changed.connect(self._on_annotation_changed)

    def turn(self, on: bool) -> None:
        """Switch it on or off; switched off, the model that it made is in use."""
        self.on = on
        if on:
            self._rounds = Rounds()
            self._rounds.corrected()
            self._go_on()
            return
        self._service.close()
        self.said.emit("")
        if self.model:
            self._session.use_model(self.model)

    def close(self) -> None:
        """End the child; for windows that close."""
        self.on = False
        self._session.signals.annotation_changed.disconnect(self._on_annotation_changed, missing_ok=True)
        self._writer.close()
        self._service.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _on_annotation_changed(self, layer: Any) -> None:
        if self.on and is_annotation(unwrapped(layer)):
            self._rounds.corrected()
            self._soon.start()

    def _go_on(self) -> None:
        """Begin the next round, if it is due and the processor is free."""
        if not self.on or not self.options.free():
            return
        if self._rounds.begin():
            try:
                self._begin()
            except cellseg.InputError as error:
                self._end(str(error), well=False)

    def _begin(self) -> None:
        project, image = self._session.project, unwrapped(self._session.image())
        if project is None or image is None or image_of_layer(image, project) is None:
            raise cellseg.InputError(NO_IMAGE)
        if math.prod(whole_of(image).shape) > IN_MEMORY:
            raise cellseg.InputError(TOO_LARGE)
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="cellseg-live-", ignore_cleanup_errors=True)
        part = part_of(image, self._session.viewer.dims.point)
        self._where = (image, part)
        shown = [whole_of(layer) for layer in channels_of(map(unwrapped, self._session.viewer.layers), image)]
        self._number = number = self._number + 1
        write = partial(write_part, shown, part, bool(image.rgb), Path(self._folder.name) / "field.npy")
        self._writer.do(write, lambda job: self._on_written(number, str(job.exception() or "")))
        self.said.emit("Learning ...")

    def _on_written(self, number: int, error: str) -> None:
        """Have the child learn; the field is in its file."""
        if not self.on or number != self._number or self._session.project is None or self._folder is None:
            return  # it was switched off meanwhile, and perhaps on again
        if error:
            self._end(f"the image cannot be read ({error})", well=False)
            return
        folder, place = Path(self._folder.name), self._session.project.path
        files = {"image": str(folder / "field.npy"), "out": str(folder / "cells.npy"), "plane": self._plane()}
        options = {"new": self.options.new, "on": self.options.on, "start": self.options.start()}
        self._service.send({"do": "learn", "project": str(place), "folder": str(place / "live"), **files, **options})

    def _plane(self) -> int:
        """Number of the plane that is seen, counted through."""
        if self._where is None:
            return 0
        image, part = self._where
        lead = whole_of(image).shape[: len(part.plane)]
        return int(np.ravel_multi_index(part.plane, lead)) if lead else 0

    def _on_told(self, event: dict[str, Any]) -> None:
        if event["event"] == "failed":
            self._end(event["message"], well=False)
        elif event["event"] == "learnt" and self._where is not None and self._session.project is not None:
            self.model = str(self._session.project.path / "live" / "model.safetensors")
            show_live_cells(unwrapped(self._session.viewer), *self._where, Path(event["file"]))
            self._end(f"{event['steps']:,} steps; {event['cells']:,} cells in what is seen. T takes them.", well=True)

    def _end(self, words: str, *, well: bool) -> None:
        self._rounds.ended(well=well)
        if self.on:
            self.said.emit(words)
            self._go_on()
