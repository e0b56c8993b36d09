"""The images of a prediction and the file that is written for each; refusals before anything is done."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, Token

from cellseg.errors import InputError

Flag = Parameter(negative="")


def _place(_: type, words: Sequence[Token]) -> Path:
    """The path of `--out`. InputError where it ends in a slash, as a folder, and is a link to what is not there."""
    from cellseg.images.listing import is_broken, nothing_there

    text = words[0].value
    path = Path(text)
    if text.endswith(("/", os.sep)) and is_broken(path):
        raise InputError(nothing_there(path), path=path)
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFiles:
    """Places of results."""

    out: Annotated[Path, Parameter(converter=_place)]
    """The TIFF to write, or OME-Zarr folder where the name ends in .zarr; of several images, of a folder and of a glob
    the folder of their results. Images of one name keep their folders there."""
    resume: Annotated[bool, Flag] = False
    """Go on where an interrupted prediction stopped; results that are finished stay as they are."""
    overwrite: Annotated[bool, Flag] = False
    """Replace files that are no results of `cellseg predict`, such as labels that somebody drew."""
    table: Path | None = None
    """A CSV to write with a row for each cell: its image, size, place, shape and brightness, in micrometres where the
    image knows the size of a pixel."""
    report: Path | None = None
    """A page to write (HTML, for any browser, without network): each image with its outlines, counts, sizes, what was
    refused, and the images to look at first."""


@dataclass(frozen=True, slots=True)
class ImageJob:
    """An image, and the file that its result is written to."""

    image: Path
    target: Path
    beside: Path | None = None
    """The file of the uncertainty, where it is wanted."""

    @property
    def files(self) -> list[Path]:
        """All files that are written."""
        return [self.target] if self.beside is None else [self.target, self.beside]


def plan_jobs(
    images: Sequence[Path],
    where: ResultFiles,
    *,
    uncertain: bool = False,
    classes: bool = False,
    shared: bool = False,
) -> list[ImageJob]:
    """The images that files, folders and globs mean, each with its result.

    Args:
        images: as they were given.
        where: where results go.
        uncertain: whether each result has a file with the uncertainty beside it.
        classes: whether a table beside each result says the class of each cell.
        shared: whether other processes may be at work on them.

    Raises:
        InputError: nothing there, an input would be replaced, two files would have one name, several images shall be
            one file, something that is no result of a prediction would be replaced, or is being written right now.
    """
    from cellseg.files import real_place
    from cellseg.images.listing import list_tree

    if not images:
        raise InputError("no image was given", "Give image files, folders of these or globs after the model.")
    files = list({real_place(file): file for file in list_tree(images, without=where.out)}.values())
    jobs = [
        _job(file, target, uncertain) for file, target in zip(files, _targets(images, files, where.out), strict=True)
    ]
    _refuse_twice(jobs)
    _refuse_inputs(jobs)
    _refuse_others(jobs, where.overwrite)
    _refuse_tables_of_others(jobs, replaced=where.overwrite, wanted=classes)
    if not shared:
        _refuse_at_work(jobs)
    _refuse_summaries(jobs, where)
    return jobs


def _targets(images: Sequence[Path], files: Sequence[Path], out: Path) -> list[Path]:
    """The result of each file."""
    from cellseg.images.listing import SUFFIXES, TIFFS
    from cellseg.images.omezarr.folder import SUFFIX, is_zarr

    is_folder = out.is_dir() and not is_zarr(out)
    named_file = out.suffix.lower() in (*TIFFS, SUFFIX) and not is_folder
    if out.suffix.lower() in SUFFIXES and not named_file and not is_folder:
        found = f"results are written as TIFF or OME-Zarr, not as {out.suffix}"
        raise InputError(found, f"Name it {out.stem}.tif or {out.stem}.ome.zarr.", path=out)
    if len(files) == 1 and (named_file or not (is_folder or _means_several(images[0]))):
        return [out]
    if named_file or (out.exists() and not is_folder):
        raise InputError(f"cannot hold the results of {len(files)} images", "Name a folder with --out.", path=out)
    return [out / name for name in _names(files)]


def _names(files: Sequence[Path]) -> list[Path]:
    """Names of results; where two are alike, in the tree of folders below the one that all images lie in."""
    from cellseg.images.listing import stem

    flat = [Path(f"{stem(file)}.tif") for file in files]
    if len({os.path.normcase(name) for name in flat}) == len(flat):
        return flat
    try:
        base = Path(os.path.commonpath([file.absolute().parent for file in files]))
    except ValueError:  # on two drives
        return flat
    return [file.absolute().parent.relative_to(base) / name for file, name in zip(files, flat, strict=True)]


def _means_several(path: Path) -> bool:
    """True of a folder of images and of a glob, whatever is in it now."""
    from cellseg.images.listing import is_pattern
    from cellseg.images.omezarr.folder import is_zarr

    path = path.expanduser()
    return is_pattern(path) or (path.is_dir() and not is_zarr(path))


def _job(image: Path, target: Path, uncertain: bool) -> ImageJob:
    from cellseg.inference.assemble import uncertainty_file

    return ImageJob(image, target, uncertainty_file(target) if uncertain else None)


def _refuse_twice(jobs: Sequence[ImageJob]) -> None:
    names = Counter(os.path.normcase(file) for job in jobs for file in job.files)
    for job in jobs:
        for file in job.files:
            if names[os.path.normcase(file)] > 1:
                others = [other.image for other in jobs if other is not job and _writes(other, file)]
                found = f"two images would be written to it: {', '.join(str(one) for one in [job.image, *others])}"
                raise InputError(found, "Rename one.", path=file)


def _writes(job: ImageJob, file: Path) -> bool:
    return os.path.normcase(file) in map(os.path.normcase, job.files)


def _refuse_inputs(jobs: Sequence[ImageJob]) -> None:
    from cellseg.files import place_to_write, real_place

    inputs = {real_place(job.image) for job in jobs}
    for file in (file for job in jobs for file in job.files):
        if place_to_write(file) in inputs:
            raise InputError("is an input and would be replaced", "Choose another --out.", path=file)


def _refuse_summaries(jobs: Sequence[ImageJob], where: ResultFiles) -> None:
    """InputError where the table or the page would be an image, a result or each other, or a folder is there."""
    from cellseg.files import place_to_write, real_place

    taken = {real_place(file) for job in jobs for file in (job.image, *job.files)}
    for flag, kind, path in (("--table", "CSV", where.table), ("--report", "HTML", where.report)):
        if path is not None and (place_to_write(path) in taken or path.is_dir()):
            raise InputError(f"is no place for what {flag} writes", f"Name a {kind} file with {flag}.", path=path)
        taken |= set() if path is None else {real_place(path)}


def _refuse_others(jobs: Sequence[ImageJob], overwrite: bool) -> None:
    """InputError for what is no result of a prediction."""
    from cellseg.images.made import made_by_cellseg, result_mark

    for file in (file for job in jobs for file in job.files):
        if file.is_dir() and not made_by_cellseg(file):
            raise InputError(
                "is a folder that was not made by cellseg", "Choose another --out, or move it away.", path=file
            )
        if file.exists() and not overwrite and result_mark(file) is None:
            found = "exists and was not made by cellseg predict"
            raise InputError(found, "Choose another --out, or replace it with --overwrite.", path=file)


def _refuse_tables_of_others(jobs: Sequence[ImageJob], *, replaced: bool, wanted: bool) -> None:
    """InputError where the table of classes is that of a result of the same name, such as a.tif beside a.zarr, or would
    replace what cellseg has not made."""
    from cellseg.images.listing import TIFFS, stem
    from cellseg.images.made import result_mark
    from cellseg.images.omezarr.folder import SUFFIX
    from cellseg.labels.cell_classes import classes_file, is_classes_file

    for target in (job.target for job in jobs if classes_file(job.target).exists()):
        table = classes_file(target)
        names = {f"{stem(target)}{ome}{end}" for ome in ("", ".ome") for end in (*TIFFS, SUFFIX)} - {target.name}
        others = [name for name in sorted(names) if result_mark(target.with_name(name)) is not None]
        if others:
            found = f"{table.name} says the classes of the cells in {others[0]}, which is there already"
            raise InputError(found, "Choose another name with --out.", path=target)
        if wanted and not replaced and not is_classes_file(table):
            found = "is where the classes of the cells go, and was not made by cellseg"
            raise InputError(found, "Choose another --out, or replace it with --overwrite.", path=table)


def _refuse_at_work(jobs: Sequence[ImageJob]) -> None:
    """InputError for what other programs write just now."""
    from cellseg.inference.work_log import refuse_at_work
    from cellseg.locks import refuse_written

    for job in jobs:
        refuse_written(job.target)
        refuse_at_work(job.target)
