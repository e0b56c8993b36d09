"""Encodings told by shapes: outlines, strokes, masks upside down, stacks labelled in part."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .conftest import pairs_of, report_on


def codes(images, labels, **options) -> dict[str, str]:
    return {f.code: f.severity for f in report_on(pairs_of(images, labels), **options).findings}


def test_outlines_are_told(samples):
    images, labels = samples["blobs"]
    inside = np.stack([ndimage.binary_erosion(plane > 0) for plane in labels])
    lines = np.where((labels > 0) & ~inside, 255, 0).astype(np.uint8)
    assert codes(images, lines)["outlines"] == "warning"
    assert "outlines" not in codes(images, np.where(labels > 0, 255, 0).astype(np.uint8))


def test_strokes_are_told(samples):
    images, labels = samples["blobs"]
    strokes = np.zeros_like(labels, np.uint8)
    for y in range(6, 250, 16):
        strokes[:, y : y + 3] = np.where(labels[:, y : y + 3] > 0, 2, 1)
    strokes[:, :, ::40] = 0
    told = codes(images, strokes)
    assert "strokes" in told or "background-label" in told or "no-background" in told


def test_cells_without_a_label_are_told_in_a_stack_whose_ids_go_on(samples):
    images, labels = samples["blobs"]
    few = np.where(np.isin(labels[0], np.unique(labels[0])[1::3]), labels[0], 0)
    noise = np.random.default_rng(0).integers(0, 3, (4, *few.shape)).astype(images.dtype)
    stack = np.minimum(images[0], 250) + noise
    report = report_on(pairs_of(stack, np.stack([few] * 4)))
    assert report.plan.volume
    assert "unlabelled" in {finding.code for finding in report.findings}


def test_masks_that_are_all_upside_down_are_told_with_the_remedy(samples):
    images, labels = samples["blobs"]
    masks = np.where(labels > 0, 0, 255).astype(np.uint8)
    (finding,) = [f for f in report_on(pairs_of(images, masks)).findings if f.code == "upside-down"]
    assert (finding.severity, "--foreground zero" in finding.remedy) == ("warning", True)
    assert "upside-down" not in codes(images, masks, foreground="zero")
