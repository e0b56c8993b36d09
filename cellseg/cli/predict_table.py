"""The table of the cells that a prediction found, of all its images."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cellseg.cli.progress import bar, say
from cellseg.errors import InputError
from cellseg.options import LabelOptions, PredictOptions

if TYPE_CHECKING:
    from cellseg.images.source import ImageSource
    from cellseg.measure.files import MeasurePlan

SINGLE = ("image",)
"""Name of a single channel in columns: that of a file would give each image columns of its own."""


def refuse_no_cells(options: PredictOptions) -> None:
    """InputError where a result has no cells to measure."""
    if options.result != "instances":
        found = f"--table measures cells, --result {options.result} numbers none"
        raise InputError(found, "Leave --result out, or run cellseg measure on the result.")


def write_table(path: Path, results: Sequence[tuple[ImageSource, Path]], options: PredictOptions) -> None:
    """Measure the results of images and write one table, block by block.

    Args:
        path: the CSV.
        results: each image and its result.
        options: of the prediction; cells that are linked through slices are measured as volumes.
    """
    from cellseg.measure.by_blocks import tables_by_blocks
    from cellseg.measure.table_file import growing_table

    names = _names([image for image, _ in results])
    with growing_table(path) as table, bar("measuring", len(results)) as update:
        for count, (name, (image, result)) in enumerate(zip(names, results, strict=True), 1):
            for part in tables_by_blocks(_plan(image, result, options)):
                table.add(name, part)
            update(count, name)
    say(f"wrote {path}: {table.cells} cells")


def _plan(image: ImageSource, result: Path, options: PredictOptions) -> MeasurePlan:
    from cellseg.images.open import open_image
    from cellseg.measure.files import plan_of

    labels = open_image(result, palette="index")
    labels = replace(labels, plane_axes=image.plane_axes, plane_shape=image.plane_shape)
    volume = options.link == "overlap" and image.plane_axes.endswith("Z")
    plan = plan_of(labels, image, volume=volume, reading=LabelOptions(labels_are="instances"))
    return replace(plan, names=SINGLE if image.channels == 1 else ())


def _names(images: Sequence[ImageSource]) -> Iterator[str]:
    """File names; where two are alike, with the folders below the one that all lie in."""
    import os

    alike = max(Counter(image.name for image in images).values(), default=0) > 1
    paths = [image.path.absolute() for image in images if image.path is not None]
    if not alike or len(paths) < len(images):
        yield from (image.name for image in images)
        return
    base = os.path.commonpath([path.parent for path in paths])
    yield from (path.relative_to(base).as_posix() for path in paths)
