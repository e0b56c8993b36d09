"""The beginning of a run: what was asked for becomes data, settings, a model to go on from and a run folder.

A run that is gone on with takes from its folder what is not given. Images, labels and the model may be given anew where
they moved: they are recognised by their hash. Other options that are given must be those of the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.locks import sole_writer
from cellseg.models.card import ModelCard
from cellseg.models.hardware import use_threads
from cellseg.models.registry import options_for
from cellseg.models.trained import TrainedModel, load, refuse_exported
from cellseg.options import DataOptions, TrainSettings
from cellseg.training.admission import TrainingPairs
from cellseg.training.class_names import class_names
from cellseg.training.config_file import READING
from cellseg.training.data import TrainingSet, find_training_pairs, read_training_set
from cellseg.training.dense_recipe import for_dense
from cellseg.training.network_size import options_of, size_for
from cellseg.training.object_size import magnifier
from cellseg.training.recipes import TrainWishes, settings_for
from cellseg.training.run_folder import (
    RunFolder,
    move_sources,
    new_run,
    old_run,
    options_in,
    read_config,
    refuse_used,
    write_config,
)
from cellseg.training.scattered_recipe import with_hold
from cellseg.training.several import share_of
from cellseg.training.torchrun import (
    agreed,
    first_says,
    is_follower,
    is_restarted,
    join_others,
    note_launcher,
    processes,
)

FREE = frozenset({"save_every", "threads"})
"""Options that may change when a run is gone on with; they do not change its result."""


@dataclass(frozen=True, slots=True, eq=False)
class RunRequest:
    """A run as somebody asks for it; what is not given is open.

    Attributes:
        where: files of images and labels.
        options: those that are given, by name.
        start: a trained model to go on from, or its file.
        out: the run folder; None: nothing is written.
        resume: whether to go on with the training of `out`, if one is there.
        pairs: images in memory, instead of those of `where`.
    """

    where: DataOptions
    options: Mapping[str, Any]
    start: str | Path | TrainedModel | None = None
    out: Path | None = None
    resume: bool = False
    pairs: TrainingPairs | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All that a training needs: its data, its settings, the model it goes on from, and words for people."""

    request: RunRequest
    data: TrainingSet
    settings: TrainSettings
    start: TrainedModel | None
    notes: tuple[str, ...]


def prepare(request: RunRequest, *, dry: bool = False) -> tuple[Prepared, RunFolder | None]:
    """Read all that was asked for and open the run folder; of several processes the first decides and writes.

    Args:
        request: what is asked for.
        dry: whether nothing is to be opened or written.

    Raises InputError for wrong input or options, a folder in use, or options that are not those of the run.
    """
    if not dry:
        join_others()
    known = agreed(lambda: None if is_follower() else _known_folder(request, dry))
    goes_on = first_says(lambda: known is not None)
    folder = RunFolder(request.out) if goes_on and request.out is not None else None
    choice = None if goes_on or request.start is not None else size_for(request.options)
    if choice is not None:
        request = replace(request, options={**request.options, **options_of(choice)})
    prepared = agreed(lambda: _prepared(_absolute(request), folder))
    if choice is not None:
        prepared = replace(prepared, notes=(str(choice), *prepared.notes))
    return prepared, folder if dry else agreed(lambda: _opened(prepared, folder))


def _known_folder(request: RunRequest, dry: bool) -> RunFolder | None:
    """The run folder to go on with; None for a new one. Raises InputError where something else is there."""
    if request.out is None:
        return None
    if request.resume or is_restarted(request.out):
        return old_run(request.out)
    if not dry:
        refuse_used(request.out)
    return None


def _absolute(request: RunRequest) -> RunRequest:
    """The request with paths that stay right in another working folder."""
    where = {name: value if name in READING else absolute(value) for name, value in asdict(request.where).items()}
    options, start = dict(request.options), request.start
    if options.get("encoder_weights"):
        options["encoder_weights"] = absolute(str(options["encoder_weights"]))
    if start is not None and not isinstance(start, TrainedModel):
        start = absolute(str(start)) if Path(start).expanduser().exists() else str(start)
    return replace(request, where=DataOptions(**where), options=options, start=start)


def absolute(path: str | None) -> str | None:
    """A path or a glob with its folder; addresses stay as they are."""
    if not path or "://" in path:
        return path or None
    return str(Path(path).expanduser().absolute())


def _prepared(request: RunRequest, folder: RunFolder | None) -> Prepared:
    """The data, the settings and the model; refuses networks that are not known, and options that they do not have."""
    kept: dict[str, Any] = {}
    if folder is not None:
        kept = read_config(folder)
        request = _completed(request, kept, folder)
    settings, model, notes = _settings(request)
    share_of(settings.train.batch)
    options_for(settings.network, 1, 2)
    use_threads(settings.train.threads)
    pairs = request.pairs or find_training_pairs(request.where)
    times = magnifier(settings, None if model is None else model.card)
    held, separate = settings.train.validation, settings.weights.separate
    classes = 0 if model is None else len(model.card.class_names)
    greys = settings.train.grey_values
    data = read_training_set(pairs, settings.labels, held, times, separate, classes, greys)
    if folder is None and model is None:
        settings, more = for_dense(settings, data, request.options)
        notes = (*notes, *more)
    settings, late = with_hold(settings, data, goes_on=folder is not None or model is not None)
    card = None if model is None else model.card
    # refused before anything is written
    class_names(settings.train.class_names, data.classes if card is None else len(card.class_names), card)
    if folder is not None and data.digest != kept["data"]["sha256"]:
        found = "the run was begun with other images, labels or readings of them"
        raise InputError(found, "Give the same ones, or start a new run with another --out.", path=folder.path)
    return Prepared(request, data, settings, model, (*notes, *late))


