"""The next place worth annotating: found, brought into the field and framed, in any image of the project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject

import cellseg
from napari_cellseg.annotate.box import PlaneBox
from napari_cellseg.annotate.in_hand import InHand
from napari_cellseg.annotate.marks import Marks
from napari_cellseg.annotate.places import FoundPlace, Places, SeenGround, image_of, prediction_of
from napari_cellseg.annotation import is_result, notes_on
from napari_cellseg.children.tasks import Tasks
from napari_cellseg.napari_private import unwrapped
from napari_cellseg.project.layers import choose_annotation, show_image
from napari_cellseg.project.notes import image_of_layer
from napari_cellseg.session import Session

if TYPE_CHECKING:
    from napari.layers import Layer

    from napari_cellseg.annotate.suggest import Suggestion


class NextPlace:
    """Leads from place to place."""

    def __init__(
        self, session: Session, hand: InHand, marks: Marks, look_at: Callable[[int, PlaneBox], None], parent: QObject
    ) -> None:
        """`look_at` brings a window of a plane into the field; the search runs as long as `parent` is there."""
        self._session, self._hand, self._marks, self._look_at = session, hand, marks, look_at
        self._places = Places(parent, Tasks(parent))
        self._waiting: FoundPlace | None = None
        """Place in an image that is about to be seen."""
        hand.target_changed.connect(self._on_target)

    def go(self, layers: Sequence[Layer]) -> None:
        """Look for a place among the images of the layers and of the project, and show it.

        Raises:
            InputError: no annotation is in hand, or it has no image.
        """
        target = self._hand.need()
        if is_result(target.layer):
            raise cellseg.InputError("places are sought in an annotation", "Choose the layer of the annotation.")
        ground = SeenGround(target, image_of([*layers], target), prediction_of([*layers], target))
        project = self._session.project
        of_project = project is not None and image_of_layer(target.layer, project) is not None
        self._places.find(ground, project if of_project else None, self._show)
        self._hand.say("Looking for a place ...")

    def stop(self) -> None:
        """Seek no longer."""
        self._places.stop()

    def _show(self, place: FoundPlace | None) -> None:
        project = self._session.project
        if place is None:
            self._hand.say("Everything is annotated or was shown.")
        elif not place.image or project is None:
            self._frame(place.window)
        else:
            viewer = unwrapped(self._session.viewer)
            self._waiting, image = place, project.image(place.image)
            show_image(viewer, project, image)
            choose_annotation(viewer, project, image)
            self._on_target()

    def _on_target(self) -> None:
        """Show a place as soon as its image is in hand."""
        place, target = self._waiting, self._hand.target
        if place is not None and target is not None and notes_on(target.layer).get("image") == place.image:
            self._waiting = None
            self._frame(place.window)

    def _frame(self, window: Suggestion) -> None:
        if self._hand.put_off(lambda: self._frame(window)):
            return
        self._marks.frame(self._hand.need().layer, window.box)
        self._look_at(window.plane, window.box)
        self._hand.say("Annotate what you see in the frame; W goes on.")
