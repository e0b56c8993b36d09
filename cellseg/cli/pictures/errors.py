"""Errors in colour, drawn on the image where it is known."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from scipy import ndimage

from cellseg.arrays import Array, Float32
from cellseg.cli.pictures.drawing import TITLE_AT, save_picture
from cellseg.errors import InputError
from cellseg.evaluation.cases import Case
from cellseg.evaluation.judging import object_rows
from cellseg.evaluation.reading import Reader
from cellseg.evaluation.summary import ScoreValues
from cellseg.metrics import ObjectRow
from cellseg.metrics.boundary import boundary_mask
from cellseg.metrics.scores import ComparedPair, smaller_is_better
from cellseg.metrics.states import COLOURS, STATES, error_map, true_states

MOST_PANELS = 6
FILL = 0.45
SIDE = 1000
"""Pixels of an image's longer side beyond which outlines are drawn thicker."""


def choose_cases(cases: Sequence[Case], rows: Mapping[str, ScoreValues], show: str = "") -> list[Case]:
    """The cases that are drawn: those named, else the worst by the first metric; of a stack its worst planes.

    Raises:
        InputError: there is no image of that name.
    """
    drawn = [case for case in cases if case.truth is not None]
    scores = _first_scores(drawn, rows)
    ranked = sorted(filter(partial(_is_called, show), drawn), key=lambda case: scores[case.name].from_worst)
    if not ranked:
        known = ", ".join(case.name for case in drawn[:5])
        raise InputError(f"--show {show}: there is no such image with a truth", f"There are: {known}, ...")
    return sorted(_worst_planes(ranked, scores), key=cases.index)


def _worst_planes(ranked: list[Case], scores: Mapping[str, _Score]) -> list[Case]:
    """The first of these cases and other planes of its file, without those that are as good as the best of all."""
    path, best = ranked[0].prediction.source.path, scores[ranked[-1].name].value
    stack = [case for case in ranked if case.prediction.source.path == path]
    return [case for case in stack if scores[case.name].value != best][:MOST_PANELS] or stack[:1]


@dataclass(frozen=True, slots=True)
class _Score:
    """The first metric of an image."""

    value: float | None
    from_worst: float
    """The lower, the worse."""


def _first_scores(cases: Sequence[Case], rows: Mapping[str, ScoreValues]) -> dict[str, _Score]:
    """The metric that the first scored image has first, by image."""
    first = next(chain.from_iterable(rows[case.name] for case in cases), "")
    sign = -1 if smaller_is_better(first) else 1
    found = {case.name: rows[case.name] for case in cases}
    return {name: _Score(row.get(first), sign * row.get(first, math.inf)) for name, row in found.items()}


def _is_called(show: str, case: Case) -> bool:
    """A name as it is, or that of a stack; every case where none is asked for."""
    return not show or show in (case.name, case.name.rpartition("[")[0])


def draw_cases(path: Path, cases: Sequence[Case], reader: Reader) -> None:
    """A panel for each case, or for each of the worst planes of a volume; a legend with the counts of all of them."""
    panels: list[tuple[str, Float32]] = []
    counts: Counter[str] = Counter()
    for case in cases:
        compared = reader.read(case)
        rows = [row for _, row in object_rows(compared)]
        counts.update(STATES[row.kind] for row in rows)
        panels += _panels(case, compared, rows)
    size = cases[0].prediction.source.pixel_size_um
    _draw(panels[:MOST_PANELS], counts, None if size is None else size[1], path)


def paint(prediction: Array, truth: Array, rows: Sequence[ObjectRow], grey: Array | None = None) -> Float32:
    """Objects in the colour of their state: right ones as outlines, the others filled as well.

    Args:
        prediction: (H, W) labels.
        truth: (H, W) labels.
        rows: the object table of both.
        grey: (H, W) 0 to 1, what lies below; black by default.

    Returns:
        (H, W, 3) float32, 0 to 1.
    """
    state = error_map(prediction, truth, rows)
    outline = boundary_mask(prediction) | (boundary_mask(truth) & (true_states(truth, rows) > 1))
    thickness = math.ceil(max(state.shape) / SIDE) - 1
    if thickness:
        outline = ndimage.binary_dilation(outline, iterations=thickness) & (state > 0)
    strength = np.where(outline, 1.0, np.where(state > 1, FILL, 0.0 if grey is not None else FILL)) * (state > 0)
    table = np.array([(0, 0, 0), *map(to_rgb, COLOURS.values())], np.float32)
    below = np.zeros(state.shape, np.float32) if grey is None else grey.astype(np.float32)
    mixed = below[..., None] * (1 - strength[..., None]) + table[state] * strength[..., None]
    return np.asarray(mixed, np.float32)


def _panels(case: Case, compared: ComparedPair, rows: Sequence[ObjectRow]) -> list[tuple[str, Float32]]:
    assert compared.truth is not None
    if compared.truth.ndim == 2:
        return [(case.name, paint(compared.prediction, compared.truth, rows, _grey(case, 0)))]
    wrong = ((compared.prediction > 0) != (compared.truth > 0)).sum(axis=(1, 2))
    chosen = sorted(np.argsort(-wrong, kind="stable")[:MOST_PANELS].tolist())
    return [
        (f"{case.name}[{k}]", paint(compared.prediction[k], compared.truth[k], rows, _grey(case, k))) for k in chosen
    ]


def _grey(case: Case, offset: int) -> Array | None:
    """The image below, 0 to 0.8, so that outlines stand out."""
    if case.image is None:
        return None
    from cellseg.images.open import open_image

    path, plane = case.image
    image = open_image(path).read(plane + offset).mean(axis=0)
    low, high = np.percentile(image, (0.5, 99.5))
    return np.asarray(np.clip((image - low) / max(high - low, 1e-9), 0, 1) * 0.8)


def _draw(panels: Sequence[tuple[str, Float32]], counts: Counter[str], pixel_um: float | None, path: Path) -> None:
    figure, axes = _grid(len(panels), panels[0][1].shape)
    for place, (title, colours) in zip(axes, panels, strict=False):
        place.imshow(colours, interpolation="nearest" if max(colours.shape) <= SIDE else "antialiased")
        place.set_title(title, fontsize=9, y=TITLE_AT)
    if pixel_um:
        _scale_bar(axes[0], panels[0][1].shape[1], pixel_um)
    patches = [Patch(color=colour, label=f"{counts[name]} {name}") for name, colour in COLOURS.items()]
    figure.legend(handles=patches, loc="outside lower center", ncols=len(patches), frameon=False, fontsize=9)
    save_picture(figure, path)


def _grid(count: int, shape: tuple[int, ...]) -> tuple[Figure, Array]:
    """A figure with places for so many panels, three in a line, without their frames."""
    columns = min(count, 3)
    lines = math.ceil(count / columns)
    side = 6.4 if columns == 1 else 4.0
    size = side * columns, side * shape[0] / shape[1] * lines + 0.6
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for place in axes:
        place.set_axis_off()
    return figure, axes


def _scale_bar(axes: Axes, width: int, pixel_um: float) -> None:
    """A bar of 1, 2 or 5 times a power of ten micrometres, about a fifth of the width."""
    wanted = width * pixel_um / 5
    power = 10 ** math.floor(math.log10(wanted))
    length = max(step * power for step in (1, 2, 5) if step * power <= wanted)
    start, y = 0.03, 0.04
    axes.plot([start, start + length / pixel_um / width], [y, y], color="white", lw=4, transform=axes.transAxes)
    axes.text(start, y + 0.02, f"{length:g} µm", color="white", fontsize=9, transform=axes.transAxes)
