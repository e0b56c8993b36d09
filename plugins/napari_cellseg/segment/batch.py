"""Several images segmented into a folder, with one table of all cells and a page to look through. Knows no window.

`cellseg predict` does it, in a process of its own: memory stays flat, and no image becomes a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cellseg
from napari_cellseg.children.serving import Order
from napari_cellseg.segment.command import predict_words

TABLE, REPORT = "cells.csv", "report.html"
_WROTE, _FAILED = "wrote ", "no result: "


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """Images, the model and where the results go."""

    words: tuple[str, ...]
    """The command line, without the name of the program."""
    images: tuple[Path, ...]
    out: Path


def batch_order(orders: Sequence[Order], out: Path, options: Any) -> BatchOrder:
    """Order for the images of orders to open them, all by the same model.

    Args:
        orders: see `open_order`.
        out: folder of the results.
        options: of `cellseg predict`.

    Raises:
        InputError: they are to be read by different axes.
    """
    axes = {str(order["axes"]) for order in orders}
    if len(axes) > 1:
        names = ", ".join(sorted(name or "as the file says" for name in axes))
        raise cellseg.InputError(f"the images have different axes ({names})", "Segment those of each kind together.")
    first = orders[0]
    words = predict_words(first["model"], "", str(out), options, axes=axes.pop(), channel=first["channel"])
    images = [str(order["image"]) for order in orders]
    program, *flags = (word for word in words[1:] if word)
    at = flags.index("--out")
    summaries = ["--table", str(out / TABLE), "--report", str(out / REPORT), "--overwrite"]
    return BatchOrder((program, *flags[:at], *images, *flags[at:], *summaries), tuple(map(Path, images)), out)


@dataclass(slots=True)
class BatchProgress:
    """Progress of such an order, as its program tells it."""

    total: int
    written: list[Path] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def hear(self, line: str) -> None:
        """Take a line of what the program says."""
        if line.startswith(_WROTE) and not _is_summary(line):
            self.written.append(Path(line.removeprefix(_WROTE).strip()))
        elif line.startswith(_FAILED):
            self.failed.append(line.removeprefix(_FAILED).strip())

    @property
    def done(self) -> int:
        """Images that it is through with."""
        return len(self.written) + len(self.failed)

    def words(self, out: Path, *, running: bool) -> str:
        """Sentence on it."""
        if running:
            return f"{self.done} of {self.total} images"
        lost = f"; without a result: {'; '.join(self.failed)}" if self.failed else ""
        done = f"{len(self.written)} of {self.total} images are in {out}"
        return f"{done}, their cells in {TABLE}, all of them to look through in {REPORT}{lost}"

    def result_of(self, image: Path) -> Path | None:
        """The file with the cells of an image; None where there is none."""
        return next((path for path in self.written if image.name.startswith(f"{path.stem}.")), None)


def _is_summary(line: str) -> bool:
    """True of the line that tells of the table or of the page."""
    return any(f"{name}: " in line for name in (TABLE, REPORT))
