"""Events of a training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellseg.models.trained import TrainedModel
from cellseg.training.data import Annotated


@dataclass(frozen=True, slots=True, eq=False)
class PredictedImage:
    """An annotated image and the probabilities (classes, H, W) that a model gives its pixels."""

    image: Annotated
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Started:
    """Before the first step: from which step of how many, on how many images, with samples of which size.

    `notes` are sentences on images held out that tell little about a model.
    """

    step: int
    steps: int
    images: int
    validation_images: int
    input_size: int
    output_size: int
    parameters: int
    notes: tuple[str, ...] = ()


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
class Compared:
    """Before the first step of a fine-tuning: the scores of the model it goes on from, by metric."""

    scores: dict[str, float]


@dataclass(frozen=True, slots=True)
class Validating:
    """Progress of a validation, told a few times a second: a part of its work that goes on, and how much is done."""

    step: int
    stage: Literal["predicting", "searching the cut", "scoring"]
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Validated:
    """Scores of the model on the images held out, by metric.

    Attributes:
        step: after which it was validated.
        scores: means over the images; empty where none are held out.
        model: with its threshold chosen.
        kept: whether it is the one to keep so far: the best one, or the last one where that was asked for or no other
            can be chosen (old images alone would choose the model that has learnt least).
        seen: some of these images (or of those learnt from) with what the model gives them, for pictures.
    """

    step: int
    scores: dict[str, float]
    model: TrainedModel
    kept: bool
    seen: tuple[PredictedImage, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint of this step is on disk."""

    step: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The best model, and all there is to know of it.

    Attributes:
        step: the last one.
        scores: of the model on the images held out.
        model: its threshold is chosen on these images, or without any on images it has learnt from.
        chosen: step of the model.
        best_by: metric by which it was chosen; "last" where it is that of the last step.
        images: the scores of each image held out, by name.
        seen: some images with what the model gives them.
        before: the scores of the model that was gone on from.
    """

    step: int
    scores: dict[str, float]
    model: TrainedModel
    chosen: int
    best_by: str
    images: tuple[tuple[str, dict[str, float]], ...]
    seen: tuple[PredictedImage, ...]
    before: dict[str, float]


@dataclass(frozen=True, slots=True)
class Paused:
    """The training waits, for the word pause in the control file; told every few seconds."""

    control: Path
    first: bool
    """Whether it was not told before."""


@dataclass(frozen=True, slots=True)
class Continued:
    """The training waits no longer."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A word in the control file that is none of those known."""

    control: Path
    word: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of a training that was asked to stop; its checkpoint is in the run folder, if there is one."""

    run: Path | None


ControlEvent = Paused | Continued | NotUnderstood
Event = Started | Weighed | Compared | Stepped | Validating | Validated | Saved | Finished | ControlEvent | Stopped
