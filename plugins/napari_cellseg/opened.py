"""Images that are open, with the annotation and the results of each, and which of them is in hand. Knows no window.

The rules: of a project one image is seen at a time. An image brings its annotation and its results along, and takes
them away again. What is in hand belongs to an image that is seen, so that no stroke goes into the annotation of another
one. An annotation alone may be hidden for a look at what lies beneath.

Every method takes the layers as they are, the topmost last, and says which eyes are to be opened (True) or closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

IMAGE, ANNOTATION, RESULT = "image", "annotation", "instances"
PASSING = "preview"
"""Role of what is shown for a moment and is not brought back."""

ImageKey = tuple[str, str]
"""Folder of the project, empty without one, and name of the image."""
Eyes = dict[int, bool]
"""Layers that are to be shown (True) or hidden, by their numbers."""


@dataclass(frozen=True, slots=True)
class OpenLayer:
    """A layer as the rules see it."""

    number: int
    """Unique among those that are open."""
    role: str
    image: ImageKey | None
    """Image that it is, or that it belongs to; None where that is not known."""
    visible: bool

    @property
    def of_project(self) -> bool:
        return self.image is not None and self.image[0] != ""


Layers = Sequence[OpenLayer]


@dataclass(slots=True)
class OpenImages:
    """Memory of the images of a viewer: the layers that come back with their image."""

    _coming_back: set[int] = field(default_factory=set)

    def added(self, layers: Layers, number: int) -> Eyes:
        """A layer was added. An image or annotation that is shown takes the place of the image before; a result of an
        image that is not seen waits for it."""
        layer = _numbered(layers, number)
        if layer is None or not layer.visible or not layer.of_project:
            return {}
        if layer.role in (IMAGE, ANNOTATION):
            return self._show(layers, layer)
        if is_seen(layers, layer.image):
            return {}
        self._remember([layer])
        return {number: False}

    def opened_eye(self, layers: Layers, number: int) -> Eyes:
        """Somebody opened the eye of a layer: its image is seen from now on."""
        layer = _numbered(layers, number)
        return {} if layer is None or layer.image is None else self._show(layers, layer)

    def closed_eye(self, layers: Layers, number: int) -> Eyes:
        """Somebody closed the eye of a layer: if that was its image, all of that goes."""
        layer = _numbered(layers, number)
        if layer is None or layer.image is None or layer.role != IMAGE or is_seen(layers, layer.image):
            return {}
        return self._hide(_of(layers, layer.image))

    def selected(self, layers: Layers, number: int) -> Eyes:
        """Somebody selected a layer: what is painted on, or anything of a project, comes with its image."""
        layer = _numbered(layers, number)
        if layer is None or layer.image is None or is_seen(layers, layer.image):
            return {}
        return self._show(layers, layer) if layer.of_project or layer.role in (ANNOTATION, RESULT) else {}

    def _show(self, layers: Layers, wanted: OpenLayer) -> Eyes:
        """Show the image of a layer, and hide the others of its project."""
        assert wanted.image is not None
        others = [layer for layer in layers if layer.of_project and _is_another(layer, wanted)]
        own = _of(layers, wanted.image)
        eyes = self._hide(others) if wanted.of_project else {}
        begins = not any(layer.visible for layer in own if layer is not wanted)  # else it is seen already
        shown = {wanted.number, *(self._coming_along(own) if begins else ())}
        if not is_seen(layers, wanted.image):
            shown |= self._pictures(own)
        self._coming_back.difference_update(layer.number for layer in own)
        return eyes | {layer.number: True for layer in own if layer.number in shown and not layer.visible}

    def _coming_along(self, own: Layers) -> set[int]:
        """Layers that are shown with their image: itself, its annotation, and what was seen when it went."""
        annotations = {layer.number for layer in own if layer.role == ANNOTATION}
        others = {layer.number for layer in own if layer.role != IMAGE} & self._coming_back
        return self._pictures(own) | annotations | others

    def _pictures(self, own: Layers) -> set[int]:
        """Channels of an image that were seen when it went, else all."""
        pictures = {layer.number for layer in own if layer.role == IMAGE}
        return pictures & self._coming_back or pictures

    def _hide(self, layers: Iterable[OpenLayer]) -> Eyes:
        seen = [layer for layer in layers if layer.visible]
        self._remember(seen)
        return {layer.number: False for layer in seen}

    def _remember(self, layers: Iterable[OpenLayer]) -> None:
        self._coming_back.update(layer.number for layer in layers if layer.role != PASSING)


def is_seen(layers: Layers, image: ImageKey | None) -> bool:
    """True if an image is seen; of one whose file is gone, anything of it."""
    own = [layer for layer in layers if image is not None and layer.image == image]
    pictures = [layer for layer in own if layer.role == IMAGE] or own
    return any(layer.visible for layer in pictures)


def annotation_in_hand(layers: Layers, active: int | None, before: int | None) -> int | None:
    """The annotation that is in hand: the selected one, that of the selected image, the one before, the topmost.

    Args:
        layers: that are open.
        active: the selected one.
        before: what was in hand so far.
    """
    return _in_hand(layers, ANNOTATION, active, before)


def result_in_hand(layers: Layers, active: int | None, before: int | None) -> int | None:
    """The cells that are in hand: the selected ones, those of the selected image, those before, the topmost."""
    return _in_hand(layers, RESULT, active, before)


def painted_on(layers: Layers, active: int | None, before: int | None) -> int | None:
    """The layer of brush and keys: a result only when it was selected, else an annotation."""
    results = {layer.number for layer in layers if layer.role == RESULT and _can_be_in_hand(layers, layer)}
    if active in results:
        return active
    chosen = annotation_in_hand(layers, active, before)
    selected = None if active is None else _numbered(layers, active)
    if before in results and (selected is None or selected.role != ANNOTATION):
        same = selected is None or selected.image in (None, _image_of(layers, before))
        return before if same else chosen
    return chosen


def reasons_to_stay(training: str, unsaved: Sequence[str]) -> list[str]:
    """Sentences on what is lost or interrupted when the window is closed.

    Args:
        training: how far one is that runs; empty where none does.
        unsaved: names of layers with cells that are in no project and in no file.
    """
    names = ", ".join(unsaved)
    running = f"A training is running ({training}). It stops; what it has learnt is kept, and it can be continued."
    lost = f"Not saved, and in no project: {names}. Save them on the tab Segment, or under Import and export."
    return [*([running] if training else []), *([lost] if unsaved else [])]


def instead_of(layers: Layers, active: int | None) -> int | None:
    """Layer to select where the selected one belongs to an image of a project that is not seen; else None."""
    layer = None if active is None else _numbered(layers, active)
    if layer is None or not layer.of_project or is_seen(layers, layer.image):
        return None
    assert layer.image is not None
    mine = [other for other in layers if other.of_project and other.image and other.image[0] == layer.image[0]]
    seen = [other for other in mine if is_seen(layers, other.image)]
    best_first = sorted(seen, key=lambda other: (other.role != ANNOTATION, other.role != IMAGE))
    return best_first[0].number if best_first else None


def _in_hand(layers: Layers, role: str, active: int | None, before: int | None) -> int | None:
    found = [layer for layer in layers if layer.role == role and _can_be_in_hand(layers, layer)]
    image = _image_of(layers, active)
    rules: tuple[Callable[[OpenLayer], bool], ...] = (
        lambda layer: layer.number == active,
        lambda layer: image is not None and layer.image == image and layer.visible,
        lambda layer: image is not None and layer.image == image,
        lambda layer: layer.number == before,
        lambda layer: layer.visible,
        lambda layer: True,
    )
    return next((layer.number for rule in rules for layer in reversed(found) if rule(layer)), None)


def _can_be_in_hand(layers: Layers, layer: OpenLayer) -> bool:
    return layer.image is None or is_seen(layers, layer.image)


def _image_of(layers: Layers, number: int | None) -> ImageKey | None:
    layer = None if number is None else _numbered(layers, number)
    return None if layer is None else layer.image


def _of(layers: Layers, image: ImageKey) -> list[OpenLayer]:
    return [layer for layer in layers if layer.image == image]


def _is_another(layer: OpenLayer, wanted: OpenLayer) -> bool:
    """True if a layer belongs to another image of the same project."""
    assert layer.image is not None
    assert wanted.image is not None
    return layer.image[0] == wanted.image[0] and layer.image != wanted.image


def _numbered(layers: Layers, number: int) -> OpenLayer | None:
    return next((layer for layer in layers if layer.number == number), None)
