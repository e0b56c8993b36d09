"""The training: from examples to a model, as an iterator of events."""

from __future__ import annotations

import copy
import hashlib
import json
import time
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from cellseg.errors import InputError
from cellseg.images.annotated import find_annotated_pairs
from cellseg.models.card import ModelCard
from cellseg.models.registry import build
from cellseg.models.trained import TrainedModel
from cellseg.options import TrainSettings
from cellseg.training.data import TrainingSet, read_training_set
from cellseg.training.events import Event, Finished, Started, Stepped, Validated
from cellseg.training.recipes import settings_for
from cellseg.training.sampler import Sampler
from cellseg.training.state import Keeper, State, load_checkpoint, new_state
from cellseg.training.step import precision_of, rate_at, take_step
from cellseg.training.validate import choose_cut, validate
from cellseg.training.weight_maps import weigh

CHOOSING = 4  # training images on which the threshold is chosen


def train(
    images: str | Path,
    labels: str | Path,
    *,
    annotated: str | Path | None = None,
    recipe: str = "fast",
    checkpoint: Path | None = None,
    weight_maps: Path | None = None,
    resume: bool = False,
    **options: Any,
) -> Generator[Event]:
    """Train a network on pairs of images and labels.

    Args:
        images: multi-page TIFF, folder or glob; or a sequence of the Cell Tracking Challenge.
        labels: the same for the labels; matched by page or name.
        annotated: masks, matched like labels: nonzero where somebody annotated; the rest is ignored.
        recipe: "fast" or "paper"; `options` are fields of the option dataclasses and go before it.
        checkpoint: file for the state, written every `save_every` seconds.
        weight_maps: folder in which weight maps are kept for the next time.
        resume: go on from `checkpoint`, to the same bits on a processor.

    Yields:
        Events; the last is `Finished` with the model.

    Raises InputError for wrong input or options, before the first step.
    """
    settings = settings_for(recipe, **options)
    pairs = find_annotated_pairs(images, labels, annotated)
    data = read_training_set(pairs, settings.labels, settings.train.validation)
    yield from train_on(data, settings, checkpoint=checkpoint, weight_maps=weight_maps, resume=resume)


def train_on(
    data: TrainingSet,
    settings: TrainSettings,
    *,
    checkpoint: Path | None = None,
    weight_maps: Path | None = None,
    resume: bool = False,
) -> Generator[Event]:
    """Train on data that was read already; else as `train`."""
    options = settings.train
    torch.manual_seed(options.seed)
    network = make_network(data, settings)
    state, digest = new_state(network, options), run_digest(data, settings)
    if resume and checkpoint is not None:
        load_checkpoint(state, checkpoint, digest)
    size = sample_size(data, settings, network.geometry)
    count = sum(p.numel() for p in network.parameters())
    held = len(data.validation)
    yield Started(state.step, options.steps, len(data.training), held, *size, count)
    examples = yield from weigh(data, settings.weights, weight_maps, options.threads)
    sampler = Sampler(examples, settings.augment, options.seed, options.batch, *size)
    keep = Keeper(state, checkpoint, digest, options.save_every)
    try:
        for event in _steps(state, sampler, settings):
            yield event
            if held and (state.step % options.validate_every == 0 or state.step == options.steps):
                model = _model(state, data, settings)
                yield Validated(state.step, validate(model, data.validation), model)
            if keep.due() or state.step == options.steps:
                yield from keep.save()
    except (GeneratorExit, InputError):  # the caller stopped, or the loss blew up before it could do harm
        deque(keep.save(), maxlen=0)
        raise
    yield _finish(state, data, settings)


def make_network(data: TrainingSet, settings: TrainSettings) -> Any:
    """The network that the settings and the data ask for, with random weights."""
    options = asdict(settings.network)
    name = options.pop("model")
    return build(name, channels=len(data.training[0].image), classes=data.classes, **options)


def sample_size(data: TrainingSet, settings: TrainSettings, geometry: Any) -> tuple[int, int]:
    """Sides of a sample's input and of its labelled part: no larger than the largest image needs."""
    largest = max(max(image.truth.classes.shape) for image in data.training)
    size: int = geometry.input_size(min(settings.train.tile, largest))
    return size, geometry.output_size(size)


def run_digest(data: TrainingSet, settings: TrainSettings) -> str:
    """Hash of the data and of all options that change the result."""
    tree = asdict(settings)
    for name in ("save_every", "threads", "validate_every"):
        del tree["train"][name]
    return hashlib.sha256(f"{data.digest} {json.dumps(tree, sort_keys=True)}".encode()).hexdigest()


def _steps(state: State, sampler: Sampler, settings: TrainSettings) -> Iterator[Stepped]:
    options, precision = settings.train, precision_of(settings.train)
    state.network.train()
    for batch in sampler.batches(state.step, options.steps):
        began, rate = time.perf_counter(), rate_at(state.step, options)
        loss = take_step(state, batch, options, precision)
        yield Stepped(state.step, options.steps, loss, rate, time.perf_counter() - began)


def _model(state: State, data: TrainingSet, settings: TrainSettings) -> TrainedModel:
    network = copy.deepcopy(state.averaged).eval()
    names = ("background", "cell") if data.classes == 2 else ("background", *map(str, range(1, data.classes)))
    card = ModelCard(
        name=settings.network.model,
        options=asdict(network.options),
        class_names=names,
        labels_are="classes" if data.classes > 2 else "instances",
        training={"recipe": settings.train.recipe, "steps": state.step, "data": data.digest},
    )
    model = TrainedModel(network, card)
    threshold, grow = choose_cut(model, spread(data.training, CHOOSING))
    return TrainedModel(network, replace(card, threshold=threshold, grow=grow))


def spread(images: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """At most `count` of the images, evenly spread."""
    return images if len(images) <= count else tuple(images[k * (len(images) - 1) // (count - 1)] for k in range(count))


def _finish(state: State, data: TrainingSet, settings: TrainSettings) -> Finished:
    model = _model(state, data, settings)
    return Finished(state.step, validate(model, data.validation), model)
