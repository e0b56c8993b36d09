"""The cut of a model tuned on probabilities and their ground truth, by the chooser that trainings use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellseg.arrays import Float32
from cellseg.errors import InputError
from cellseg.evaluation.cases import Case, find_cases, predicted_planes
from cellseg.evaluation.choose_cut import Search, are_outlined, curve_of, search_cut
from cellseg.evaluation.cut_scores import CutScores, PredictedPlane, is_dense
from cellseg.evaluation.judging import labels_of
from cellseg.evaluation.reading import (
    Reader,
    Truth,
    are_probabilities,
    check_sizes,
    kind_of_truth,
    read_probability,
)
from cellseg.evaluation.stroke_cut import balanced_score
from cellseg.evaluation.windows import spread, windows_of
from cellseg.images.made import made_by_cellseg
from cellseg.images.source import ImageSource
from cellseg.inference.instances import label_instances
from cellseg.labels.meaning import MOST_CLASSES_DETECTED, LabelPlane
from cellseg.labels.results import refuse_as_probabilities
from cellseg.metrics import annotated_only
from cellseg.metrics.candidates import THRESHOLDS
from cellseg.models.card import CUT, ModelCard, model_file, read_card, shipped_files, store_card
from cellseg.options import EvaluateOptions, LabelOptions, TruthOptions
from cellseg.preprocess.cells import numbered
from cellseg.steps import finished

PLAIN = ModelCard(name="", options={})
WANTED = "Give the probabilities of one class, as cellseg predict --result probabilities writes them."
HALF = 0.5
"""Probability from which on a cell counts as predicted where nobody annotated."""

TUNED_PIXELS = 1 << 26
"""Pixels on which a cut is tuned at most; the search takes some microseconds for each."""
LEAST_SHOWN = 1 << 18
"""Pixels of a plane that are looked at in any case."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """The best cut, in pixels of the images."""

    metric: str
    value: float
    """The score of the cut."""
    card: ModelCard
    curve: tuple[tuple[float, float], ...]
    """Score with each threshold and the rest of the cut as it is."""
    images: int

    @property
    def cut(self) -> dict[str, float]:
        """The cut by the names of the card's fields."""
        return {name: getattr(self.card, name) for name in CUT}


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """Planes on which the cut is tuned, and their reader."""

    cases: tuple[Case, ...]
    reader: Reader
    pixels: int = TUNED_PIXELS
    """Pixels of a plane that are looked at, at most: windows of a larger one."""
    left_out: int = 0
    """Cases that are not looked at, for there are many."""

    def examples(self) -> Iterator[PredictedPlane]:
        """The planes of each case with their probabilities; reads one case at a time.

        Raises:
            InputError: values that are no probabilities or no labels, or different sizes.
        """
        for case in self.cases:
            truth = self.reader.read_truth(case)
            probability = read_probability(case.prediction)
            check_sizes(truth, probability)
            for one in _examples(self.reader, truth, probability):
                yield from _shown(one, self.pixels)

    def note(self) -> str:
        """Sentence on what is left out; empty where nothing is."""
        sources = [case.prediction.source for case in self.cases]
        large = sum(source.height * source.width > self.pixels for source in sources)
        windows = f"windows of {large} of them, {self.pixels / 1e6:.1f} megapixels each" if large else ""
        fewer = f"{self.left_out} of {self.left_out + len(self.cases)} images are left out" if self.left_out else ""
        return "; ".join(part for part in (fewer, windows) if part)


def plan_tuning(
    probabilities: str | Path,
    truth: str | Path,
    planes: str = "",
    options: TruthOptions = TruthOptions(),
    labels: LabelOptions = LabelOptions(),
) -> Tuning:
    """Pair probabilities with their truth.

    Args:
        probabilities: a TIFF, a folder or a glob with the probability of one class.
        truth: the same for numbered cells or masks, or the CTC's 01_GT or 01_ST.
        planes: only some of the pairs, such as 20:24.
        options: what of the truth counts.
        labels: how the truth is read.

    Raises:
        InputError: nothing there, a partner is missing, several classes, or labels instead of probabilities.
    """
    cases = [case for case in find_cases(str(probabilities), str(truth), planes) if case.truth is not None]
    _check_probabilities(cases)
    labels = labels_of(truth, labels)
    kind = kind_of_truth(cases, labels)
    if kind == "classes":
        found = "the truth holds several classes, of which each pixel has the most probable one"
        raise InputError(found, "A cut is for cells and background; or say --labels-are instances.")
    return bounded(Tuning(tuple(cases), Reader(None, kind, EvaluateOptions(**asdict(options)), labels)))


