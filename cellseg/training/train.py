"""The training: from examples to a model, as an iterator of events."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from cellseg.errors import InputError
from cellseg.models.card import ModelCard
from cellseg.models.registry import build_for
from cellseg.models.trained import TrainedModel
from cellseg.options import TrainSettings
from cellseg.preprocess.augment import Example
from cellseg.steps import now_and_then
from cellseg.training.absent_classes import absent_classes, silence
from cellseg.training.best import LAST, better_of, check_continued, cut_as, keeps_last, metric_for, tie_of, values_of
from cellseg.training.cell_places import find_cells
from cellseg.training.class_names import class_names
from cellseg.training.data import TrainingSet
from cellseg.training.events import Compared, Event, Finished, Saved, Started, Stepped, Validated, Validating, Weighed
from cellseg.training.finetune import fitted, with_network
from cellseg.training.held_out_notes import notes_on_held_out
from cellseg.training.object_size import seen_diameter
from cellseg.training.old_options import LATER
from cellseg.training.rare import find_rare
from cellseg.training.sampler import Sampler
from cellseg.training.settling import empty_from, hold_of, settle
from cellseg.training.several import check_same, first_is_done, first_says, is_first, share_of, shared
from cellseg.training.state import Keeper, State, load_checkpoint, new_state
from cellseg.training.step import precision_of, rate_at, take_step
from cellseg.training.validate import Judged, judging
from cellseg.training.weight_maps import weigh

TELL_EVERY = 0.5
"""Seconds between two words on how far a validation is."""


@dataclass(frozen=True, slots=True)
class _Job:
    """Constants of a training while it runs."""

    data: TrainingSet
    settings: TrainSettings
    start: TrainedModel | None
    metric: str
    diameter: float

    @property
    def known(self) -> bool:
        """True if the statistics of normalisation layers are those of the model that is gone on from."""
        return self.start is not None and self.start.card.statistics == "fixed"

    @property
    def keeps_last(self) -> bool:
        """True if the last model is the one to keep."""
        return keeps_last(self.data, self.settings.train, self.metric)

    def is_over(self, state: State) -> bool:
        """True if all steps are done, or nothing became better for long enough."""
        options, best = self.settings.train, state.best
        waited = bool(options.patience) and best is not None and best.waited >= options.patience
        return first_says(state.step >= options.steps or waited)


def train_on(
    data: TrainingSet,
    settings: TrainSettings,
    *,
    start: TrainedModel | None = None,
    checkpoint: Path | None = None,
    weight_maps: Path | None = None,
    resume: bool = False,
) -> Generator[Event]:
    """Train on data that was read already.

    Args:
        data: what is learnt from.
        settings: of the training.
        start: a trained model to go on from; its network is taken.
        checkpoint: file for the state, written every `save_every` seconds.
        weight_maps: folder in which weight maps are kept for the next time.
        resume: go on from `checkpoint`, to the same bits on a processor.

    Yields events; the last is `Finished` with the model.
    """
    if start is not None:
        data, settings = fitted(data, start.card), with_network(settings, start.card)
    job = _Job(data, settings, start, metric_for(data, settings.train), seen_diameter(data, settings))
    torch.manual_seed(settings.train.seed)
    network = make_network(data, settings) if start is None else copy.deepcopy(start.network)
    state, digest, told = new_state(network, settings.train), run_digest(data, settings, start), ""
    check_same(digest)
    if resume and checkpoint is not None:
        told = load_checkpoint(state, checkpoint, digest)
        check_continued(state.best, data, job.metric)
    state.shared = shared(state.network)
    size = sample_size(data, settings, network.geometry)
    count = sum(p.numel() for p in network.parameters())
    notes = (*filter(None, [told]), *notes_on_held_out(data, settings.train))
    yield Started(state.step, settings.train.steps, len(data.training), len(data.held), *size, count, notes)
    examples = yield from _examples(data, settings, weight_maps)
    before: dict[str, float] = {}
    if start is not None and is_first():
        before = (yield from _judged(start, data, False, state.step)).scores
    if before:
        yield Compared(before)
    keep = Keeper(state, checkpoint if is_first() else None, digest, settings.train.save_every)
    try:
        sampler = make_sampler(examples, data, settings, size, empty_from(settings.train, known=job.known))
        yield from _run(state, job, sampler, keep)
    except (GeneratorExit, InputError):  # the caller stopped, or the loss blew up before it could do harm
        deque(keep.save(), maxlen=0)
        raise
    if is_first():
        yield (yield from _finish(state, job, before))


def make_network(data: TrainingSet, settings: TrainSettings) -> Any:
    """The network that the settings and the data ask for, with random weights."""
    network = build_for(settings.network, len(data.training[0].image), data.classes)[0]
    silence(network, absent_classes(data.counts, data.classes))
    return network


def sample_size(data: TrainingSet, settings: TrainSettings, geometry: Any) -> tuple[int, int]:
    """Sides of a sample's input and of its labelled part: no larger than the largest image needs."""
    largest = max(max(image.truth.classes.shape) for image in data.training)
    size: int = geometry.input_size(min(settings.train.tile, largest))
    return size, geometry.output_size(size)


