"""project.json: which images a project has, and where they are."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cellseg

DOCUMENT_NAME = "project.json"
COPY = Path("history") / DOCUMENT_NAME
_FORMAT = "cellseg annotation project"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ProjectImage:
    """An image of a project."""

    name: str
    """Unique in the project; its labels and predictions lie under it."""
    path: Path
    """Where it is, or where it was when it was last seen."""
    shape: tuple[int, int, int]
    """(planes, H, W)"""
    axes: str
    """Its axes without channels, such as YX or TZYX; all but YX count planes."""
    read_axes: str = ""
    """Axes to read it by, where those in the file are wrong or missing."""

    @property
    def missing(self) -> bool:
        """True if the file is not where it was."""
        return not self.path.exists()


@dataclass(frozen=True, slots=True)
class ProjectDocument:
    """Content of project.json."""

    images: tuple[ProjectImage, ...]
    classes: tuple[str, ...] = ()
    """Names of the classes of cells; empty where all cells are of one kind."""


def write_document(project: Path, images: Sequence[ProjectImage], classes: Sequence[str] = ()) -> None:
    """Write project.json, and the copy that is kept of it."""
    tree = {
        "format": _FORMAT,
        "version": _VERSION,
        "cellseg": cellseg.__version__,
        "images": [_described(image, project) for image in images],
        **({"classes": list(classes)} if classes else {}),
    }
    for name in (DOCUMENT_NAME, COPY):
        with cellseg.complete_file(project / name) as temporary:
            temporary.write_text(json.dumps(tree, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_document(project: Path) -> ProjectDocument:
    """Content of a project's project.json; an image that is gone is `missing`.

    Raises:
        InputError: no project, a damaged project.json, or one of a newer version.
    """
    text = _text_of(project)
    try:
        tree = json.loads(text)
        _check_format(tree, project / DOCUMENT_NAME)
        images = tuple(_image(described, project) for described in tree["images"])
        return ProjectDocument(images, tuple(map(str, tree.get("classes", ()))))
    except cellseg.InputError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, OSError) as error:
        raise _damaged(project, f"{type(error).__name__}: {error}") from error


def is_project(path: Path) -> bool:
    """True if a folder holds a project, whole or damaged."""
    return (path / DOCUMENT_NAME).is_file()


def _text_of(project: Path) -> str:
    try:
        return (project / DOCUMENT_NAME).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError) as error:
        remedy = "Choose the folder that holds project.json, or make a new project."
        raise cellseg.InputError("is no annotation project", remedy, path=project) from error
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(project, str(error)) from error


def _check_format(tree: dict[str, Any], file: Path) -> None:
    if tree["format"] != _FORMAT:
        raise cellseg.InputError(f"is of another kind ({tree['format']})", "Choose another folder.", path=file)
    if int(tree["version"]) > _VERSION:
        found = f"was written by a newer cellseg ({tree.get('cellseg')}, format {tree['version']})"
        remedy = f"Update cellseg: this one ({cellseg.__version__}) reads formats up to {_VERSION}."
        raise cellseg.InputError(found, remedy, path=file)


def _described(image: ProjectImage, project: Path) -> dict[str, Any]:
    path = image.path.absolute()
    return {
        "name": image.name,
        "path": _relative(path, project.absolute()),
        "absolute_path": path.as_posix(),
        "shape": list(image.shape),
        "axes": image.axes,
        "read_axes": image.read_axes,
    }


def _relative(path: Path, project: Path) -> str | None:
    try:
        return Path(os.path.relpath(path, project)).as_posix()
    except ValueError:  # another drive
        return None


def _image(described: dict[str, Any], project: Path) -> ProjectImage:
    planes, height, width = (int(length) for length in described["shape"])
    return ProjectImage(
        name=_safe(str(described["name"])),
        path=_found(described, project.absolute()),
        shape=(planes, height, width),
        axes=str(described["axes"]),
        read_axes=str(described.get("read_axes", "")),
    )


def _found(described: dict[str, Any], project: Path) -> Path:
    """The image beside the project where both were moved, else where it always was."""
    absolute = Path(str(described["absolute_path"]))
    if described.get("path"):
        beside = Path(os.path.normpath(project / str(described["path"])))
        if beside.exists() or not absolute.exists():
            return beside
    return absolute


def _safe(name: str) -> str:
    """A name that stays inside the project's folders."""
    if not name or name.startswith(".") or Path(name).name != name or "\\" in name:
        raise ValueError(f"the image name {name!r}")
    return name


def _damaged(project: Path, reason: str) -> cellseg.InputError:
    remedy = f"The labels are whole. Put the copy in its place: {(project / COPY).as_posix()}"
    return cellseg.InputError(f"is damaged ({reason})", remedy, path=project / DOCUMENT_NAME)