def _settings(request: RunRequest) -> tuple[TrainSettings, TrainedModel | None, tuple[str, ...]]:
    """All settings, with the network of the model that is gone on from, and a sample a step for each process."""
    settings_for(**request.options)  # what is wrong is told before a model is read
    start, options = request.start, request.options
    model = load(start) if isinstance(start, str | Path) else start
    if model is not None:
        refuse_exported(model, "cannot be trained further")
        options = with_network_of(model.card, options, None if isinstance(start, TrainedModel) else start)
    settings = settings_for(**options)
    asked, batch = settings.train.batch, max(settings.train.batch, processes())
    note = f"--batch {batch} instead of {asked}, so that each of {batch} processes has a sample of every step."
    settings = replace(settings, train=replace(settings.train, batch=batch))
    return settings, model, (note,) if batch > asked else ()


def with_network_of(card: ModelCard, options: Mapping[str, Any], path: str | Path | None) -> dict[str, Any]:
    """The options with those of the network that is gone on from, and the recipe for it.

    Raises InputError where another network was asked for.
    """
    known = {field.name for field in fields(TrainWishes)}
    of_card = {"model": card.name, **card.options, "grey_values": card.grey_values, "statistics": card.statistics}
    own = {name: value for name, value in of_card.items() if name in known}
    for name, value in own.items():
        given = options.get(name)
        if given is not None and given != value:
            flag = f"--{name.replace('_', '-')}"
            remedy = f"Leave {flag} out, or train a new network without --from."
            raise InputError(f"{flag} is {given}, the model's is {value}", remedy, path=path)
    given_options = {name: value for name, value in options.items() if value is not None}
    return {"recipe": "finetune", **given_options, **own}


def _completed(request: RunRequest, kept: Mapping[str, Any], folder: RunFolder) -> RunRequest:
    """The request with all that the run says and the request does not.

    Raises InputError for a given option that is not the run's, and for files of the run that are gone.
    """
    recorded = options_in(dict(kept), folder)
    options = {**recorded, **{name: value for name, value in request.options.items() if value is not None}}
    _refuse_others(request.options, options, recorded)
    start = request.start or kept.get("from") or None
    where = request.where
    own = {name: kept.get(name) or None for name in asdict(where)}
    given = {name: value for name, value in asdict(where).items() if value}
    if request.pairs is None:
        where = DataOptions(**{**own, **given})
        _refuse_gone({name: value for name, value in own.items() if name not in given}, folder)
    return replace(request, where=where, options=options, start=start)


def _refuse_others(given: Mapping[str, Any], merged: Mapping[str, Any], recorded: Mapping[str, Any]) -> None:
    """Refuse options that are given and would change the run."""
    wanted, own = _flat(settings_for(**merged)), _flat(settings_for(**recorded))
    for name, value in given.items():
        same = wanted[name] == own[name] or name in FREE
        enough = name == "batch" and max(wanted[name], processes()) == own[name]  # raised for several processes
        if value is not None and not (same or enough):
            flag = f"--{name.replace('_', '-')}"
            found = f"{flag} is given as {value}, but --resume goes on with the run's own, {own[name]}"
            raise InputError(found, "Leave it out, or start a new run.")


def _flat(settings: TrainSettings) -> dict[str, Any]:
    return {name: value for stage in asdict(settings).values() for name, value in stage.items()}


def _refuse_gone(own: Mapping[str, str | None], folder: RunFolder) -> None:
    """Refuse to go on without files that moved."""
    from cellseg.images.listing import list_images

    if not own.get("images") and "images" in own:
        found = "the images of the run are in no file that it knows"
        raise InputError(found, "Give them with --images and --labels.", path=folder.path)
    for name, value in own.items():
        if value and name not in READING:
            try:
                list_images(value)
            except InputError as error:
                flag = f"--{name.replace('_', '-')}"
                found = f"what the run was begun with is not there any more ({error})"
                raise InputError(found.replace(".)", ")"), f"Say where it is now: --resume {flag} ...") from error


def _opened(prepared: Prepared, folder: RunFolder | None) -> RunFolder | None:
    """The folder of the run, which is made and described by the first process."""
    request, out = prepared.request, prepared.request.out
    if out is None or is_follower():
        return None if out is None else RunFolder(out)
    start = request.start
    sources = {
        **asdict(request.where),
        "from": None if start is None or isinstance(start, TrainedModel) else str(start),
    }
    if folder is not None:
        with sole_writer(folder.checkpoint):
            move_sources(folder, sources, prepared.settings)
        return folder
    made = new_run(out)
    with sole_writer(made.checkpoint):
        refuse_used(out)  # another program may have been quicker
        write_config(made, prepared.settings, prepared.data, sources, prepared.notes)
        note_launcher(made.path)
    return made
