"""Charts of a page, as SVG: a histogram of sizes, and a value for each image."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from cellseg.arrays import Float64, Int64
from cellseg.report.facts import LOWEST, STEPS

WIDTH, HEIGHT = 420, 150
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 8, 26
"""Margins around what is drawn, in the units of the chart."""
MOST_TICKS = 7
TAIL = 0.002
"""Part of the cells at each end that a histogram leaves out."""


def size_histogram(counts: Int64, unit: str) -> str:
    """A histogram of sizes, which are binned by their logarithm as `SizeBins` does; empty without cells."""
    if not counts.any():
        return ""
    share = np.cumsum(counts) / counts.sum()
    first, last = int(np.searchsorted(share, TAIL)), int(np.searchsorted(share, 1 - TAIL))
    first, last = first - (first % 2), last + 1  # two bins are one bar
    bars = np.add.reduceat(counts[first : last + 1], np.arange(0, last + 1 - first, 2))
    width = (WIDTH - LEFT - RIGHT) / len(bars)
    shapes = [
        _bar(LEFT + k * width, width, float(count / bars.max()), f"{count} cells of {_size(first + 2 * k)} {unit}")
        for k, count in enumerate(bars.tolist())
    ]
    per_bin = width / 2
    ticks = [(LEFT + ((np.log10(value) - LOWEST) * STEPS - first) * per_bin, f"{value:g}") for value in _round_values()]
    inside = [(x, text) for x, text in ticks if LEFT <= x <= WIDTH - RIGHT]
    few = inside if len(inside) <= MOST_TICKS else [(x, text) for x, text in inside if text.strip("0.e+-") == "1"]
    return _chart([*shapes, *_ticks(few), *_heights([0, int(bars.max())], int(bars.max()))])


def by_image(
    values: Sequence[float | None], names: Sequence[str], odd: Sequence[bool], top: float | None = None
) -> str:
    """A dot for each image in their order, linked to it; odd ones stand out, and a band shows the middle half.

    `top` is the upper end of the axis; by default the largest value.
    """
    known = np.array([np.nan if value is None else value for value in values], float)
    if np.isnan(known).all():
        return ""
    highest = top or float(np.nanmax(known)) or 1.0
    low, high = np.nanpercentile(known, (25, 75)).tolist()
    band = (
        f'<rect class="band" x="{LEFT}" y="{_y(high / highest):.1f}" width="{WIDTH - LEFT - RIGHT}" '
        f'height="{max(_y(low / highest) - _y(high / highest), 1):.1f}"/>'
    )
    dots = [_dot(k, known, highest, names[k], odd[k]) for k in np.flatnonzero(~np.isnan(known)).tolist()]
    return _chart([band, *dots, *_heights([0, highest], highest)])


def _dot(k: int, values: Float64, highest: float, name: str, odd: bool) -> str:
    x = LEFT + (k + 0.5) * (WIDTH - LEFT - RIGHT) / len(values)
    title = escape(f"{name}: {values[k]:.3g}")
    kind = ' class="odd"' if odd else ""
    place = f'cx="{x:.1f}" cy="{_y(values[k] / highest):.1f}" r="3.2"'
    return f'<a href="#i{k}"><circle{kind} {place}><title>{title}</title></circle></a>'


def _bar(x: float, width: float, part: float, title: str) -> str:
    top = _y(part)
    size = f'width="{max(width - 1, 0.5):.1f}" height="{HEIGHT - BOTTOM - top:.1f}"'
    return f'<rect class="bar" x="{x:.1f}" y="{top:.1f}" {size}><title>{escape(title)}</title></rect>'


def _y(part: float) -> float:
    """Height of a value, as part of the highest."""
    return TOP + (1 - part) * (HEIGHT - TOP - BOTTOM)


def _heights(values: Sequence[float], highest: float) -> list[str]:
    return [
        f'<text x="{LEFT - 6}" y="{_y(value / highest) + 4:.1f}" text-anchor="end">{value:.3g}</text>'
        for value in values
    ]


def _ticks(places: Sequence[tuple[float, str]]) -> list[str]:
    return [f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{text}</text>' for x, text in places]


def _chart(shapes: Sequence[str]) -> str:
    base = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>'
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{base}{"".join(shapes)}</svg>'


def _size(place: int) -> str:
    """The two bins from this one on, in words."""
    low, high = (10 ** (LOWEST + k / STEPS) for k in (place, place + 2))
    return f"{low:.3g} to {high:.3g}"


def _round_values() -> list[float]:
    return [step * 10.0**power for power in range(LOWEST, 12) for step in (1, 2, 5)]
