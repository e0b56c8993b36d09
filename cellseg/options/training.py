"""Options of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from cellseg.checked import Checked, Limits, OpenChoices
from cellseg.options.data import AugmentOptions, LabelOptions, WeightOptions
from cellseg.options.networks import NetworkOptions
from cellseg.options.shared import DiameterOption, GreyValuesOption, PrecisionOption, SeedOption, TileOption

Recipe = Literal["fast", "quick", "paper", "finetune"]
LOSS_NAMES = ("cross-entropy", "dice", "hybrid", "focal", "tversky", "iou", "ms-ssim", "focal-ms-ssim-iou")
Loss = Annotated[str, OpenChoices(LOSS_NAMES, "cellseg.losses")]
Optimiser = Literal["adamw", "sgd"]
Schedule = Literal["cosine", "constant"]
Statistics = Literal["fixed", "image"]
BestBy = Literal["last", "v_both", "v_rand", "v_info", "ap50", "iou", "pixel_error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions(Checked):
    """The training itself; a recipe decides what has no default here (`cellseg.settings_for`)."""

    recipe: Recipe = "fast"
    """fast: best result a CPU minute, on a GPU a larger network; quick: a first look after a few strokes; paper: as
    published in 2015; finetune: a tenth of fast's rate and fewer steps, the default with --from. Other options take
    precedence over the recipe's."""
    steps: Annotated[int, Limits(1, 10_000_000)]
    """Training steps."""
    seed: SeedOption = 0
    tile: TileOption
    diameter: DiameterOption | None = None
    """Default: that of the median annotated cell."""
    seen_diameter: Annotated[float, Limits(0, 10_000)] | None = None
    """Width in pixels that objects shall have for the network: images are rescaled for that, in training and in
    prediction; 0: not rescaled. Default: made smaller where objects are wider than the receptive field."""
    grey_values: GreyValuesOption
    statistics: Statistics
    """Statistics of normalisation layers: fixed: held for the second part of the training and in prediction, so that
    nothing far away changes a pixel; image: taken from each image that is predicted, as in earlier versions."""
    hold: Annotated[float, Limits(0.01, 1)] | None = None
    """Part of the steps after which fixed statistics are held. Default: 0.5; of the recipe fast where cells have
    background between them 0.9."""
    batch: Annotated[int, Limits(1, 1024)]
    """Samples a step. Four suit EM (docs/measurements.md) and strokes; one suits nuclei best."""
    rare: Annotated[float, Limits(0, 1)]
    """Share of the samples drawn around a pixel of a rare class (less than 5 % of the annotated pixels)."""
    around_cells: Annotated[float, Limits(0, 1)] = 0.0
    """Share of the samples drawn around an annotated cell, each as likely as another; the others lie anywhere."""
    replay_share: Annotated[float, Limits(0, 0.95)] = 0.5
    """Share of the samples drawn from --replay-images."""
    optimiser: Optimiser
    """Optimiser."""
    loss: Loss = "cross-entropy"
    """Loss, with a weight a pixel, 0 where nobody annotated: cross-entropy, dice, hybrid (cross-entropy + soft Dice),
    focal, tversky, iou, ms-ssim, focal-ms-ssim-iou, or one that another package brings."""
    rate: Annotated[float, Limits(1e-9, 10)]
    """Learning rate, the highest of the schedule."""
    schedule: Schedule
    """cosine: warm up over a tenth of the steps, then fall to zero; constant: stay."""
    momentum: Annotated[float, Limits(0, 0.9999)]
    """Momentum of SGD, beta1 of AdamW."""
    decay: Annotated[float, Limits(0, 1)]
    """Weight decay."""
    ema: Annotated[float, Limits(0, 0.99999)]
    """Decay of the running average of the weights, which is validated and saved; 0: the last weights."""
    class_names: str | None = None
    """Names of the classes 1, 2, ... of labels that number classes, with commas between, such as neuron,glia. Default:
    their numbers."""
    validation: Annotated[float, Limits(0, 1_000_000)] = 0.1
    """Images held out, the last of the set: a part of them (below 1) or their number; none with --validation-images."""
    validate_every: Annotated[int, Limits(1, 10_000_000)]
    """Steps between two validations."""
    best_by: BestBy | None = None
    """Score by which the best of the validated models is kept, and of equals by mean AP, IoU and loss; last: the last
    one. Default: v_both, the geometric mean of v_rand and v_info, where several cells fill the image, else ap50, or iou
    of several classes and of strokes in cells; by v_both and of strokes the last within 0.01 of the best is kept."""
    patience: Annotated[int, Limits(0, 1_000_000)] = 0
    """Validations in a row without a better score after which the training ends; 0: it never does. Those as good as the
    best one can be do not count."""
    save_every: Annotated[float, Limits(0, 86400)] = 20.0
    """Seconds between two checkpoints, for --resume."""
    precision: PrecisionOption | None
    """Default: bfloat16 where the processor or GPU computes with it, else float32."""
    threads: Annotated[int, Limits(1, 1024)] | None = None
    """Processor threads. Default: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainSettings:
    """All options of a training, by stage; `cellseg.settings_for` makes them."""

    train: TrainOptions
    network: NetworkOptions
    labels: LabelOptions
    weights: WeightOptions
    augment: AugmentOptions