def make_sampler(
    examples: tuple[Example, ...],
    data: TrainingSet,
    settings: TrainSettings,
    size: tuple[int, int],
    empty_from: int = 0,
) -> Sampler:
    """Sampler of the training; from a step on some samples are empty where the settings say so."""
    options = settings.train
    share = share_of(options.batch)
    return Sampler(
        examples,
        settings.augment,
        options.seed,
        len(share),
        *size,
        replayed=data.replayed,
        replay_share=options.replay_share,
        rare=find_rare(examples, data.counts) if options.rare else None,
        rare_share=options.rare,
        first=share.start,
        cells=find_cells([image.truth for image in data.training]) if options.around_cells else None,
        cells_share=options.around_cells,
        empty_from=empty_from,
    )


def run_digest(data: TrainingSet, settings: TrainSettings, start: TrainedModel | None = None) -> str:
    """Hash of the data, of the model that is gone on from, and of all options that change the result."""
    tree = asdict(settings)
    for name in ("save_every", "threads", "class_names"):
        del tree["train"][name]
    if data.classes == 2 and settings.weights.separate is None:
        del tree["weights"]["separate"]  # targets are those of versions without the option
    tree["train"]["hold"] = hold_of(settings.train)
    for stage, values in LATER.items():
        tree[stage] = {name: x for name, x in tree[stage].items() if name not in values or x != values[name]}
    for name in ("background_label", "trust_pairs"):
        del tree["labels"][name]  # what they change is in the digest of the data
    sets = (len(data.training), data.replayed, len(data.validation), len(data.old_validation))
    model = start.digest if start else ""
    return hashlib.sha256(f"{data.digest} {sets} {model} {json.dumps(tree, sort_keys=True)}".encode()).hexdigest()


def _examples(
    data: TrainingSet, settings: TrainSettings, folder: Path | None
) -> Generator[Weighed, None, tuple[Example, ...]]:
    """Examples to draw samples from; of several processes the first makes the weight maps, and the others read them."""
    if not is_first():
        first_is_done()
        folder = folder if folder is not None and folder.is_dir() else None
    examples = yield from weigh(data, settings.weights, folder, settings.train.threads)
    if is_first():
        first_is_done()
    return examples


def _run(
    state: State, job: _Job, sampler: Sampler, keep: Keeper
) -> Generator[Stepped | Validating | Validated | Saved]:
    """Steps, validations and checkpoints until the training is over."""
    yield from _validation(state, job)  # one that was stopped between a step and its validation
    if job.is_over(state):
        return
    for event in _steps(state, sampler, job):
        yield event
        yield from _validation(state, job)
        over = job.is_over(state)
        if keep.due() or over:
            yield from keep.save()
        if over:
            return


def _steps(state: State, sampler: Sampler, job: _Job) -> Iterator[Stepped]:
    options, precision = job.settings.train, precision_of(job.settings.train)
    state.network.train()
    for batch in sampler.batches(state.step, options.steps):
        began, rate = time.perf_counter(), rate_at(state.step, options)
        settle(state.network, state.step, options, known=job.known)
        loss = take_step(state, batch, options, precision)
        yield Stepped(state.step, options.steps, loss, rate, time.perf_counter() - began)


def _validation(state: State, job: _Job) -> Iterator[Validating | Validated]:
    """Validate where this step's turn has come and it was not done.

    Where nothing is held out it has no scores, and its model is the one to keep, so that there is one to use on the
    way; after the last step `Finished` has it.
    """
    options = job.settings.train
    last_step = state.step == options.steps
    due = state.step % options.validate_every == 0 or last_step
    done = state.validated == state.step or (last_step and not job.data.held)
    if not due or done or not is_first():
        return
    judged = yield from _judged(_model(state, job), job.data, True, state.step)
    last = job.keeps_last
    if job.data.validation and job.metric != LAST:
        values = values_of(judged.scores, job.metric)
        tie = tie_of(job.data, job.settings.train, job.metric)
        state.best = better_of(state.best, judged.model, state.step, values, job.metric, keep=not last, tie=tie)
    state.validated = state.step
    kept = last or state.best is None or state.best.step == state.step
    yield Validated(state.step, judged.scores, judged.model, kept, judged.seen)


def _model(state: State, job: _Job) -> TrainedModel:
    data, settings, start = job.data, job.settings, job.start
    network = copy.deepcopy(state.averaged).eval()
    origin = {} if start is None else {"from": start.digest}
    card = ModelCard(
        name=settings.network.model,
        options=asdict(network.options),
        class_names=class_names(settings.train.class_names, data.classes, None if start is None else start.card),
        labels_are="classes" if data.classes > 2 else "instances",
        diameter=round(job.diameter, 2),
        scale=data.scale,
        grey_values=settings.train.grey_values,
        statistics=settings.train.statistics,
        training={"recipe": settings.train.recipe, "steps": state.step, "data": data.digest, **origin},
    )
    return TrainedModel(network, card)


def _judged(model: TrainedModel, data: TrainingSet, cut: bool, step: int) -> Generator[Validating, None, Judged]:
    return (yield from now_and_then(judging(model, data, cut, step), TELL_EVERY))


def _finish(state: State, job: _Job, before: dict[str, float]) -> Generator[Validating, None, Finished]:
    model, best = _model(state, job), state.best
    chosen, by = state.step, LAST
    if best is not None and best.weights and not job.keeps_last:
        model.network.load_state_dict(best.weights)
        told = {**model.card.training, "steps": best.step, "best_by": job.metric}
        model = TrainedModel(model.network, replace(cut_as(model.card, best), training=told))
        chosen, by = best.step, job.metric
    judged = yield from _judged(model, job.data, by == LAST, chosen)
    return Finished(state.step, judged.scores, judged.model, chosen, by, judged.images, judged.seen, before)
