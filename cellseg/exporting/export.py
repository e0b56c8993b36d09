"""A model in a file for other programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cellseg.errors import InputError
from cellseg.exporting.traced import write_onnx, write_torchscript
from cellseg.exporting.travelling import TravellingModel, travelling
from cellseg.files import complete_file
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource
from cellseg.models.trained import as_model
from cellseg.options import ExportFormat, ExportOptions

WRITERS: dict[ExportFormat, Callable[[TravellingModel, Path], None]] = {
    "onnx": write_onnx,
    "torchscript": write_torchscript,
}


def export(model: Any, path: str | Path, *, like: Any = None, **options: Any) -> TravellingModel:
    """Write a model to a file for other programs; its metadata say what it wants and gives.

    Args:
        model: from `load`, its path or name, or a network from `build`.
        path: of the file. It appears there only when it is complete; a file that was there is replaced.
        like: path of an image, or an open one, like those that will be predicted: its grey levels, and what a
            model takes from each image otherwise, are frozen.
        options: fields of ExportOptions: format.

    Returns:
        The model with its metadata, and in `warning` what it costs that statistics are frozen.

    Raises:
        InputError: no such model or image, another option, a library that is missing, or a file that cannot be written.
    """
    wishes = ExportOptions(**options)
    found = travelling(as_model(model), _opened(like))
    with complete_file(Path(path)) as temporary:
        WRITERS[wishes.format](found, temporary)
    return found


def _opened(image: Any) -> ImageSource | None:
    if image is None or isinstance(image, ImageSource):
        return image
    if not isinstance(image, str | Path):
        raise InputError(f"like is a {type(image).__name__}", "Give the path of an image, or an open one.")
    return open_image(image)
