"""cellseg predict: segment images with a trained model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cellseg.cli.flags import Flat
from cellseg.cli.predict_batch import Failures, looked_at, unfinished
from cellseg.cli.predict_cluster import ClusterRun, cluster_run, filled_by
from cellseg.cli.predict_files import ImageJob, ResultFiles, plan_jobs
from cellseg.cli.predict_share import ShareOfImage, refuse_beside_shares, share_into
from cellseg.cli.predict_summary import page_words, summaries
from cellseg.cli.progress import bar, say
from cellseg.cli.signals import stoppable
from cellseg.options import MEASURED, ImageOptions, PredictOptions, ProcessOptions
from cellseg.wording import duration, size_of

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.inference.predicted import Predicted
    from cellseg.inference.prediction import Plan, Prediction
    from cellseg.inference.seen import SeenImage
    from cellseg.inference.tasks import Executor
    from cellseg.models.trained import TrainedModel
    from cellseg.report.records import PredictionRecord

INTERRUPTED = 130


def predict(
    model: Path,
    *image: Path,
    files: Annotated[ResultFiles, Flat],
    reading: Annotated[ImageOptions, Flat] = ImageOptions(),
    verify_seams: int = 0,
    options: Annotated[PredictOptions, Flat] = PredictOptions(),
    processes: Annotated[ProcessOptions, Flat] = ProcessOptions(),
) -> int:
    """Segment one or several images, of any size, tile by tile.

    Of several, a damaged one does not end the rest: those without a result are listed, and the exit code is 1. Of a
    folder without images those in its folders are taken.

    Parameters
    ----------
    model
        A run folder, a model file, or the name of a model that comes with cellseg (`cellseg models` lists them).
    image
        Image files (TIFF, PNG, JPEG, ...) or OME-Zarr folders, folders of these, or globs (in quotes, too).
    verify_seams
        Predict that many windows across seams in one piece as well, and print the largest difference.
    """
    from cellseg.allocator import keep_memory
    from cellseg.images.open import open_image
    from cellseg.inference.result_mark import mark_of
    from cellseg.inference.scope import refuse_without_effect

    keep_memory()
    refuse_without_effect(options)
    refuse_beside_shares(processes, files, verify_seams)
    about_all = summaries(files, options)
    trained = _loaded(model, options)
    beside = _beside(trained, options)
    jobs = plan_jobs(image, files, **beside, shared=processes.part is not None)
    failures = Failures(len(jobs))

    def opened(job: ImageJob) -> ImageSource:
        return open_image(job.image, axes=reading.axes, channel=reading.channel, scene=reading.scene)

    def work(job: ImageJob) -> bool:
        if processes.part is not None:
            share = ShareOfImage(*processes.part, first=jobs.index(job))
            return failures.told(job.target, share_into(job.target, trained, opened(job), options, share))
        record = about_all.record(marks[job])
        done = _predict_into(job, opened(job), PredictOrder(trained, options, files.resume, verify_seams, run), record)
        about_all.keep()
        return failures.told(job.target, "written" if done else "stopped")

    ready = failures.ready(jobs, lambda job: looked_at(opened(job), trained, options))
    marks = {job: mark_of(key, options) for job, key in ready}
    wanted = unfinished(ready, options, classes=beside["classes"]) if files.resume or processes.part else list(marks)
    with cluster_run(processes if wanted else ProcessOptions(), model, trained, reading) as run:
        for job in wanted:
            if failures.tried(job.image, partial(work, job)) is False:
                return INTERRUPTED
    if about_all.wanted:
        done = [(opened(job), job.target, mark) for job, mark in marks.items() if job.image not in failures.why]
        about_all.write(done, page_words(model, trained, image, options, failures.why))
    return failures.report(files.out)


def _loaded(model: Path, options: PredictOptions) -> TrainedModel:
    """The model. Raises InputError where one of the options has no effect with it."""
    from cellseg.inference.scope import refuse_of_classes
    from cellseg.models.trained import load

    trained = load(model)
    refuse_of_classes(options, len(trained.card.class_names))
    return trained


@dataclass(frozen=True, slots=True)
class PredictOrder:
    """The way in which each image is predicted."""

    trained: TrainedModel
    options: PredictOptions
    resume: bool
    windows: int
    """Windows across seams that are verified."""
    cluster: ClusterRun | None
    """None: this process computes all tiles."""


def _beside(trained: TrainedModel, options: PredictOptions) -> dict[str, bool]:
    """Kinds of files beside each result, as `plan_jobs` is told of them."""
    classes = options.result == "instances" and len(trained.card.class_names) > 2
    return {"uncertain": options.uncertainty != "none", "classes": classes}


def _predict_into(job: ImageJob, source: ImageSource, order: PredictOrder, record: PredictionRecord | None) -> bool:
    """Predict an image into a file, and fill its record; False where it was stopped before its end."""
    from cellseg.inference.segment import prediction_into
    from cellseg.labels.picture import label_notes
    from cellseg.locks import sole_writer

    target, cluster = job.target, order.cluster
    options = order.options if cluster is None else cluster.options(order.options)
    with sole_writer(target):
        if cluster is not None:
            cluster.check(job.image, source, target, options)
        prediction = prediction_into(target, order.trained, source, options, resume=order.resume)
        _say_scale(prediction.seen, asked=options)
        of_labels = label_notes(source)
        for note in of_labels:
            say(f"warning: {source.name}: {note}")
        with ExitStack() as stack:
            hand_out = stack.enter_context(cluster.at_work(prediction, job.image, target)) if cluster else None
            if hand_out is not None and not filled_by(hand_out, prediction):
                return False
            if record is not None:
                record.begin(len(prediction.done))
            look, executor = None if record is None else record.sure.add, None if hand_out is None else hand_out.do
            if not finish_told(prediction, target, look, executor):
                return False
        if record is not None:
            record.notes = [*of_labels, *prediction.notes]
        say_notes(prediction)
    if order.windows:
        _verify(prediction, order.windows)
    return True


def finish_told(
    prediction: Prediction, target: Path, look: Callable[[Predicted], None] | None, executor: Executor | None = None
) -> bool:
    """Run a prediction to the finished file; False where it was stopped before."""
    from cellseg.allocator import give_back
    from cellseg.inference.segment import finish

    source = prediction.source
    with stoppable() as stop:
        say(describe(prediction.plan(), source))
        for stage, several in groupby(finish(prediction, target, look, executor), lambda step: step.stage):
            first = next(several)
            give_back()
            with bar(f"{source.name}: {stage}", first.total) as update:
                for progress in chain([first], several):
                    update(progress.done)
                    if stop.asked:
                        say(f"stopped: {stage} {progress.done} of {progress.total}; go on with --resume")
                        return False
    return True


def say_notes(prediction: Prediction) -> None:
    """Say what a person should know of the grey values."""
    for note in prediction.notes:
        say(f"warning: {prediction.source.name}: {note}")


def _say_scale(seen: SeenImage, asked: PredictOptions) -> None:
    """Say how wide objects were measured to be, and the size at which the network sees the image, if not its own."""
    name, learnt, width = seen.own.name, seen.trained.card.diameter, seen.options.diameter
    if width is not None and width != asked.diameter:
        say(f"{name}: objects were measured to be {width:.3g} pixels wide (--diameter N says otherwise)")
    elif asked.diameter == MEASURED:
        say(f"{name}: objects are not so much wider or narrower than in the training that it had to be rescaled")
    if seen.source is not seen.own:
        objects = f", so that objects have the {learnt:.3g} of the training" if learnt else ""
        say(f"{name}: seen as {seen.source.height} x {seen.source.width} pixels{objects}")


def describe(plan: Plan, source: ImageSource) -> str:
    """The plan in a line for people."""
    height, width = plan.decisions.tile
    planes = f"{source.planes} planes of " if source.planes > 1 else ""
    left = f" ({plan.done} are there already)" if plan.done else ""
    size = f"{planes}{source.height} x {source.width} pixels"
    return (
        f"{source.name}: {size}, {plan.total} tiles of {height} x {width}{left}, "
        f"{plan.decisions.precision} ({plan.decisions.why}), about {duration(plan.seconds)}, "
        f"memory up to {size_of(plan.memory_bytes)}, result {size_of(plan.output_bytes)} before compression"
    )


def _verify(prediction: Prediction, windows: int) -> None:
    from cellseg.inference.verify import differences

    name = prediction.source.name
    with bar(f"{name}: seams", windows) as update:
        largest = 0.0
        for count, difference in enumerate(differences(prediction, windows), 1):
            largest = max(largest, difference)
            update(count)
    exact = "" if prediction.seen.geometry.exact else "; this network looks at whole tiles, so it cannot be exact"
    say(f"{name}: largest difference across seams {largest:.1e} in {windows} windows{exact}")
