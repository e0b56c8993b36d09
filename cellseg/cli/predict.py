"""cellseg predict: segment images with a trained model."""

from __future__ import annotations

from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.flags import AxesFlag
from cellseg.cli.progress import bar, say, stoppable
from cellseg.errors import InputError
from cellseg.options import PredictOptions
from cellseg.wording import duration, size_of

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.inference.prediction import Plan, Prediction
    from cellseg.inference.seen import SeenImage


def predict(
    model: Path,
    *image: Path,
    out: Path,
    resume: bool = False,
    channel: str | None = None,
    axes: AxesFlag = None,
    verify_seams: int = 0,
    options: Annotated[PredictOptions, Parameter(name="*")] = PredictOptions(),
) -> int:
    """Segment one or several TIFFs, of any size, tile by tile.

    Parameters
    ----------
    model
        A run folder, a model file, or the name of a model that comes with cellseg (`cellseg models` lists them).
    image
        TIFF files or OME-Zarr folders.
    out
        The TIFF to write, or OME-Zarr folder where the name ends in .zarr; a folder where several images are given.
    resume
        Go on where an interrupted prediction stopped.
    channel
        Name or number (from 0) of the channel to take.
    verify_seams
        Predict that many windows across seams in one piece as well, and print the largest difference.
    """
    from cellseg.allocator import keep_memory
    from cellseg.images.open import open_image
    from cellseg.inference.assemble import uncertainty_file
    from cellseg.inference.segment import prediction_into
    from cellseg.models.trained import load

    keep_memory()
    trained = load(model)
    pairs = targets(list(image), out)
    if options.uncertainty != "none":
        _refuse_others([uncertainty_file(target) for _, target in pairs], list(image))
    for path, target in pairs:
        source = open_image(path, axes=axes, channel=channel)
        prediction = prediction_into(target, trained, source, options, resume=resume)
        _say_scale(prediction.seen)
        if not _finish(prediction, target):
            return 130
        say(f"wrote {target}")
        if verify_seams:
            _verify(prediction, verify_seams)
    return 0


def targets(images: list[Path], out: Path) -> list[tuple[Path, Path]]:
    """The file that is written for each image.

    Raises InputError where an input would be replaced, two results would have one name, or a file that
    cellseg did not make would be replaced.
    """
    from cellseg.images.listing import stem
    from cellseg.images.omezarr.folder import is_zarr

    if not images:
        raise InputError("no image was given", "Give one or several TIFF files after the model.")
    many = len(images) > 1 or (out.is_dir() and not is_zarr(out))
    found = [(image, out / f"{stem(image)}.tif" if many else out) for image in images]
    for image, target in found:
        if sum(other == target for _, other in found) > 1:
            raise InputError(f"two images would be written to it, {image.name} is one", "Rename one.", path=target)
    _refuse_others([target for _, target in found], images)
    return found


def _refuse_others(files: list[Path], images: list[Path]) -> None:
    """InputError where a file that would be written is an input, or was not made by cellseg."""
    from cellseg.images.made import made_by_cellseg

    for file in files:
        if file.resolve() in {image.resolve() for image in images}:
            raise InputError("is an input and would be replaced", "Choose another --out.", path=file)
        if file.exists() and not made_by_cellseg(file):
            raise InputError("exists and was not made by cellseg", "Choose another --out, or move it away.", path=file)


def _finish(prediction: Prediction, target: Path) -> bool:
    """Run a prediction to the finished file; False where it was stopped before."""
    from cellseg.allocator import give_back
    from cellseg.inference.segment import finish

    source = prediction.source
    with stoppable() as stop:
        say(describe(prediction.plan(), source))
        for stage, several in groupby(finish(prediction, target), lambda step: step.stage):
            first = next(several)
            give_back()
            with bar(f"{source.name}: {stage}", first.total) as update:
                for progress in chain([first], several):
                    update(progress.done)
                    if stop.asked:
                        say(f"stopped: {stage} {progress.done} of {progress.total}; go on with --resume")
                        return False
    return True


def _say_scale(seen: SeenImage) -> None:
    """How large the network sees the image, if not as it is."""
    if seen.source is not seen.own:
        size, diameter = f"{seen.source.height} x {seen.source.width} pixels", seen.trained.card.diameter
        objects = f", so that objects have the {diameter:.3g} of the training" if diameter else ""
        say(f"{seen.own.name}: seen as {size}{objects}")


def describe(plan: Plan, source: ImageSource) -> str:
    """What will be done, in a line for people."""
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
