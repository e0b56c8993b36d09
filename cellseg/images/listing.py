"""Images of a path, folder or glob, in natural order."""

from __future__ import annotations

import glob
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from cellseg.errors import InputError
from cellseg.extensions import extension_names
from cellseg.files import real_place
from cellseg.images.made import image_in, result_mark
from cellseg.images.omezarr.folder import SUFFIX as ZARR
from cellseg.images.omezarr.folder import is_zarr
from cellseg.images.omezarr.remote import address_of

logger = logging.getLogger(__name__)

TIFFS = (".tif", ".tiff", ".btf", ".tf8")
LOSSLESS = (".png", ".bmp", ".webp")
"""Pictures that can hold labels; a lossy WebP is refused when it is opened."""
PICTURES = (*LOSSLESS, ".jpg", ".jpeg")
SUFFIXES = (*TIFFS, *PICTURES, ".npy", ".czi", ".nd2", ".lif")
NO_IMAGES = ("_seg.npy",)
"""Files beside images: pickles that Cellpose writes."""
READ = ".tif, .png, .jpg, .bmp, .webp, .npy, .czi, .nd2, .lif or .zarr"
"""Endings of images, for people."""
UNCERTAINTY = "-uncertainty"
"""End of the name of the file that holds the uncertainty of a result, without its suffix."""

Paths = str | Path | Iterable[str | Path]


def list_images(paths: Paths) -> list[Path]:
    """The images meant by a file, a folder of images, a glob, or several of these.

    Args:
        paths: a file is taken whatever its suffix, an OME-Zarr folder as one image; of other folders and of globs
            only what ends like an image and OME-Zarr folders are taken, but no uncertainties beside their results.

    Returns:
        At least one; those of a folder or glob in natural order (t2 before t10).

    Raises:
        InputError: nothing there, or no image among what is there.
    """
    several = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not several:
        raise InputError("no image was named", "Name an image file, an OME-Zarr folder, a folder of these or a glob.")
    return [file for path in several for file in _expand(Path(path).expanduser())]


def list_tree(paths: Iterable[Path], without: Path | None = None) -> list[Path]:
    """As `list_images`; of a folder that holds none itself, those of all folders in it.

    Args:
        paths: files, folders and globs.
        without: a folder that is left out, for results are written there.

    Raises:
        InputError: as `list_images`.
    """
    return [image for path in paths for image in _below_folder(path.expanduser(), without) or list_images(path)]


def _below_folder(folder: Path, without: Path | None) -> list[Path]:
    """Images in the folders of a folder without images; in natural order, folder by folder."""
    if not folder.is_dir() or is_zarr(folder):
        return []
    seen = {folder.resolve()} if without is None else {folder.resolve(), real_place(without)}
    if _images_of(folder):
        tell_left_out(folder, seen)
        return []
    return list(_of_tree(folder, seen))


def tell_left_out(
    folder: Path, seen: Iterable[Path] = (), what: str = "images", holds: Callable[[Path], bool] | None = None
) -> None:
    """Warn of images in the folders of a folder that holds images itself; of those folders but the `seen` ones.

    `what` and `holds`: the same of files of another kind, and whether a folder holds some.
    """
    holds = holds or (lambda sub: bool(_images_of(sub)))
    within = [sub for sub in filter(Path.is_dir, _visible(folder)) if sub.resolve() not in seen and not is_zarr(sub)]
    names = sorted(sub.name for sub in within if not leads_back(sub) and holds(sub))
    if names:
        shown = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
        logger.warning("%s: %s in folders within it (%s) are left out; name these folders, too", folder, what, shown)


def _of_tree(folder: Path, seen: set[Path]) -> Iterator[Path]:
    """Images of all folders in a folder, each folder once: links may lead back. `seen` are those that are left out."""
    for sub in sorted(filter(Path.is_dir, _visible(folder)), key=natural_key):
        if sub.resolve() not in seen:
            seen.add(sub.resolve())
            found = _images_of(sub)
            yield from found or ([] if is_zarr(sub) else _of_tree(sub, seen))


