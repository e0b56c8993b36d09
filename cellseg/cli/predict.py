"""cellseg predict: segment images with a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cellseg.cli.progress import bar, say, stoppable
from cellseg.errors import InputError
from cellseg.options import PredictOptions

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.models.trained import TrainedModel


def predict(
    model: Path,
    *image: Path,
    out: Path,
    resume: bool = False,
    channel: str | None = None,
    axes: str | None = None,
    options: Annotated[PredictOptions, Parameter(name="*")] = PredictOptions(),
) -> int:
    """Segment one or several TIFFs, of any size, tile by tile.

    Parameters
    ----------
    model
        A run folder or a model file.
    image
        TIFF files.
    out
        The file to write; a folder where several images are given.
    resume
        Go on where an interrupted prediction stopped.
    channel
        Name or number (from 0) of the channel to take.
    axes
        What the image's axes mean, such as ZYX, where the file does not say.
    """
    from cellseg.images.tiff import open_image
    from cellseg.models.trained import load

    trained = load(model)
    pairs = targets(list(image), out)
    number = int(channel) if channel is not None and channel.isdigit() else channel
    for path, target in pairs:
        source = open_image(path, axes=axes, channel=number)
        if not _segment(trained, source, target, options, resume):
            return 130
        say(f"wrote {target}")
    return 0


def targets(images: list[Path], out: Path) -> list[tuple[Path, Path]]:
    """The file that is written for each image.

    Raises InputError where an input would be replaced, two results would have one name, or a file that
    cellseg did not make would be replaced.
    """
    from cellseg.images.listing import stem

    if not images:
        raise InputError("no image was given", "Give one or several TIFF files after the model.")
    many = len(images) > 1 or out.is_dir()
    found = [(image, out / f"{stem(image)}.tif" if many else out) for image in images]
    for image, target in found:
        if target.resolve() in {other.resolve() for other in images}:
            raise InputError("is an input and would be replaced", "Choose another --out.", path=target)
        if sum(other == target for _, other in found) > 1:
            raise InputError(f"two images would be written to it, {image.name} is one", "Rename one.", path=target)
        if target.exists() and not _is_ours(target):
            raise InputError(
                "exists and was not made by cellseg", "Choose another --out, or move it away.", path=target
            )
    return found


def _segment(model: TrainedModel, source: ImageSource, target: Path, options: PredictOptions, resume: bool) -> bool:
    from cellseg.inference.segment import segment

    steps = segment(model, source, target, options, resume=resume)
    first = next(steps)
    with stoppable() as stop, bar(source.name, first.total) as update:
        update(first.done, "tiles")
        for progress in steps:
            update(progress.done, "tiles")
            if stop.asked:
                say(f"stopped at {progress.done} of {progress.total} tiles; go on with --resume")
                return False
    return True


def _is_ours(path: Path) -> bool:
    from tifffile import TiffFile, TiffFileError

    try:
        with TiffFile(path) as tiff:
            return bool(tiff.pages) and str(tiff.pages.first.software).startswith("cellseg")
    except (TiffFileError, OSError):
        return False
