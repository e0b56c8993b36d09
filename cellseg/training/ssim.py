"""MS-SSIM of maps of probabilities, in which ignored pixels do not exist.

SSIM compares two maps within Gaussian windows: l = (2 mx my + c1) / (mx^2 + my^2 + c1) the means,
cs = (2 sxy + c2) / (sx^2 + sy^2 + c2) contrast and structure; MS-SSIM = l_M^a_M * product over scales j of cs_j^a_j,
each halved from the one before. Here each factor s is taken as (1 + s) / 2, so that maps that contradict one another
(s below 0, which has no power) still have a gradient.

Windows that reach over ignored pixels or over the edge take the mean of the others, so that an ignored pixel has no
gradient and maps may have any size.

Source: Wang, Simoncelli, Bovik: Multi-scale structural similarity for image quality assessment, Asilomar 2003.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
C1, C2 = 0.01**2, 0.03**2
LEAST = 1e-4
"""Similarities and sums are taken to be at least this, so that there is a ratio and a power of them."""


def ms_ssim(p: Tensor, g: Tensor, weights: Tensor) -> Tensor:
    """The mean over classes of the MS-SSIM of two maps of values from 0 to 1.

    Args:
        p, g: (B, classes, H, W).
        weights: (B, H, W); pixels of 0 are ignored, the others count by their weight.

    Scales at which the window is larger than the map are left out, and the exponents of the others add up to 1.
    """
    x, y, w = (_planes(a, p) for a in (p, g, weights[:, None].expand_as(p)))
    scales = [k for k in range(len(EXPONENTS)) if k == 0 or min(x.shape[-2:]) >> k >= WINDOW]
    total = sum(EXPONENTS[k] for k in scales)
    found = torch.ones(p.shape[:2], dtype=p.dtype, device=p.device)
    for k in scales:
        luminance, structure = _similarity(x, y, (w > 0).to(x))
        similar = luminance * structure if k == scales[-1] else structure
        mean = (similar * w).sum((1, 2, 3)) / w.sum((1, 2, 3)).clamp(min=LEAST)
        found = found * ((1 + mean) / 2).clamp(min=LEAST).view_as(found) ** (EXPONENTS[k] / total)
        x, y, w = _halved(x, y, w)
    known = (weights > 0).any(-1).any(-1)[:, None].to(found)
    return (found * known + 1 - known).mean()


def _planes(a: Tensor, like: Tensor) -> Tensor:
    return a.to(like).reshape(-1, 1, *a.shape[-2:])


def _similarity(x: Tensor, y: Tensor, known: Tensor) -> tuple[Tensor, Tensor]:
    """l and cs at each pixel of planes (P, 1, H, W)."""
    x, y = x * known, y * known
    inside = _window(known).clamp(min=LEAST)
    mx, my, xx, yy, xy = (_window(a) / inside for a in (x, y, x * x, y * y, x * y))
    luminance = (2 * mx * my + C1) / (mx * mx + my * my + C1)
    structure = (2 * (xy - mx * my) + C2) / ((xx - mx * mx).clamp(min=0) + (yy - my * my).clamp(min=0) + C2)
    return luminance, structure


def _window(x: Tensor) -> Tensor:
    """Gaussian sums around each pixel of (P, 1, H, W)."""
    line = torch.arange(WINDOW, dtype=x.dtype, device=x.device) - WINDOW // 2
    line = torch.exp(-(line**2) / (2 * SIGMA**2))
    line = line / line.sum()
    x = conv2d(x, line.view(1, 1, -1, 1), padding=(WINDOW // 2, 0))
    return conv2d(x, line.view(1, 1, 1, -1), padding=(0, WINDOW // 2))


def _halved(x: Tensor, y: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Means of 2 x 2 pixels, over those that are known."""
    known = (w > 0).to(x)
    part = avg_pool2d(known, 2, ceil_mode=True).clamp(min=LEAST)
    x, y = (avg_pool2d(a * known, 2, ceil_mode=True) / part for a in (x, y))
    return x, y, avg_pool2d(w, 2, ceil_mode=True)
