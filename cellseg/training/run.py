"""The life of a run: begun or gone on with, controlled, recorded, followed; one iterator of events."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellseg.labels.annotated import find_annotated_pairs
from cellseg.labels.arrays_or_paths import Given
from cellseg.locks import sole_writer
from cellseg.models.trained import TrainedModel
from cellseg.options import DataOptions, TrainSettings
from cellseg.training.admission import TrainingPairs
from cellseg.training.begin import RunRequest, prepare
from cellseg.training.control import Control
from cellseg.training.data import TrainingSet, further_pairs
from cellseg.training.events import ControlEvent, Event, Finished, Stepped, Stopped, Validated
from cellseg.training.pace import Pace, timed
from cellseg.training.run_folder import CURVES, RunFolder, read_metrics, record
from cellseg.training.several import any_wishes, size
from cellseg.training.torchrun import first_says, is_follower
from cellseg.training.train import train_on


def never() -> bool:
    """Nobody asks to stop."""
    return False


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRun:
    """A training that was begun: what it learns from, how, and where it is recorded.

    Attributes:
        data: what is learnt from and held out.
        settings: all options.
        start: the model that is gone on from.
        folder: where it is recorded; None: nowhere.
        notes: sentences for people on what is other than asked for.
        pace: times of its steps.
    """

    data: TrainingSet
    settings: TrainSettings
    start: TrainedModel | None
    folder: RunFolder | None
    notes: tuple[str, ...]
    pace: Pace

    def events(self, asked: Callable[[], bool] = never) -> Generator[Event]:
        """Train to the end, or until it is stopped, by `asked` or by a word in the control file.

        Yields the events, each after it was recorded; the last is `Finished`, or `Stopped`. Where others train, too,
        only the first process records, validates and finishes. Raises InputError where another program writes the
        folder.
        """
        with self._alone():
            yield from self._obeying(asked)

    def _alone(self) -> AbstractContextManager[None]:
        """The right to write the folder; processes that train together have it by their first."""
        if self.folder is None or is_follower():
            return nullcontext()
        return sole_writer(self.folder.checkpoint)

    def _obeying(self, asked: Callable[[], bool]) -> Generator[Event]:
        """The events, until the training ends or somebody wants it to."""
        control = _control_of(self.folder, asked)
        training = timed(self._recorded(), self.pace)
        with closing(training):  # the checkpoint is written whatever ends it, such as a broken pipe
            for event in training:
                yield event
                yield from _obeyed(control)
                if _ends(event, control.ends if control else asked):
                    training.close()
                    yield Stopped(None if self.folder is None else self.folder.path)
                    return

    def _recorded(self) -> Generator[Event]:
        """The events of the training; the first process writes them down."""
        if self.folder is None:
            return train_on(self.data, self.settings, start=self.start)
        folder = self.folder
        events = train_on(
            self.data,
            self.settings,
            start=self.start,
            checkpoint=folder.checkpoint,
            weight_maps=folder.weight_maps,
            resume=first_says(folder.checkpoint.exists),
        )
        if is_follower():
            return events
        return _drawn(record(events, folder, self.data, self.settings.train.steps), folder)


def begin(request: RunRequest, *, dry: bool = False) -> TrainingRun:
    """Read what a run needs and open its folder; `dry`: do not, for its plan alone.

    Raises InputError as `prepare`.
    """
    ready, folder = prepare(request, dry=dry)
    return TrainingRun(ready.data, ready.settings, ready.start, folder, ready.notes, Pace(ready.settings.train))


def train(
    images: Given,
    labels: Given,
    *,
    where: DataOptions = DataOptions(),
    annotated: Given | None = None,
    start: str | Path | TrainedModel | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    **options: Any,
) -> Generator[Event]:
    """Train a network on pairs of images and labels.

    Args:
        images: multi-page TIFF, folder or glob, or several of these; or a sequence of the Cell Tracking Challenge; or
            an array (H, W) or (Z, H, W), or several of these. Other axes are named: where=DataOptions(axes="YXS").
        labels: the same for the labels; files are matched by page or name, arrays by their order.
        where: further images, to validate on and of an earlier training.
        annotated: masks, matched like labels: nonzero where somebody annotated; the rest is ignored.
        start: a trained model to go on from; its network is taken.
        out: the run folder, which must not exist yet but to resume; without it nothing is written.
        resume: go on with the training of `out`, to the same bits on a processor; from the start where none is there.
            Options that are not given are the run's; those that are must be the same.
        options: fields of the option dataclasses; they take precedence over the `recipe`: "fast" (the default),
            "quick", "paper", or "finetune" (the default with `start`).

    Yields:
        Events; the last is `Finished` with the model, or `Stopped` where the run's control file said so.

    Raises, before the first step:
        InputError: wrong input or options.
        TypeError: images or labels that are neither paths nor arrays.
    """
    where, pairs = _where(images, labels, annotated, where)
    given = {name: value for name, value in options.items() if value not in (None, "")}
    request = RunRequest(where, given, start, None if out is None else Path(out), resume, pairs)
    yield from begin(request).events()


def _where(
    images: Given, labels: Given, annotated: Given | None, where: DataOptions
) -> tuple[DataOptions, TrainingPairs | None]:
    """Files that one path names stay paths, which a run folder keeps; arrays and lists are opened as pairs."""
    named = {"images": images, "labels": labels, "annotated": where.annotated if annotated is None else annotated}
    if all(isinstance(given, str | Path | None) for given in named.values()) and images is not None:
        return replace(where, **{name: None if given is None else str(given) for name, given in named.items()}), None
    new = find_annotated_pairs(images, labels, named["annotated"], axes=where.axes, scene=where.scene)
    return where, TrainingPairs(new, *further_pairs(where))


def _control_of(folder: RunFolder | None, asked: Callable[[], bool]) -> Control | None:
    """The control file, to which only the first process looks."""
    if folder is None or is_follower():
        return None
    control = Control(folder.control, asked)
    control.forget()
    return control


def _obeyed(control: Control | None) -> Iterator[ControlEvent]:
    return iter(()) if control is None else control.obey()


def _ends(event: Event, wish: Callable[[], bool]) -> bool:
    """True if the training is stopped here; several processes agree on it, after a step."""
    if size() > 1:
        return isinstance(event, Stepped) and any_wishes(wish())
    return wish() and not isinstance(event, Finished)


def _drawn(events: Generator[Event], run: RunFolder) -> Generator[Event]:
    """Pass events on, drawing the curves anew where a validation or the end brought something new."""
    from cellseg.training.curves import draw_curves

    drawn: list[dict[str, Any]] | None = None
    with closing(events):
        for event in events:
            if isinstance(event, Validated | Finished) and (rows := read_metrics(run)) != drawn:
                draw_curves(rows, run.path / CURVES)
                drawn = rows
            yield event
