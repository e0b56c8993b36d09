"""A model in a file for other programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.exporting.package import write_package
from cellseg.exporting.scripts import SCRIPTS, place_of
from cellseg.exporting.traced import write_onnx, write_torchscript
from cellseg.exporting.travelling import TravellingModel, travelling
from cellseg.files import complete_file, write_text
from cellseg.images.listing import list_images
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource
from cellseg.models.card import MODEL_FILE
from cellseg.models.trained import as_model
from cellseg.options import ExportOptions

WRITERS: dict[str, Callable[[TravellingModel, Path], None]] = {
    "onnx": write_onnx,
    "torchscript": write_torchscript,
}


def export(model: Any, path: str | Path, *, like: Any = None, **options: Any) -> TravellingModel | None:
    """Write a model to a file for other programs; its metadata say what it wants and gives.

    Args:
        model: from `load`, its path or name, or a network from `build`.
        path: of the file. It appears there only when it is complete; a file that was there is replaced.
        like: images like those that will be predicted: the path of one, of a folder or a glob, or one or several
            open ones. Of one image the grey levels are frozen; of one or several what a model takes from each image
            otherwise.
        options: fields of ExportOptions: format, name, authors, licence.

    Returns:
        The model with its metadata, and in `warning` what it costs that statistics are frozen; None for a script, which
        runs cellseg itself.

    Raises:
        InputError: no such model or image, another option, a library that is missing, or a file that cannot be written.
    """
    wishes = ExportOptions(**options)
    if wishes.format in SCRIPTS:
        write_text(Path(path), SCRIPTS[wishes.format](_path_of(model)))
        return None
    images = _opened(like)
    found = travelling(as_model(model), images)
    with complete_file(Path(path)) as temporary:
        if wishes.format in WRITERS:
            WRITERS[wishes.format](found, temporary)
        else:
            write_package(found, temporary, wishes, _name_of(model), images[0] if images else None)
    return found


def _path_of(model: Any) -> str:
    """Name of a model in a script. Raises InputError for one that is not in a file."""
    if not isinstance(model, str | Path):
        raise InputError("a script runs a model in a file, and a loaded one was given", "Give its path or name.")
    return place_of(model)


def _name_of(model: Any) -> str:
    """Name of a model: of its run folder, its file, else of its network."""
    if isinstance(model, str | Path):
        path = Path(model)
        return path.parent.name if path.name == MODEL_FILE else path.stem
    return str(as_model(model).card.name)


def _opened(images: Any) -> list[ImageSource]:
    """Open images; of many some that are spread evenly over all."""
    if images is None:
        return []
    if isinstance(images, ImageSource):
        return [images]
    if isinstance(images, str | Path):
        return [open_image(path) for path in some(list_images(images))]
    if isinstance(images, Sequence) and all(isinstance(one, ImageSource) for one in images):
        return list(images)
    found = f"like is a {type(images).__name__}"
    raise InputError(found, "Give the path of an image or a folder, or open images.")


def some(paths: Sequence[Path]) -> list[Path]:
    """At most so many of some paths, spread evenly."""
    step = max(-(-len(paths) // MOST_LIKE), 1)
    return list(paths[::step])


MOST_LIKE = 24
"""Images whose statistics are gathered."""
