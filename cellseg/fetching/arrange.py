"""Downloaded files arranged as stacks and folders of images with the labels of the same names."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from io import BytesIO
from itertools import groupby
from pathlib import Path

import numpy as np

from cellseg.arrays import Array, Labels
from cellseg.errors import InputError, reading
from cellseg.fetching.archive import Members, opened_archive
from cellseg.fetching.recipe import SourceGroup
from cellseg.images.write import write_stack

Downloaded = dict[str, Path]
"""Files on the disk by their address."""
CORNERS = np.ones((3, 3), bool)


def arrange(group: SourceGroup, downloaded: Downloaded, folder: Path) -> None:
    """Make what a group says in `folder`. Raises InputError where a file is not what it should be."""
    if group.make not in MAKERS:
        raise InputError(f"make = {group.make!r} in the recipe", f"It must be one of: {', '.join(MAKERS)}.")
    target = folder / group.to
    target.parent.mkdir(parents=True, exist_ok=True)
    MAKERS[group.make](group, downloaded, target)


def _pages(change: Callable[[Array], Array]) -> Callable[[SourceGroup, Downloaded, Path], None]:
    """Maker of a stack with a page for each file."""

    def make(group: SourceGroup, downloaded: Downloaded, target: Path) -> None:
        pages = [change(_picture(downloaded[one.url], one.url)) for one in group.files]
        write_stack(target, np.stack(pages) if len(pages) > 1 else pages[0])

    return make


def _as_they_are(page: Array) -> Array:
    return page


def _main_value(page: Array) -> Array:
    """255 where a mask has its main value, which is 1 or 255 by the section; single pixels of others are none."""
    values, counts = np.unique(page[page > 0], return_counts=True)
    chosen = values[counts.argmax()] if values.size else 1
    return np.where(page == chosen, 255, 0).astype(np.uint8)


def _copies(group: SourceGroup, downloaded: Downloaded, target: Path) -> None:
    """Each file as it is."""
    for one in group.files:
        file = target / one.name
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(downloaded[one.url], file)


def _regions(group: SourceGroup, downloaded: Downloaded, target: Path) -> None:
    """Labels of pictures in which neighbours differ in their red: each connected region of a value is a cell."""
    for one in group.files:
        write_stack(target / one.name, numbered(_picture(downloaded[one.url], one.url)))


def numbered(values: Array) -> Labels:
    """Connected regions (H, W) of equal values above 0, with corners, numbered value by value."""
    from scipy.ndimage import label

    out, last = np.zeros(values.shape, np.uint16), 0
    for value in np.unique(values[values > 0]):
        regions, count = label(values == value, CORNERS)
        np.copyto(out, (regions + last).astype(np.uint16), where=regions > 0)
        last += count
    return out


def _unpacked(group: SourceGroup, downloaded: Downloaded, target: Path) -> None:
    """The files of archives as they are."""
    for one in group.files:
        with opened_archive(downloaded[one.url], one.url, group) as members:
            for name in members.by_name:
                file = target / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(members.read(name))


def _nuclei(group: SourceGroup, downloaded: Downloaded, target: Path) -> None:
    """Images and labels of the Data Science Bowl, which has a mask for each nucleus."""
    for one in group.files:
        with opened_archive(downloaded[one.url], one.url, group) as members:
            for name, files in groupby(sorted(members.by_name), key=lambda name: name.split("/")[1]):
                _one_of_nuclei(members, list(files), target, name[:12])


def _one_of_nuclei(members: Members, files: list[str], target: Path, name: str) -> None:
    images = [_decoded(members.read(file), file) for file in files if "/images/" in file]
    masks = [_decoded(members.read(file), file) > 0 for file in files if "/masks/" in file]
    write_stack(target / "images" / f"{name}.tif", images[0])
    write_stack(target / "labels" / f"{name}.tif", painted(masks))


def painted(masks: list[Array]) -> Labels:
    """Labels (H, W) of masks, the k-th of which is cell k; where two overlap the smaller one goes before."""
    out = np.zeros(masks[0].shape, np.uint16)
    for number in sorted(range(len(masks)), key=lambda k: -int(masks[k].sum())):
        out[masks[number]] = number + 1
    return out


def _picture(path: Path, url: str) -> Array:
    return _decoded(path.read_bytes(), url)


def _decoded(data: bytes, name: str) -> Array:
    """The first channel (H, W) of a picture: the others are the same, or, of regions, say nothing more."""
    from PIL import Image

    with reading(name, "is no picture that can be read", "See data/README.md."), Image.open(BytesIO(data)) as image:
        values = np.asarray(image)
    return values if values.ndim == 2 else values[..., 0]


MAKERS: dict[str, Callable[[SourceGroup, Downloaded, Path], None]] = {
    "copies": _copies,
    "pages": _pages(_as_they_are),
    "mask pages": _pages(_main_value),
    "regions": _regions,
    "unpacked": _unpacked,
    "nuclei": _nuclei,
}
