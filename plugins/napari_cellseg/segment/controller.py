"""Decisions of the panel for segmenting: the next image, orders for the child, answers to its events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from cellseg.options import PredictOptions, Result
from cellseg.wording import time_left
from napari_cellseg.forms.words import quoted
from napari_cellseg.pixels.pyramid import UNCERTAINTY
from napari_cellseg.segment.command import predict_words
from napari_cellseg.segment.cut import Cut
from napari_cellseg.segment.inputs import Choices, Input, open_order

if TYPE_CHECKING:
    from napari_cellseg.children.service import Service
    from napari_cellseg.children.serving import Order
    from napari_cellseg.children.tasks import Tasks
    from napari_cellseg.segment.follow import FieldCells
    from napari_cellseg.segment.results import ResultLayers

WorkerEvent = dict[str, Any]
NO_IMAGE = "No image is ticked. Tick a layer, or add files."
NO_MODEL = "No model is chosen. Train one, or choose a run folder or a model file."
KEPT = "The cells that you corrected are kept, hidden, as {name}: cells (corrected)."
DIED = "The program that predicts has ended, perhaps for want of memory. Press Segment to go on."


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """Tools of a controller."""

    service: Service
    """The child that predicts."""
    field: FieldCells
    """The cells of what is seen."""
    tasks: Tasks
    make_layers: Callable[[Input, WorkerEvent, str], ResultLayers]
    """Layers for an image, from what the child said of it, and the model."""
    read_cells: Callable[[Path], tuple[Any, bool]]
    """Cells that the child numbered, and whether they are several levels."""
    smallest: Callable[[], int] = lambda: 0
    """Pixels that a cell has at least, as what is annotated says; 0 where nothing does."""


@dataclass(frozen=True, slots=True, eq=False)
class OpenImage:
    """An image that the child has opened."""

    order: Order
    """How it was asked for: its file, its axes."""
    choices: Choices
    told: WorkerEvent
    """What the child said of it."""

    def command(self, out: str, result: Result, cut: dict[str, Any]) -> list[str]:
        """`cellseg predict` that gives a result of it.

        Args:
            out: file that is written.
            result: kind of it.
            cut: options of the cells.
        """
        told, choices = self.told, self.choices
        network = {"average": choices.network.average, "tile": told["tile"], "precision": told["precision"]}
        options = PredictOptions(**network, **(cut if result == "instances" else {}), result=result)
        axes, channel = self.order["axes"], choices.channel
        return predict_words(choices.model, self.order["image"], out, options, axes=axes, channel=channel)


class SegmentController:
    """One image after another is predicted, and cut into cells as often as is wanted."""

    changed = Signal()
    """`busy`, `words` or `layers` is another."""
    progressed = Signal(int, int)
    """Tiles that are done, and all of them."""
    counted = Signal(str)
    """How many cells there are, for people."""
    tiled = Signal()
    """A tile has come: pictures may be read anew."""
    drawn = Signal()
    """All tiles so far are in the pictures."""
    applying = Signal()
    """The cells of the whole image are being numbered, as the cut is now."""
    warned = Signal(str)
    failed = Signal(str)
    said = Signal(str)
    saved = Signal()
    """A file is complete."""

    def __init__(self, cut: Cut, desk: Desk) -> None:
        self.cut, self._desk = cut, desk
        self.busy, self.words = False, ""
        self.layers: ResultLayers | None = None
        self.current: Input | None = None
        self.result: Result = "instances"
        self.with_uncertainty = False
        self._queue: list[Input] = []
        self._choices = Choices(model="")
        self._order: Order = {}
        """That by which the image in work was asked for."""
        self._smallest = 0
        self._opened: OpenImage | None = None
        self._heard: dict[str, Callable[[WorkerEvent], None]] = {
            "opened": self._on_opened,
            "picture": self._on_picture,
            "drawn": lambda _: self.drawn.emit(),
            "tile": self._on_tile,
            "predicted": self._on_predicted,
            "progress": self._on_progress,
            "cut": lambda told: self._desk.field.show(told),
            "applied": self._on_applied,
            "saved": self._on_saved,
            "cancelled": self._on_cancelled,
            "failed": self._on_order_failed,
        }
        desk.service.told.connect(self._on_told)
        desk.service.died.connect(self._on_worker_died)

    # what is wanted ---------------------------------------------------------------------------------------------

    def start(self, inputs: Sequence[Input], choices: Choices) -> None:
        """Predict images with a model."""
        if not inputs:
            self.warned.emit(NO_IMAGE)
        elif not choices.model:
            self.warned.emit(NO_MODEL)
        else:
            self._choices, self._queue = choices, list(inputs)
            self._open_next()

    def cancel(self) -> None:
        """Stop after this tile; what is done is kept."""
        self._queue.clear()
        self._desk.service.send({"do": "cancel"})
        self._show(self.busy, "stopping after this tile…")

    def apply(self) -> None:
        """Number the cells of the whole image."""
        if self.layers is not None:
            self._desk.field.rest()
            self.applying.emit()
            self._show(True, "numbering cells…")
            self._desk.service.send({"do": "apply", "options": self.cut.options})

    def apply_if_small(self) -> None:
        """The same where it takes a moment, and nothing else is going on."""
        if self.layers is not None and self.layers.small and not self.busy:
            self.apply()

    def save(self, path: Path) -> None:
        """Write the result of the whole image."""
        self._show(True, f"writing {path.name}…")
        self._desk.service.send(
            {"do": "save", "path": str(path), "options": {"result": self.result, **self.cut.of(self.result)}}
        )

    def save_by(self, write: Callable[[], None], path: Path) -> None:
        """Have cells written that are others than the child knows, such as corrected ones."""
        self._show(True, f"writing {path.name}…")
        self._desk.tasks.run(write, lambda _: self._on_saved({"path": str(path)}), self._on_task_failed)

    def show_uncertainty(self, wanted: bool) -> None:
        """Show or hide where the network is unsure."""
        self.with_uncertainty = wanted
        if self.layers is not None and not self.layers.show_uncertainty(wanted) and wanted:
            self._desk.service.send({"do": "show", "names": [UNCERTAINTY]})

    def command_words(self, out: str) -> list[str]:
        """The command that gives the present result."""
        assert self._opened is not None, "there is no result before an image is open"
        return self._opened.command(out, self.result, self.cut.options)

    @property
    def command(self) -> str:
        """The same as a line for a shell; empty before there is an image."""
        return quoted(self.command_words("cells.ome.tif")) if self._opened else ""

    # opening ----------------------------------------------------------------------------------------------------

    def _open_next(self) -> None:
        self.current = chosen = self._queue.pop(0)
        self._show(True, "getting the image and the model ready…")
        self._desk.tasks.run(partial(self._prepared, chosen), self._on_ready, self._on_task_failed)

    def _prepared(self, chosen: Input) -> tuple[Order, int]:
        """The order to open an image, and the least size of its cells."""
        return open_order(chosen, self._choices), self._desk.smallest()

    def _on_ready(self, ready: tuple[Order, int]) -> None:
        """The image is in a file."""
        self._order, self._smallest = ready
        self._desk.service.send(self._order)

    def _on_task_failed(self, words: str) -> None:
        self._show(False, "")
        self.failed.emit(words)

    # what the child tells ---------------------------------------------------------------------------------------

    def _on_told(self, told: WorkerEvent) -> None:
        answer = self._heard.get(told["event"])
        if answer is not None:
            answer(told)

    def _on_opened(self, told: WorkerEvent) -> None:
        self._opened = OpenImage(self._order, self._choices, told)
        layers, anew = self._layers_for(told)
        self.layers = layers
        self.cut.adapt(told, stack=bool(told["lead"]), anew=anew)
        if anew:
            self.cut.expect(self._smallest)
        self._desk.field.take(layers)
        self.progressed.emit(told["done"], told["total"])
        self.changed.emit()
        if self.with_uncertainty:
            self._desk.service.send({"do": "show", "names": [UNCERTAINTY]})
        self._desk.service.send({"do": "predict", "near": layers.field().centre})

    def _layers_for(self, told: WorkerEvent) -> tuple[ResultLayers, bool]:
        """Layers of the image that was opened, and whether they are others than before."""
        assert self.current is not None
        shape = (*told["lead"], told["height"], told["width"])
        before = self.layers
        if before is not None and (before.name, before.shape) == (self.current.name, shape):
            return before, False
        return self._desk.make_layers(self.current, told, self._choices.model), True

    def _on_picture(self, told: WorkerEvent) -> None:
        if self.layers is not None:
            self.layers.show_picture(told["name"], Path(told["folder"]), told["name"] == UNCERTAINTY)

    def _on_tile(self, told: WorkerEvent) -> None:
        self.progressed.emit(told["done"], told["total"])
        self._show(self.busy, f"{told['done']} of {told['total']} tiles, {time_left(told['seconds_left'])} left")
        self.tiled.emit()
        self._desk.field.follow(told)

    def _on_predicted(self, told: WorkerEvent) -> None:
        assert self.current is not None
        for note in told["notes"]:
            self.warned.emit(f"{self.current.name}: {note}")
        self.drawn.emit()
        self.apply()

    def _on_progress(self, told: WorkerEvent) -> None:
        self._show(self.busy, f"{told['stage']}: {told['done']} of {told['total']}")

    def _on_applied(self, told: WorkerEvent) -> None:
        if self.layers is None:
            return
        self._desk.field.forget()
        part = "" if told["complete"] else " in what is predicted so far"
        self.counted.emit(f"{told['cells']} cells{part}")
        read = partial(self._desk.read_cells, Path(told["folder"]))
        done = partial(self._on_cells_read, self.layers, Path(told["folder"]))
        self._desk.tasks.run(read, done, self._on_task_failed)

    def _on_cells_read(self, layers: ResultLayers, picture: Path, cells: tuple[Any, bool]) -> None:
        if layers.show_cells(*cells, picture):
            self.said.emit(KEPT.format(name=layers.name))
        if self._queue:
            self._open_next()
        else:
            self._show(False, "")

    def _on_saved(self, told: WorkerEvent) -> None:
        self._show(False, f"wrote {told['path']}")
        self.said.emit(f"wrote {told['path']}")
        self.saved.emit()

    def _on_cancelled(self, _told: WorkerEvent) -> None:
        self._show(False, "cancelled; what is done is kept, Segment goes on from there")

    def _on_order_failed(self, told: WorkerEvent) -> None:
        if told["order"] != "cut":
            self._queue.clear()
            self._show(False, "")
        self.failed.emit(told["message"])

    def _on_worker_died(self, words: str) -> None:
        """The child is gone: killed, or out of memory."""
        self._queue.clear()
        self._show(False, "the prediction stopped; Segment goes on with the tiles that are done")
        self.failed.emit(f"{DIED} It said: {words}" if words else DIED)

    def _show(self, busy: bool, words: str) -> None:
        self.busy, self.words = busy, words
        self.changed.emit()
