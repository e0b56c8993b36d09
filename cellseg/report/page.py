"""The page itself: plain HTML with its style, script and pictures inside, which asks no network for anything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from cellseg import __version__
from cellseg.report.charts import by_image, size_histogram
from cellseg.report.facts import ImageFacts, SizeBins
from cellseg.report.remarks import UNITS, Remark, first_to_see


@dataclass(frozen=True, slots=True)
class PageWords:
    """Words of a page that no image tells.

    Attributes:
        title: the headline.
        about: how it was made, by heading: model, options, versions.
        refused: images without a result, and why.
        records: what only the run knew of each prediction, kept for a later one; see `PredictionRecords`.
    """

    title: str
    about: Mapping[str, str]
    refused: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportPage:
    """All that the page tells, and the order of what to look at."""

    words: PageWords
    facts: Sequence[ImageFacts]
    remarks: Sequence[Sequence[Remark]]
    bins: SizeBins
    folder: Path
    """The folder in which it lies."""

    @property
    def order(self) -> list[int]:
        """Images to look at first."""
        return first_to_see(self.remarks)

    @property
    def unit(self) -> str:
        """The unit of all sizes: pixels, if images do not share another."""
        units = {each.size_unit for each in self.facts if each.cells}
        return units.pop() if len(units) == 1 else "px"

    def size(self, facts: ImageFacts, which: int = 1) -> float:
        """A quartile of the sizes of an image, in that unit."""
        return facts.sizes[which] * (facts.unit_size if self.unit == facts.size_unit else 1)

    def begin(self, first: Sequence[str]) -> str:
        """Everything above the images; `first` are the cards of those to look at first."""
        return _part("page.html").substitute(
            generator=f"cellseg {__version__}",
            title=escape(self.words.title),
            subtitle=escape(self._subtitle()),
            style=_text("page.css"),
            figures="".join(f"<div><b>{value}</b><span>{what}</span></div>" for what, value in self._figures()),
            first=self._first(first),
            refused=_refused(self.words.refused),
            charts="".join(f"<section><h3>{name}</h3>{svg}</section>" for name, svg in self._charts() if svg),
        )

    def end(self) -> str:
        """Everything below the images."""
        about = "".join(_row("th", heading, text) for heading, text in self.words.about.items())
        return _part("page_end.html").substitute(
            rows="".join(map(self._numbers, range(len(self.facts)))),
            size_unit=UNITS[self.unit],
            about=about,
            data=_data(self),
            script=_text("page.js"),
        )

    def _subtitle(self) -> str:
        return " · ".join(self.words.about[name] for name in ("Model", "Made on") if name in self.words.about)

    def _figures(self) -> list[tuple[str, str]]:
        """The numbers at the top."""
        known = [each.certainty for each in self.facts if each.certainty is not None]
        counts = self.bins.pixels if self.unit == "px" else self.bins.physical
        usual = _median_of([self.size(each) for each in self.facts if each.cells])
        cells = sum(each.cells for each in self.facts)
        found = [
            ("image" if len(self.facts) == 1 else "images", f"{len(self.facts):,}"),
            ("cell" if cells == 1 else "cells", f"{cells:,}"),
            ("median size", f"{usual:.3g} {UNITS[self.unit]}" if counts.any() else "-"),
            ("median certainty", f"{_median_of(known):.2f}" if known else "not known"),
        ]
        return [*found, ("to look at first", str(len(self.order))), *self._without()]

    def _without(self) -> list[tuple[str, str]]:
        return [("without a result", str(len(self.words.refused)))] if self.words.refused else []

    def _first(self, cards: Sequence[str]) -> str:
        if not cards:
            return '<h2>Look at these first</h2><p class="soft">Nothing stands out.</p>'
        more = len(self.order) - len(cards)
        rest = f'<p class="hint">and {more} more: order all images by what to look at first</p>' if more > 0 else ""
        return f'<h2>Look at these first</h2><div class="cards">{"".join(cards)}</div>{rest}'

    def _charts(self) -> list[tuple[str, str]]:
        names, odd = [each.name for each in self.facts], [bool(each) for each in self.remarks]
        unit = UNITS[self.unit]
        counts = self.bins.pixels if self.unit == "px" else self.bins.physical
        sizes = [self.size(each) if each.cells else None for each in self.facts]
        return [
            (f"Sizes of all cells ({unit}, logarithmic)", size_histogram(counts, unit)),
            ("Cells in each image", by_image([each.cells for each in self.facts], names, odd)),
            (f"Median size in each image ({unit})", by_image(sizes, names, odd)),
            ("Certainty of each image", by_image([each.certainty for each in self.facts], names, odd, top=1.0)),
        ]

    def _numbers(self, k: int) -> str:
        each = self.facts[k]
        low, high = (_short(self.size(each, quartile)) for quartile in (0, 2))
        cells = (
            str(each.cells),
            _short(self.size(each)),
            f"{low} - {high}" if each.cells else "",
            str(each.cut),
            "" if each.certainty is None else f"{each.certainty:.2f}",
        )
        numbers = "".join(f'<td class="n">{text}</td>' for text in cells)
        remarks = escape("; ".join(remark.text for remark in self.remarks[k]))
        return f'<tr><td><a href="#i{k}">{escape(each.name)}</a></td>{numbers}<td>{remarks}</td></tr>\n'


def card(page: ReportPage, k: int, small: str, view: str) -> str:
    """An image in the grid; its large view is not decoded before it is wanted."""
    each = page.facts[k]
    weight = sum(remark.weight for remark in page.remarks[k])
    data = {"place": k, "odd": f"{weight:.3g}", "cells": each.cells, "size": _short(page.size(each))}
    data["certainty"] = "" if each.certainty is None else f"{each.certainty:.4f}"
    attributes = " ".join(f'data-{name}="{value}"' for name, value in data.items())
    return (
        f'<figure class="card" id="i{k}" {attributes}>{_shot(k, small, each.name)}'
        f"<figcaption>{_caption(page, k)}</figcaption><template>{view}</template></figure>\n"
    )


def first_card(page: ReportPage, k: int, small: str) -> str:
    """The same at the top; its large view is the one in the grid."""
    shot = _shot(k, small, page.facts[k].name)
    return f'<figure class="card">{shot}<figcaption>{_caption(page, k)}</figcaption></figure>'


def _shot(k: int, small: str, name: str) -> str:
    return f'<button data-image="i{k}"><img loading="lazy" src="{small}" alt="{escape(name)} with outlines"></button>'


def _caption(page: ReportPage, k: int) -> str:
    each = page.facts[k]
    parts = [f"{each.cells} cell{'s' * (each.cells != 1)}"]
    parts += [f"median {_short(page.size(each))} {UNITS[page.unit]}"] if each.cells else []
    parts += [f"{each.cut} at the border"] if each.cut else []
    parts += [] if each.certainty is None else [f"certainty {each.certainty:.2f}"]
    parts += [f"plane {each.shape[0] // 2} of {each.shape[0]} (from 0) is shown"] if each.shape[0] > 1 else []
    odd = "".join(f'<span class="odd-text">{escape(remark.text)}</span>' for remark in page.remarks[k])
    return f'<b>{escape(each.name)}</b><span class="soft">{" · ".join(parts)}</span>{odd}'


def _refused(refused: Mapping[str, str]) -> str:
    if not refused:
        return ""
    rows = "".join(_row("td", name, why.removeprefix(f"{name}: ")) for name, why in refused.items())
    return f'<h2>Without a result</h2><table class="refused"><tbody>{rows}</tbody></table>'


def _row(kind: str, heading: str, text: str) -> str:
    return f"<tr><{kind}>{escape(heading)}</{kind}><td>{escape(text)}</td></tr>"


def _data(page: ReportPage) -> str:
    """Knowledge of the page, in one line for programs."""
    images = [
        {
            "name": each.name,
            "result": _beside(each.result, page.folder),
            "cells": each.cells,
            "cut_by_border": each.cut,
            "sizes_px": [None if math.isnan(size) else size for size in each.sizes],
            "certainty": each.certainty,
            "remarks": [remark.text for remark in remarks],
        }
        for each, remarks in zip(page.facts, page.remarks, strict=True)
    ]
    tree = {"images": images, "refused": dict(page.words.refused), "records": dict(page.words.records)}
    return json.dumps(tree, default=str).replace("<", "\\u003c")


def _beside(path: Path, folder: Path) -> str:
    """The path from a folder; from the root where it lies elsewhere."""
    whole = path.absolute()
    return (whole.relative_to(folder) if whole.is_relative_to(folder) else whole).as_posix()


def _median_of(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else math.nan


def _short(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


@cache
def _text(name: str) -> str:
    """A file beside this one."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


@cache
def _part(name: str) -> Template:
    return Template(_text(name))