def _images_of(folder: Path) -> list[Path]:
    return without_uncertainties(sorted(filter(_is_image, _visible(folder)), key=natural_key))


def without_uncertainties(files: list[Path]) -> list[Path]:
    """The files without those that `cellseg predict` wrote beside a result among them, to tell how sure it is."""
    results = {(file.parent, stem(file)): file for file in files}
    return [file for file in files if not _is_beside(file, results.get((file.parent, _result_of(file))))]


def _result_of(file: Path) -> str:
    """Stem of the result of which a file, by its name, holds the uncertainty; empty where it does not."""
    return stem(file).removesuffix(UNCERTAINTY) if file.name.endswith(f"{UNCERTAINTY}.tif") else ""


def _is_beside(file: Path, result: Path | None) -> bool:
    """True of the uncertainty of a result, whichever model made either; False where they are of two images."""
    if result is None or (mark := result_mark(file)) is None:
        return False
    image = image_in(result_mark(result))
    return not image or image == image_in(mark)


def stem(path: Path) -> str:
    """File name without its suffixes: a for a.ome.tif and a.ome.zarr."""
    name = path.name
    for suffix in (*_suffixes(), ".ome"):
        name = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    return name


def natural_key(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sorts numbers inside names by value."""
    parts = re.findall(r"\d+|\D+", path.as_posix())
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part.casefold()) for part in parts)


def _expand(path: Path) -> list[Path]:
    if address_of(path) or path.is_file() or is_zarr(path):
        return [path]
    if path.is_dir():
        return _only_images(_visible(path), path, "is a folder")
    if not is_pattern(path):
        raise InputError(nothing_there(path), path=path)
    return _only_images(matching(path), path, "is a pattern")


def is_pattern(path: Path) -> bool:
    """Pattern, which stands for the files that match it: it has one of `*?[`, and nothing has that very name."""
    return glob.has_magic(str(path)) and not path.exists()


def _visible(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if not file.name.startswith(".")]


def matching(pattern: Path) -> list[Path]:
    """Matches of a pattern; brackets are part of a name where a folder has it, or where nothing matches otherwise."""
    base = next((parent for parent in pattern.parents if parent.is_dir()), pattern.parents[-1])
    rest = str(pattern.relative_to(base))
    within = glob.escape(str(base))
    found = _below(within, rest) or _below(within, rest.replace("[", "[[]"))
    return list(map(Path, found))


def _below(folder: str, pattern: str) -> list[str]:
    return glob.glob(os.path.join(folder, pattern), recursive=True)


def _only_images(found: list[Path], path: Path, what: str) -> list[Path]:
    images = without_uncertainties(sorted(filter(_is_image, found), key=natural_key))
    if not images:
        raise InputError(f"{what} with {_held(found)}", f"Images end in {READ}.", path=path)
    return images


def _held(found: list[Path]) -> str:
    """The content of a folder or pattern without images, in words."""
    files = sum(path.is_file() for path in found)
    if files:
        return f"{files} files, none of them an image"
    return "no image in it" if found else "nothing in it"


def _is_image(path: Path) -> bool:
    known = path.suffix.lower() in _suffixes() and not path.name.lower().endswith(NO_IMAGES)
    return known and (path.is_file() or is_zarr(path) or is_broken(path))


def _suffixes() -> tuple[str, ...]:
    """Endings of images, with those whose readers other packages bring."""
    return (*SUFFIXES, *(f".{name}" for name in extension_names("cellseg.formats")), ZARR)


def is_broken(path: Path) -> bool:
    """True of a link to what is not there: it stands for an image that cannot be read, and is told as such."""
    return path.is_symlink() and not path.exists()


def leads_back(folder: Path) -> bool:
    """True of a link to a folder that it lies in, by which one would go round for ever."""
    return folder.is_symlink() and folder.resolve() in {parent.resolve() for parent in folder.absolute().parents}


def nothing_there(path: Path) -> str:
    """Sentences on a path at which there is nothing."""
    if is_broken(path):
        return f"is a link to {os.readlink(path)}, which is not there. Put it back, or make the link anew."
    return "there is no such file or folder. Check the spelling."
