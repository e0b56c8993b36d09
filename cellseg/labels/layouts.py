"""Folders of images and labels as other programs and public data sets lay them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path

from cellseg.errors import InputError
from cellseg.images.listing import Paths, leads_back, list_images, natural_key, tell_left_out, without_uncertainties
from cellseg.images.omezarr.folder import is_zarr
from cellseg.images.open import open_image
from cellseg.images.source import ImageSource
from cellseg.labels.entries import UnopenedImage
from cellseg.labels.formats.channel_files import open_channels
from cellseg.labels.formats.hdf5 import parts_of
from cellseg.labels.formats.plain import is_label_image
from cellseg.labels.formats.readers import bare, entries_of, format_of_labels, refuse_all_unread
from cellseg.labels.formats.single_masks import FOLDERS, grouped_masks, is_tree, masks_entry

Both = tuple[list[UnopenedImage], list[UnopenedImage]]
"""Images, and labels."""

OpensImage = Callable[[Path], ImageSource]
"""Opens an image file."""
MASKS = re.compile(r"(.+?)_(?:cp_masks|masks|mask|labels|label)", re.IGNORECASE)
"""Name of a label file beside its image, without the suffix, as Cellpose and others have it."""
BESIDE = re.compile(r".+_(?:flows|cp_output|cp_flows|outlines|cp_outlines|styles)", re.IGNORECASE)
"""Names of what Cellpose writes beside images and masks."""
CHANNEL = re.compile(r"(.+)_(\d{4})")
"""Name of a file with one channel of an image, in data sets of nnU-Net."""


def find_entries(images: Paths, labels: Paths, axes: str | None, *, of_images: OpensImage) -> Both:
    """Images and labels, by the layout of their folders.

    Args:
        images: file, folder, glob, or several of these.
        labels: the same.
        axes: axes of label images, where they do not say.
        of_images: opens an image file.

    Raises:
        InputError: nothing there, or labels in a form that is not read.
    """
    if isinstance(images, (str, Path)) and isinstance(labels, (str, Path)):
        ours, theirs = Path(images).expanduser(), Path(labels).expanduser()
        found = (layout(ours, theirs, of_images) for layout in LAYOUTS)
        special = next((both for both in found if both is not None), None)
        if special is not None:
            return special
        if is_tree(ours) and not is_tree(theirs):
            remedy = f"Give {ours.name} for both, or one of its folders with images and the masks beside it."
            raise InputError(
                "holds a folder for each image, with its masks; the labels are not in such folders", remedy, path=ours
            )
    files = _image_files(images)
    return [_image(file, of_images) for file in files], label_entries(labels, axes, len(files))


def tell_below(*given: Paths | None, others: Sequence[Paths | None] = ()) -> None:
    """Warn of images in the folders of each given folder that holds images itself, as these are left out.

    Also of labels in those of a folder that holds outlines or other labels that are no images. Not of those in folders
    that are given, too, be it as `others`, or that hold the masks of single cells.
    """
    folders, apart = _folders_in(given), _folders_in(others)
    for folder in folders.values():
        seen = {*folders, *apart, *(folder.resolve() / name for name in FOLDERS)}
        if is_zarr(folder):
            continue
        if _images_in(folder):
            tell_left_out(folder, seen)
        elif _holds_outlines(folder):
            tell_left_out(folder, seen, "labels", _holds_labels)


def _holds_labels(folder: Path) -> bool:
    return bool(_images_in(folder)) or _holds_outlines(folder)


def _holds_outlines(folder: Path) -> bool:
    """True if labels lie in a folder that are no images; what cannot be read is told where it is wanted."""
    with suppress(OSError):
        return any(map(format_of_labels, _visible(folder)))
    return False


def label_entries(labels: Paths, axes: str | None = None, images: int = 0) -> list[UnopenedImage]:
    """The labels meant by files, folders and globs of any format.

    Args:
        labels: file, folder, glob, or several of these.
        axes: axes of label images, where they do not say.
        images: how many images there are, by which masks of single cells are known.

    Raises:
        InputError: nothing there, or labels in a form that is not read.
    """
    several = [labels] if isinstance(labels, (str, Path)) else list(labels)
    if len(several) == 1 and is_tree(Path(several[0]).expanduser()):
        return _trees_of(Path(several[0]).expanduser())
    files = [file for given in several for file in _label_files(Path(given).expanduser())]
    grouped = grouped_masks(images, files)
    if grouped is not None:
        return [masks_entry(name, found) for name, found in grouped.items()]
    return [entry for file in files for entry in entries_of(file, axes)]


def _label_files(path: Path) -> list[Path]:
    """The label files of a path: of a folder its label images, else its files of other formats."""
    if parts_of(path) is not None:
        return [path]
    path = path / "labelsTr" if (path / "labelsTr").is_dir() else path
    if path.is_file() or is_zarr(path) or not path.exists():
        return _matching(path) if not path.exists() else [path]
    files = _visible(path)
    outlines = [file for file in files if format_of_labels(file)]
    found = _without_pictures(_of_masks(list(filter(is_label_image, files))), outlines) or outlines
    if not found:
        refuse_all_unread(files)
    found = without_uncertainties(sorted(found, key=natural_key))
    return found or _in_subfolders(path, _label_files) or list_images(path)


def _matching(pattern: Path) -> list[Path]:
    from cellseg.images.listing import is_pattern, matching

    found = (
        [path for path in matching(pattern) if is_label_image(path) or path.is_file()] if is_pattern(pattern) else []
    )
    return without_uncertainties(sorted(found, key=natural_key)) or list_images(pattern)


def _image_files(images: Paths) -> list[Path]:
    """As `list_images`; of a folder without images those of its subfolders."""
    if isinstance(images, (str, Path)) and Path(images).expanduser().is_dir():
        folder = Path(images).expanduser()
        below = [] if is_zarr(folder) or _images_in(folder) else _in_subfolders(folder, _images_in)
        return below or list_images(images)
    return list_images(images)


def _images_in(folder: Path) -> list[Path]:
    try:
        return list_images(folder)
    except InputError:
        return []


def _in_subfolders(folder: Path, files_in: Callable[[Path], list[Path]]) -> list[Path]:
    folders = sorted((sub for sub in _visible(folder) if sub.is_dir() and not leads_back(sub)), key=natural_key)
    found = []
    for sub in folders:
        try:
            found += files_in(sub)
        except InputError:
            found += _in_subfolders(sub, files_in)
    return found


def _folders_in(given: Sequence[Paths | None]) -> dict[Path, Path]:
    """The folders among paths by where they are, whatever leads there."""
    named = [path for paths in given if paths for path in _without_reading(paths)]
    return {path.resolve(): path for path in map(_expanded, named) if path.is_dir()}


def _without_reading(paths: Paths) -> Sequence[str | Path]:
    """The paths; none of an iterator, which can be read but once."""
    if isinstance(paths, (str, Path)):
        return [paths]
    return paths if isinstance(paths, Sequence) else []


def _expanded(path: str | Path) -> Path:
    return Path(path).expanduser()


def _visible(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if not file.name.startswith(".")]


def _of_masks(files: list[Path]) -> list[Path]:
    """Only the masks of files that lie beside their images or beside what Cellpose writes with them."""
    masks = [file for file in files if MASKS.fullmatch(bare(file).name)]
    owners = {_owner(file) for file in masks}
    others = [bare(file) for file in files if file not in masks]
    own = all(other in owners or BESIDE.fullmatch(other.name) for other in others)
    return masks if masks and others and own else files


def _without_pictures(images: list[Path], outlines: list[Path]) -> list[Path]:
    """None of the image files where each has outlines beside it, as LabelMe leaves them: these are the labels then."""
    drawn = {bare(file) for file in outlines}
    return [] if all(bare(file) in drawn for file in images) else images


def _owner(mask: Path) -> Path:
    found = MASKS.fullmatch(bare(mask).name)
    return mask.with_name(found[1]) if found else bare(mask)


def _image(file: Path, of_images: OpensImage) -> UnopenedImage:
    return UnopenedImage(bare(file), lambda _: of_images(file), file=file.name)


def _tree_of_masks(images: Path, labels: Path, of_images: OpensImage) -> Both | None:
    """A folder for each image, with images/ and masks/: stage1_train of the Data Science Bowl of 2018."""
    if not is_tree(labels):
        return None
    entries = _trees_of(labels)
    if not any((sub / "images").is_dir() for sub in _visible(images) if sub.is_dir()):
        return [_image(file, of_images) for file in _image_files(images)], entries
    return [_only_image(sub, of_images) for sub in _of_images(images)], entries


def _trees_of(labels: Path) -> list[UnopenedImage]:
    """The labels in the folders of a tree, each of one image."""
    folders = sorted((sub for sub in _visible(labels) if sub.is_dir()), key=natural_key)
    masks = {sub: _masks_of(sub) for sub in folders}
    return [masks_entry(Path(sub.name), files) for sub, files in masks.items() if files]


def _masks_of(folder: Path) -> list[Path]:
    inside = next((folder / name for name in FOLDERS if (folder / name).is_dir()), None)
    return [] if inside is None else sorted(filter(is_label_image, _visible(inside)), key=natural_key)


def _of_images(folder: Path) -> list[Path]:
    return sorted((sub for sub in _visible(folder) if (sub / "images").is_dir()), key=natural_key)


def _only_image(folder: Path, of_images: OpensImage) -> UnopenedImage:
    files = list_images(folder / "images")
    if len(files) != 1:
        found = f"holds {len(files)} images beside the masks of one"
        raise InputError(found, "Each folder holds one image and its masks.", path=folder / "images")
    return UnopenedImage(Path(folder.name), lambda _: of_images(files[0]))


def _nnunet(images: Path, labels: Path, of_images: OpensImage) -> Both | None:
    """imagesTr with a file for each channel, NAME_0000 and on, and labelsTr: a data set of nnU-Net."""
    place = images / "imagesTr" if (images / "imagesTr").is_dir() else images
    if not re.fullmatch(r"imagesT[rs]", place.name) or not place.is_dir():
        return None
    files = list_images(place)
    if not all(CHANNEL.fullmatch(bare(file).name) for file in files):
        return None
    return [*_of_channels(files, of_images)], label_entries(labels)


def _of_channels(files: Sequence[Path], of_images: OpensImage) -> Iterable[UnopenedImage]:
    def name(file: Path) -> Path:
        found = CHANNEL.fullmatch(bare(file).name)
        assert found is not None
        return file.with_name(found[1])

    for owner, channels in groupby(sorted(files, key=lambda file: (natural_key(name(file)), file.name)), name):
        yield UnopenedImage(owner, partial(_opened_channels, [*channels], of_images, owner.name))


def _opened_channels(files: Sequence[Path], of_images: OpensImage, name: str, _: ImageSource | None) -> ImageSource:
    return open_channels([of_images(file) for file in files], name)


def _one_folder(images: Path, labels: Path, of_images: OpensImage) -> Both | None:
    """Images and labels side by side: X.png with X_masks.png, or with X.json of another program."""
    if not images.is_dir() or not labels.is_dir() or images.resolve() != labels.resolve() or is_zarr(images):
        return None
    files = _visible(images)
    outlines = [entry for file in files if format_of_labels(file) for entry in entries_of(file)]
    masks = [file for file in files if is_label_image(file) and MASKS.fullmatch(bare(file).name)]
    pictures = [file for file in _images_in(images) if not BESIDE.fullmatch(bare(file).name)]
    entries = outlines or [UnopenedImage(_owner(file), entries_of(file)[0].open) for file in masks]
    if not entries:
        refuse_all_unread([file for file in files if not is_label_image(file)])
        return None
    shown = [_image(file, of_images) for file in pictures if file not in masks]
    return (shown, entries) if shown else None


LAYOUTS: tuple[Callable[[Path, Path, OpensImage], Both | None], ...] = (
    _tree_of_masks,
    _nnunet,
    _one_folder,
)


def open_file(axes: str | None, scene: str | None = None) -> OpensImage:
    """Opener of image files, whose axes are these, and of several images in one of that scene."""
    return lambda path: open_image(path, axes=axes, scene=scene)