def bounded(plan: Tuning) -> Tuning:
    """The plan with fewer cases and windows of large planes, so that `TUNED_PIXELS` are looked at in all."""
    sizes = [len(c.prediction.numbers) * c.prediction.source.height * c.prediction.source.width for c in plan.cases]
    planes = sum(len(case.prediction.numbers) for case in plan.cases)
    if sum(sizes) <= TUNED_PIXELS:
        return plan
    count = max(1, int(TUNED_PIXELS * len(plan.cases) / planes / min(sum(sizes) / planes, LEAST_SHOWN)))
    cases = spread(plan.cases, count)
    pixels = max(LEAST_SHOWN, TUNED_PIXELS // sum(len(case.prediction.numbers) for case in cases))
    return replace(plan, cases=tuple(cases), pixels=pixels, left_out=len(plan.cases) - len(cases))


def tune(examples: Sequence[PredictedPlane], card: ModelCard = PLAIN) -> Tuned:
    """The result of `tuning_steps`."""
    return finished(tuning_steps(examples, card))


def tuning_steps(examples: Sequence[PredictedPlane], card: ModelCard = PLAIN) -> Search[Tuned]:
    """Choose the cut of the best score; the card is that of the model, for what is not tuned.

    Args:
        examples: planes with their probabilities (2, H, W).
        card: its `scale` tells how much larger than in these planes its cut is counted.

    Yields after each trial of a cut on a plane.
    """
    truths = [one.truth for one in examples]
    chosen = yield from search_cut(replace(card, scale=1.0), examples)
    if not are_outlined(truths):
        return _tuned_by_pixels(chosen, examples)
    dense = is_dense(truths)
    curve = yield from curve_of(chosen, CutScores(examples, dense))
    value = curve[THRESHOLDS.index(chosen.threshold)]
    return Tuned("v_both" if dense else "mean_ap", value, chosen, _by_threshold(curve), len(examples))


def _tuned_by_pixels(chosen: ModelCard, examples: Sequence[PredictedPlane]) -> Tuned:
    """The score of a cut where the truth has no whole cells."""
    curve = [balanced_score(examples, threshold) for threshold in THRESHOLDS]
    value = curve[THRESHOLDS.index(chosen.threshold)]
    return Tuned("balanced", value, chosen, _by_threshold(curve), len(examples))


def _by_threshold(curve: Sequence[float]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(THRESHOLDS, curve, strict=True))


def own_model(path: Path) -> tuple[Path, ModelCard]:
    """The file of a model whose cut may be stored, and its card.

    Raises:
        InputError: no model, one that comes with the package, or one of several classes.
    """
    file = model_file(path)
    if file in shipped_files().values():
        found = "comes with cellseg and is not changed"
        raise InputError(found, "Copy it, and give the copy to --store and to `cellseg predict`.", path=file)
    card = read_card(file)
    if len(card.class_names) != 2:
        found = f"tells {len(card.class_names)} classes apart, each pixel has the most probable one"
        raise InputError(found, "A cut is for models of cells and background.", path=file)
    return file, card


def store_cut(file: Path, card: ModelCard, found: Tuned) -> ModelCard:
    """Give a model file the whole cut that was found; its weights stay as they are. Returns the new card.

    The card counts pixels as the network sees them, `card.scale` times larger than in the image.

    Raises:
        InputError: the file cannot be written.
    """
    times, cut = card.scale, found.card
    told = {"metric": found.metric, "value": found.value, "images": found.images}
    stored = replace(
        card,
        threshold=cut.threshold,
        core=cut.core,
        grow=round(cut.grow * times),
        minimum_size=round(cut.minimum_size * times**2),
        minimum_probability=cut.minimum_probability,
        fill_holes=round(cut.fill_holes * times**2),
        split=cut.split * times,
        training={**card.training, "tuned": told},
    )
    store_card(file, stored)
    return stored


def _check_probabilities(cases: Sequence[Case]) -> None:
    source = cases[0].prediction.source
    for case in cases:
        refuse_as_probabilities(case.prediction.source)
    if source.channels > 1:
        raise InputError(f"holds {source.channels} classes", WANTED, path=source.path)
    planes = predicted_planes(cases)
    if not are_probabilities(planes) and not _are_bytes(planes):
        raise InputError("holds labels", WANTED, path=source.path)


def _are_bytes(planes: Sequence[tuple[ImageSource, int]]) -> bool:
    """Probabilities from 0 to 255: cellseg wrote them, and its class numbers are lower."""
    return _is_ours(planes[0][0]) and any(int(one.read(k).max()) > MOST_CLASSES_DETECTED for one, k in planes)


def _is_ours(source: ImageSource) -> bool:
    """A file of bytes that cellseg wrote."""
    return source.dtype == np.uint8 and source.path is not None and made_by_cellseg(source.path)


def _examples(reader: Reader, truth: Truth, probability: Float32) -> Iterator[PredictedPlane]:
    """The planes of one case; ignored is what does not count in an evaluation either."""
    assert truth.labels is not None
    cells, unknown = truth.cells_that_count, truth.labels[2] | _in_strip(truth)
    partial, sides = reader.is_partial(truth), (-1, *cells.shape[-2:])
    for true, ignored, cell in zip(*(a.reshape(sides) for a in (cells, unknown, probability)), strict=True):
        aside = _unannotated(cell, true) if partial else np.zeros(cell.shape, np.bool_)
        instances = numbered(np.where(ignored, 0, true))
        plane = LabelPlane(instances, (instances > 0).astype(np.uint8), ignored | aside)
        yield PredictedPlane(plane, np.stack([1 - cell, cell]))


def _shown(one: PredictedPlane, pixels: int) -> Iterator[PredictedPlane]:
    """The plane, or windows of a larger one with so many pixels in all."""
    windows = windows_of(one.truth, pixels)
    if windows[0].shape == one.truth.ignore.shape:
        yield one
        return
    for window in windows:
        yield PredictedPlane(window.of(one.truth), one.probabilities[:, window.rows, window.columns].copy())


def _in_strip(truth: Truth) -> NDArray[np.bool_]:
    """Pixels of the strip at the edge that belong to no cell that counts."""
    cells = truth.cells_that_count
    outside = np.ones(cells.shape, np.bool_)
    inner = slice(truth.border, -truth.border or None)
    outside[..., inner, inner] = False
    return np.asarray(outside & (cells == 0))


def _unannotated(probability: Float32, cells: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels (H, W) of predicted cells that belong to no annotated one."""
    predicted = label_instances(probability >= HALF)
    return np.asarray((predicted > 0) & (annotated_only(predicted, cells) == 0) & (cells == 0))
