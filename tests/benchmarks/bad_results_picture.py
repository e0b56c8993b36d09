"""Picture of docs/bad-results.md: results that are wrong in six ways, each made by a wrong option or a bad image.

python tests/benchmarks/bad_results_picture.py docs/pictures/bad-results.png
"""

import sys
from pathlib import Path

import numpy as np
from scipy import ndimage

import cellseg
from cellseg.cli.pictures.drawing import outlined
from cellseg.cli.pictures.panels import draw_panels

SIDE = 180


def nuclei():
    """Nuclei in pairs that touch, uint8."""
    rng, (y, x) = np.random.default_rng(5), np.mgrid[:SIDE, :SIDE]
    image, free = np.zeros((SIDE, SIDE)), np.ones((SIDE, SIDE), bool)
    for top, left, turn, light in rng.uniform((12, 12, 0, 0.6), (SIDE - 12, SIDE - 12, np.pi, 1), (400, 4)):
        if free[int(top), int(left)]:
            for sign in (-1, 1):
                away = np.hypot(y - top - 9 * sign * np.sin(turn), x - left - 9 * sign * np.cos(turn))
                image = np.maximum(image, light / (1 + np.exp((away - 9.5) / 0.8)))
                free &= away > 34
    return np.clip(30 + 140 * image + rng.normal(0, 4, image.shape), 0, 255).astype(np.uint8)


def dim_beside_bright(image):
    """The left half eight times as bright as the right one."""
    lit = image.astype(np.uint16)
    lit[:, : SIDE // 2] *= 8
    return lit


def with_debris(image):
    """The image with specks of dirt."""
    dirt = np.zeros(image.shape)
    dirt.flat[np.random.default_rng(1).choice(image.size, 40, replace=False)] = 1
    return np.clip(image + 2500 * ndimage.gaussian_filter(dirt, 1.6), 0, 255).astype(np.uint8)


def large_and_spotted(image):
    """Four times as large, with bright spots in the nuclei."""
    large = ndimage.zoom(image[:48, 40:88].astype(float), SIDE / 48, order=1)
    spots = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=large.shape), 4)
    return np.clip(large * (1 + 6 * spots * (large > 80)), 0, 255).astype(np.uint8)


def coarse(image):
    """The image at a fifth of its size, enlarged again."""
    return ndimage.zoom(ndimage.zoom(image, 0.2, order=1), 5, order=0)[:SIDE, :SIDE]


def _bright(image):
    return np.clip(image / np.quantile(image, 0.95), 0, 1)


def picture(path):
    image = nuclei()
    wrong = (
        ("as it should be", image, {}),
        ("merged", image, {"threshold": 0.2, "core": 0.2, "split": "none"}),
        ("split", large_and_spotted(image), {"diameter": 20}),
        ("too few", dim_beside_bright(image), {}),
        ("specks", with_debris(image), {"minimum_size": 0}),
        ("rough outlines", coarse(image), {}),
    )
    found = [cellseg.segment_array("nuclei", shown, **how) for _, shown, how in wrong]
    panels = [
        (title, outlined(_bright(shown), cells), "") for (title, shown, _), cells in zip(wrong, found, strict=True)
    ]
    draw_panels(panels, path)


if __name__ == "__main__":
    picture(Path(sys.argv[1]))
