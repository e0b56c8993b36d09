"""Losses as pure functions with the weight map as an argument."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy


def weighted_cross_entropy(logits: Tensor, classes: Tensor, weights: Tensor) -> Tensor:
    """Energy a pixel: -1/N * sum over x of w(x) * log(p_k(x)), k the true class, p the softmax over classes.

    Args:
        logits: (B, classes, H, W).
        classes: (B, H, W), int64.
        weights: (B, H, W), float32; a pixel of weight 0 has no gradient.

    Source: Ronneberger et al. 2015, equation 1, with the sign turned and divided by the number N of pixels,
    so that the learning rate does not depend on the tile.
    """
    return (cross_entropy(logits.float(), classes, reduction="none") * weights).mean()
