"""The page, image by image: pictures wait in a file beside it until all images are known, and one is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cellseg.files import complete_file, spool_beside
from cellseg.report.facts import ImageFacts, SizeBins
from cellseg.report.page import PageWords, ReportPage, card, first_card
from cellseg.report.pictures import ImagePictures
from cellseg.report.remarks import remarks_on

LOOK = 12
"""Images that are shown at the top, at most."""


@dataclass(slots=True)
class GrowingReport:
    """Facts and pictures of the images so far."""

    spool: BinaryIO
    facts: list[ImageFacts] = field(default_factory=list)
    places: list[tuple[int, int, int]] = field(default_factory=list)
    """Place and length in the spool of the small picture of each image, and the length of its large view."""
    bins: SizeBins = field(default_factory=SizeBins)

    def add(self, facts: ImageFacts, pictures: ImagePictures) -> None:
        """Add an image."""
        small, view = pictures.small.encode(), large_view(facts, pictures).encode()
        self.places.append((self.spool.tell(), len(small), len(view)))
        self.facts.append(facts)
        self.spool.write(small)
        self.spool.write(view)

    def write(self, path: Path, words: PageWords) -> None:
        """The whole page, in one piece. Raises InputError where it cannot be written."""
        page = ReportPage(words, self.facts, remarks_on(self.facts), self.bins, path.absolute().parent)
        with complete_file(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as file:
            top = [first_card(page, k, self._small(k)) for k in page.order[:LOOK]]
            file.write(page.begin(top))
            for k in range(len(self.facts)):
                file.write(card(page, k, self._small(k), self._view(k)))
            file.write(page.end())

    def _small(self, k: int) -> str:
        start, length, _ = self.places[k]
        return self._read(start, length)

    def _view(self, k: int) -> str:
        start, before, length = self.places[k]
        return self._read(start + before, length)

    def _read(self, start: int, length: int) -> str:
        self.spool.seek(start)
        return self.spool.read(length).decode()


@contextmanager
def growing_report(path: Path, words: PageWords) -> Iterator[GrowingReport]:
    """A page that is filled inside the block; it is there when the block ends without an error."""
    with spool_beside(path) as file:
        yield (report := GrowingReport(file))
        report.write(path, words)


def large_view(facts: ImageFacts, pictures: ImagePictures) -> str:
    """The large picture, its outlines over it, and a scale bar where the size of a pixel is known."""
    height, width = pictures.shape
    return (
        f'<div class="sheet" style="--ratio: {width / height:.4f}"><img src="{pictures.large}" alt="">'
        f'<img src="{pictures.outlines}" alt="">{_scale_bar(facts, width * pictures.factor)}</div>'
    )


def _scale_bar(facts: ImageFacts, width: int) -> str:
    """A bar of a round length, about a fifth of the width in pixels."""
    if not facts.pixel_um:
        return ""
    whole = width * facts.pixel_um
    length = max((each for each in ROUND_UM if each <= whole / 4), default=ROUND_UM[0])
    text = f"{length:g} µm" if length < 1000 else f"{length / 1000:g} mm"
    return f'<div class="scale" style="width: {100 * length / whole:.2f}%">{text}</div>'


ROUND_UM = tuple(step * 10.0**power for power in range(-3, 5) for step in (1, 2, 5))
"""Lengths of scale bars."""
