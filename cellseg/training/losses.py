"""Losses as pure functions with the weight map as an argument.

All take logits (B, classes, H, W), classes (B, H, W) int64 and weights (B, H, W) float32, and give a number to be
minimised. A pixel of weight 0 has no gradient, whatever stands beside it. p is the softmax of the logits over classes,
g is 1 at the true class and else 0, w the weights, N the number of pixels.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, log_softmax, one_hot

from cellseg.errors import InputError
from cellseg.extensions import load_extension
from cellseg.models.network import Heads
from cellseg.options import Loss
from cellseg.training.several import summed
from cellseg.training.ssim import ms_ssim

LossFunction = Callable[[Tensor, Tensor, Tensor], Tensor]
SMOOTH = 1.0
"""Pixels added to both parts of a ratio, so that a class that is nowhere costs nothing where nothing is predicted."""


def weighted_cross_entropy(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """Energy a pixel: -1/N * sum over x of w(x) * log(p_k(x)), k the true class.

    Source: Ronneberger et al. 2015, equation 1, with the sign turned and divided by the number N of pixels,
    so that the learning rate does not depend on the tile.
    """
    return (cross_entropy(_wide(logits), classes, reduction="none") * weights).mean()


def focal(logits: Tensor, classes: Tensor, weights: Tensor, gamma: float = 2.0) -> Tensor:
    """-1/N * sum over x of w(x) * (1 - p_k(x))^gamma * log(p_k(x)): pixels that are already right count less.

    Source: Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017, arXiv 1708.02002, equation 4.
    """
    log_p = log_softmax(_wide(logits), dim=1).gather(1, classes[:, None])[:, 0]
    return -((1 - log_p.exp()) ** gamma * log_p * weights).mean()


def soft_dice(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """1 - mean over classes of (2 sum(w p g) + s) / (sum(w p) + sum(w g) + s).

    Source: Milletari et al.: V-Net, 3DV 2016, arXiv 1606.04797, without its squares.
    """
    return tversky(logits, classes, weights, missed=0.5, added=0.5)


def iou(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """1 - mean over classes of (sum(w p g) + s) / (sum(w p) + sum(w g) - sum(w p g) + s).

    Source: Rahman, Wang: Optimizing Intersection-Over-Union in Deep Neural Networks, ISVC 2016, equation 4.
    """
    return tversky(logits, classes, weights, missed=1.0, added=1.0)


def tversky(logits: Tensor, classes: Tensor, weights: Tensor, missed: float = 0.7, added: float = 0.3) -> Tensor:
    """1 - mean over classes of (t + s) / (t + missed * sum(w (1 - p) g) + added * sum(w p (1 - g)) + s).

    t is sum(w p g). With `missed` above 0.5, what is missed costs more than what is added. Half and half is Dice, one
    and one IoU.

    Source: Salehi et al.: Tversky loss function for image segmentation, MLMI 2017, arXiv 1706.05721, equation 3.
    """
    p, g = _probabilities(logits, classes)
    parts = [(weights[:, None] * part).sum((0, 2, 3)) for part in (p * g, (1 - p) * g, p * (1 - g))]
    both, only_true, only_found = summed(torch.stack(parts))
    s = SMOOTH / 2
    ratios: Tensor = (both + s) / (both + missed * only_true + added * only_found + s)
    return 1 - ratios.mean()


def structural(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """1 - MS-SSIM of p and g: local means, variances and correlations at several scales. See `ms_ssim`."""
    p, g = _probabilities(logits, classes)
    return 1 - ms_ssim(p, g, weights)


def together(*parts: LossFunction) -> LossFunction:
    """The sum of several losses."""

    def total(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
        return torch.stack([part(logits, classes, weights) for part in parts]).sum()

    return total


LOSSES: dict[Loss, LossFunction] = {
    "cross-entropy": weighted_cross_entropy,
    "dice": soft_dice,
    "hybrid": together(weighted_cross_entropy, soft_dice),  # U-Net++, Zhou et al. 2020, equation 3
    "focal": focal,
    "tversky": tversky,
    "iou": iou,
    "ms-ssim": structural,
    "focal-ms-ssim-iou": together(focal, structural, iou),  # U-Net 3+, Huang et al. 2020, section 2.2
}


def loss_function(name: Loss) -> LossFunction:
    """The loss of this name, also one that another package brings. Raises InputError where it is no function."""
    found = LOSSES.get(name) or load_extension("cellseg.losses", name)
    if not callable(found):
        raise InputError(f"what a package brings as the loss {name!r} is no function", "See docs/extending.md.")
    return found


def total_loss(output: Tensor | Heads, classes: Tensor, weights: Tensor, loss: Loss) -> Tensor:
    """The loss of what a network gives while it is trained: the mean over its heads, and that of its guidance."""
    heads, presence = output if isinstance(output, Heads) else ([output], None)
    function = loss_function(loss)
    found = torch.stack([function(logits, classes, weights) for logits in heads]).mean()
    return found if presence is None else found + presence_loss(presence, classes, weights)


def presence_loss(presence: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """Binary cross-entropy of whether each class but the background is in a sample.

    Args:
        presence: logits (B, classes - 1).
        classes, weights: as above. Where some pixels are ignored, that a class is not among the others says nothing.

    Source: Huang et al. 2020, section 2.3.
    """
    known = weights > 0
    found = one_hot(torch.where(known, classes, 0), presence.shape[1] + 1).amax((1, 2))[:, 1:].to(presence)
    certain = torch.maximum(found, known.all(-1).all(-1)[:, None].to(found))
    return (binary_cross_entropy_with_logits(_wide(presence), found, reduction="none") * certain).mean()


def _probabilities(logits: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """p and g, (B, classes, H, W)."""
    p = _wide(logits).softmax(dim=1)
    return p, one_hot(classes, p.shape[1]).movedim(-1, 1).to(p)


def _wide(logits: Tensor) -> Tensor:
    """Logits in float32, or double where they are."""
    return logits if logits.dtype == torch.double else logits.float()
