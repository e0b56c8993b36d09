"""Training samples: sample k of step s is a pure function of the seed, so that a resumed training sees the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import Example, Sample, draw_sample, mosaic
from cellseg.preprocess.empty import empty_sample
from cellseg.training.cell_places import CellPlaces
from cellseg.training.rare import RarePixels


@dataclass(frozen=True, slots=True)
class Batch:
    """images float32 (B, C, h, w) with the network's context, classes int64 and weights float32 (B, oh, ow)."""

    images: Tensor
    classes: Tensor
    weights: Tensor


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws batches of square samples, anywhere or around cells; larger images, or those with more cells, more often.

    Attributes:
        examples: annotated images.
        augment: how samples are changed.
        seed: all that is random follows from it.
        batch: samples of a step that this process draws.
        input_size: side of a sample.
        output_size: side of its labelled part.
        replayed: how many of the examples, the last ones, are of an earlier training.
        replay_share: share of the samples that is drawn from these.
        rare: pixels of rare classes.
        rare_share: share of the samples that is drawn around one of these.
        first: number of the first sample of a step that this process draws.
        cells: places of the cells.
        cells_share: share of the other samples that is drawn around one of these.
        empty_from: the step from which on some samples hold no object.
    """

    examples: Sequence[Example]
    augment: AugmentOptions
    seed: int
    batch: int
    input_size: int
    output_size: int
    replayed: int = 0
    replay_share: float = 0.0
    rare: RarePixels | None = None
    rare_share: float = 0.0
    first: int = 0
    cells: CellPlaces | None = None
    cells_share: float = 0.0
    empty_from: int = 0

    def draw(self, step: int) -> Batch:
        """This process's part of the batch of a step."""
        numbers = range(self.first, self.first + self.batch)
        empty = self.augment.empty if step >= self.empty_from else 0.0
        samples = [self._sample(np.random.default_rng([self.seed, step, k]), empty) for k in numbers]
        return Batch(
            torch.from_numpy(np.stack([s.image for s in samples])),
            torch.from_numpy(np.stack([s.classes for s in samples])).long(),
            torch.from_numpy(np.stack([s.weights for s in samples])),
        )

    def batches(self, start: int, stop: int) -> Iterator[Batch]:
        """Batches of steps start .. stop - 1, each made in the background while the one before is used."""
        with ThreadPoolExecutor(1) as pool:
            coming = pool.submit(self.draw, start)
            for step in range(start, stop):
                batch = coming.result()
                if step + 1 < stop:
                    coming = pool.submit(self.draw, step + 1)
                yield batch

    def _sample(self, rng: np.random.Generator, empty: float) -> Sample:
        chances = self._chances(np.array([example.classes.size for example in self.examples]))
        sizes = {"input_size": (self.input_size,) * 2, "output_size": (self.output_size,) * 2}
        if empty and rng.random() < empty:
            return empty_sample(len(self.examples[0].image), rng, **sizes, weight=self._mean_weight())
        if self.rare is not None and rng.random() < self.rare_share:
            k, centre = self.rare.draw(rng, self.examples, chances, self.output_size)
            return draw_sample(self.examples[k], rng, self.augment, **sizes, centre=centre)
        if self.cells is not None and self.cells_share and rng.random() < self.cells_share:
            shapes = [example.classes.shape for example in self.examples]
            k, centre = self.cells.draw(rng, shapes, self._chances(self.cells.counts), self.output_size)
            return draw_sample(self.examples[k], rng, self.augment, **sizes, centre=centre)
        four = bool(self.augment.mosaic) and rng.random() < self.augment.mosaic
        chosen = [self.examples[k] for k in rng.choice(len(chances), 4 if four else 1, p=chances)]
        if four:
            return mosaic(chosen, rng, self.augment, **sizes)
        return draw_sample(chosen[0], rng, self.augment, **sizes)

    def _mean_weight(self) -> float:
        """Weight of a pixel on average: an empty sample has no more say than another, of which few pixels are known."""
        total = sum(float(each.weights.sum()) for each in self.examples)
        return total / sum(each.weights.size for each in self.examples)

    def _chances(self, content: NDArray[np.int64]) -> NDArray[np.float64]:
        """(N,) how likely each example is: by its content, pixels or cells, within what is new and what is replayed."""
        chances: NDArray[np.float64] = content / content.sum()
        new = len(content) - self.replayed
        if chances[:new].any() and chances[new:].any():
            chances[:new] *= (1 - self.replay_share) / chances[:new].sum()
            chances[new:] *= self.replay_share / chances[new:].sum()
        return chances
