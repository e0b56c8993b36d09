"""Notes on labels of other programs: how they were read, and what was lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cellseg.images.source import ImageSource
from cellseg.images.tiff.whitemask import InvertedMask
from cellseg.labels.formats.coloured import ColouredLabels
from cellseg.labels.formats.drawn import DrawnLabels, empty_note, overlap_note


def notes_on(labels: Iterable[ImageSource]) -> list[str]:
    """Words for how label images were read; none for usual ones. Overlaps are counted, for which cells are drawn."""
    sources = list({id(source.pixels): source for source in labels}.values())
    drawn = [(source, source.pixels) for source in sources if isinstance(source.pixels, DrawnLabels)]
    said = list(dict.fromkeys(note for _, pixels in drawn for note in pixels.reader.notes))
    overlaps = [pixels.overlap(sheet) for source, pixels in drawn for sheet in range(source.planes)]
    return [
        *_coloured(sources),
        *_turned(sources),
        *said,
        *filter(None, (overlap_note(overlaps), empty_note(overlaps))),
    ]


def _coloured(sources: Iterable[ImageSource]) -> Iterator[str]:
    coloured = [(source.name, source.pixels) for source in sources if isinstance(source.pixels, ColouredLabels)]
    if coloured:
        name, pixels = coloured[0]
        images = f"{len(coloured)} label images are" if len(coloured) > 1 else f"{name} is"
        yield f"{images} coloured: each colour is taken for a cell, {pixels.background} for background"


def _turned(sources: Iterable[ImageSource]) -> Iterator[str]:
    """Word on masks whose stored 0 is white: NumPy's arrays of bool become such files, with the cells in black."""
    names = [source.name for source in sources if isinstance(source.pixels, InvertedMask)]
    if names:
        masks = f"{len(names)} masks have" if len(names) > 1 else f"{names[0]} has"
        remedy = "if that is the background, as in arrays of bool saved by tifffile, give --foreground zero"
        yield f"{masks} white stored as 0, and white is taken for the cells, as viewers show it; {remedy}"
