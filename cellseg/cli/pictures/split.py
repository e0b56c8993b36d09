"""The groups of a split at a glance."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from cellseg.cli.pictures.drawing import save_picture
from cellseg.cli.pictures.panels import BLUE, ORANGE
from cellseg.labels.split.files import Unit
from cellseg.labels.split.groups import Group

MOST_GROUPS, MOST_MEMBERS = 40, 6
GROUPS_ACROSS = 4
SIDE = 96
"""Pixels of a thumbnail's longer side."""


def draw_groups(units: Sequence[Unit], groups: Sequence[Group], held: Collection[str], path: Path) -> None:
    """A row of thumbnails for each group, framed by where it goes."""
    shown = sorted(groups, key=lambda group: -len(group.members))[:MOST_GROUPS]
    members = min(max(len(group.members) for group in shown), MOST_MEMBERS)
    across = min(GROUPS_ACROSS, len(shown), max(1, 16 // members))
    lines = math.ceil(len(shown) / across)
    columns = across * (members + 1) - 1
    figure = Figure(figsize=(0.8 * columns, 0.85 * lines + 0.7), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False)
    for place in axes.ravel():
        place.set_axis_off()
    for number, group in enumerate(shown):
        first = number % across * (members + 1)
        row = axes[number // across, first : first + members]
        for place, member in zip(row, group.members, strict=False):
            _draw_unit(place, units[member], ORANGE if units[member].name in held else BLUE)
        more = len(group.members) - members
        row[0].set_title(f"+{more} more" if more > 0 else "", fontsize=7, loc="left")
    _explain(figure, len(groups) - len(shown))
    save_picture(figure, path)


def _draw_unit(axes: Axes, unit: Unit, frame: str) -> None:
    axes.set_axis_on()
    axes.imshow(_thumbnail(unit), cmap="gray")
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=frame, linewidth=2.5)


def _explain(figure: Figure, left_out: int) -> None:
    """A title and a legend."""
    figure.suptitle("images of one group" + (f", {left_out} groups not shown" if left_out else ""), fontsize=9)
    patches = [Patch(color=BLUE, label="train"), Patch(color=ORANGE, label="validation")]
    figure.legend(handles=patches, loc="outside lower center", ncols=2, frameon=False, fontsize=8)


def _thumbnail(unit: Unit) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    image = unit.image.read(unit.image.planes // 2).mean(axis=0)
    step = max(1, max(image.shape) // SIDE)
    small = image[::step, ::step]
    low, high = np.percentile(small, (1, 99.5))
    return np.asarray(np.sqrt(np.clip((small - low) / max(high - low, 1e-9), 0, 1)))
