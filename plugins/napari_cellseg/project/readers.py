"""Readers of files dropped on napari: project folders, project.json, and run folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from napari_cellseg.image_reader import LayerData
from napari_cellseg.project.document import DOCUMENT_NAME, is_project
from napari_cellseg.project.layer_data import layer_data
from napari_cellseg.project.layers import claimed, shown_at_once

NOTHING: list[LayerData] = [(None,)]  # type: ignore[list-item]  # what napari takes for "read, but no layers"
CURVES = "curves.png"


def get_reader(path: str | Sequence[str]) -> Callable[[str | Sequence[str]], list[LayerData]] | None:
    """The reader of a project or of a run folder; None for anything else."""
    if not isinstance(path, str) and len(path) != 1:
        return None
    folder = _folder(path)
    kinds = ((is_project, read_project), (_is_run, _read_run))
    return next((read for is_it, read in kinds if is_it(folder)), None)


def read_project(path: str | Sequence[str]) -> list[LayerData]:
    """Layers of a project; the dock opens beside them and works on it."""
    project = claimed(_folder(path))
    found = [(image, part) for image in shown_at_once(project) for part in layer_data(project, image)]
    open_dock()
    return [
        (data, {**arguments, "visible": image is project.images[0]}, kind) for image, (data, arguments, kind) in found
    ] or NOTHING


def _read_run(path: str | Sequence[str]) -> list[LayerData]:
    """The newest validation picture of a run, or its curves; its model is in use from now on."""
    from skimage.io import imread

    run = _folder(path)
    open_dock(model=str(run))
    pictures = [*sorted((run / "pictures").glob("*.png")), *run.glob(CURVES)]
    if not pictures:
        return NOTHING
    told = {"cellseg": {"run": str(run), "what": "picture"}}
    return [(imread(pictures[0]), {"name": f"{run.name}: {pictures[0].stem}", "metadata": told, "rgb": True}, "image")]


def open_dock(model: str = "") -> None:
    """Open the dock of the present viewer when the layers are there; without a window nothing happens."""
    from napari import current_viewer
    from qtpy.QtCore import QTimer

    viewer = current_viewer()

    def show() -> None:
        _, dock = viewer.window.add_plugin_dock_widget("cellseg-unet", "cellseg")
        if model:
            dock.session.use_model(model)

    if viewer is not None and getattr(viewer, "window", None) is not None:
        QTimer.singleShot(0, show)


def _is_run(folder: Path) -> bool:
    return (folder / "config.json").is_file() and (folder / "model.safetensors").is_file()


def _folder(path: str | Sequence[str]) -> Path:
    first = Path(path if isinstance(path, str) else path[0])
    return first.parent if first.name == DOCUMENT_NAME else first
