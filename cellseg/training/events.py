"""What `train` yields."""

from __future__ import annotations

from dataclasses import dataclass

from cellseg.models.trained import TrainedModel


@dataclass(frozen=True, slots=True)
class Started:
    """Before the first step: from which step of how many, on how many images, with samples of which size."""

    step: int
    steps: int
    images: int
    validation_images: int
    input_size: int
    output_size: int
    parameters: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """Before the first step, for each image: how many have their weight map, and how many of these an earlier one."""

    done: int
    total: int
    reused: int


@dataclass(frozen=True, slots=True)
class Stepped:
    """One step done: its loss, its learning rate, the seconds it took."""

    step: int
    steps: int
    loss: float
    rate: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Validated:
    """Scores of the model on the images held out, by metric."""

    step: int
    scores: dict[str, float]
    model: TrainedModel


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint of this step is on disk."""

    step: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The model, its threshold chosen on training images, and its scores on the images held out."""

    step: int
    scores: dict[str, float]
    model: TrainedModel


Event = Started | Weighed | Stepped | Validated | Saved | Finished
