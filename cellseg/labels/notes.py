"""Notes on labels of other programs: how they were read, and what was lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cellseg.images.source import ImageSource
from cellseg.labels.formats.coloured import ColouredLabels
from cellseg.labels.formats.drawn import DrawnLabels, empty_note, overlap_note


def notes_on(labels: Iterable[ImageSource]) -> list[str]:
    """Words for how label images were read; none for usual ones. Overlaps are counted, for which cells are drawn."""
    sources = list({id(source.pixels): source for source in labels}.values())
    drawn = [(source, source.pixels) for source in sources if isinstance(source.pixels, DrawnLabels)]
    said = list(dict.fromkeys(note for _, pixels in drawn for note in pixels.reader.notes))
    overlaps = [pixels.overlap(sheet) for source, pixels in drawn for sheet in range(source.planes)]
    return [*_coloured(sources), *said, *filter(None, (overlap_note(overlaps), empty_note(overlaps)))]


def _coloured(sources: Iterable[ImageSource]) -> Iterator[str]:
    coloured = [(source.name, source.pixels) for source in sources if isinstance(source.pixels, ColouredLabels)]
    if coloured:
        name, pixels = coloured[0]
        images = f"{len(coloured)} label images are" if len(coloured) > 1 else f"{name} is"
        yield f"{images} coloured: each colour is taken for a cell, {pixels.background} for background"
