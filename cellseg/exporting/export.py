"""A model in a file for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.exporting.package import write_package
from cellseg.exporting.scripts import SCRIPTS, place_of
from cellseg.exporting.traced import write_onnx, write_torchscript
from cellseg.exporting.travelling import TravellingModel, travelling
from cellseg.files import complete_file, write_text
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
        like: path of an image, or an open one, like those that will be predicted: its grey levels, and what a
            model takes from each image otherwise, are frozen.
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
    image = _opened(like)
    found = travelling(as_model(model), image)
    with complete_file(Path(path)) as temporary:
        if wishes.format in WRITERS:
            WRITERS[wishes.format](found, temporary)
        else:
            write_package(found, temporary, wishes, _name_of(model), image)
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


def _opened(image: Any) -> ImageSource | None:
    if image is None or isinstance(image, ImageSource):
        return image
    if not isinstance(image, str | Path):
        raise InputError(f"like is a {type(image).__name__}", "Give the path of an image, or an open one.")
    return open_image(image)
