"""Ignored pixels have no gradient through the whole chain: labels, weight map, augmentation, loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

import cellseg
from cellseg.evaluation.choose_cut import choose_cut
from cellseg.evaluation.cut_scores import PredictedPlane
from cellseg.images.write import write_stack
from cellseg.inference.cut import instances_in
from cellseg.labels.annotated import restrict
from cellseg.labels.meaning import LabelPlane
from cellseg.models.trained import as_model
from cellseg.options import AugmentOptions, WeightOptions
from cellseg.preprocess.augment import draw_sample, make_example, mosaic
from cellseg.preprocess.targets import make_target
from cellseg.samples.sample import make_sample
from cellseg.training.events import Validated
from cellseg.training.losses import weighted_cross_entropy
from cellseg.training.sampler import Sampler

SIDE = 120
CELLS = np.zeros((SIDE, SIDE), np.int32)
for number, (y, x) in enumerate(((10, 10), (10, 45), (50, 20), (70, 60), (30, 80)), 1):
    CELLS[y : y + 30, x : x + 25] = number
KNOWN = np.hypot(*(np.mgrid[:SIDE, :SIDE] - 50)) < 38
CARD = as_model(cellseg.build("unet", base=1, depth=1)).card
STRONG = AugmentOptions(elastic=12, grid=5, scale=0.3)


def truth_of(cells):
    return LabelPlane(cells, (cells > 0).astype(np.uint8), np.zeros(cells.shape, bool))


def example_of(truth):
    """An example whose image is 1 where it is annotated, so that a sample shows where its pixels come from."""
    classes, weights = make_target(truth.instances, truth.classes, truth.ignore, WeightOptions(balance="image"))
    return make_example((~truth.ignore)[None].astype(np.float32), classes, weights)


def gradient_of(classes, weights):
    """Of the training loss at the logits of one sample or of a batch."""
    logits = torch.randn(len(classes), 2, *classes.shape[1:], generator=torch.Generator().manual_seed(0))
    logits.requires_grad_()
    weighted_cross_entropy(logits, classes, weights).backward()
    return logits.grad.abs().amax(1).numpy()


@pytest.mark.parametrize("compose", ["one image", "four images"])
@pytest.mark.parametrize("seed", range(6))
def test_ignored_pixels_do_not_leak_through_rotation_and_deformation(seed, compose):
    example = example_of(restrict(truth_of(CELLS), KNOWN))
    sizes = {"input_size": (96, 96), "output_size": (72, 72)}
    options, rng = AugmentOptions(elastic=12, grid=5, scale=0.3, grey=0, blur=0, noise=0), np.random.default_rng(seed)
    one = compose == "one image"
    sample = draw_sample(example, rng, options, **sizes) if one else mosaic([example] * 4, rng, options, **sizes)
    gradient = gradient_of(torch.from_numpy(sample.classes)[None].long(), torch.from_numpy(sample.weights)[None])[0]
    seen = sample.image[0, 12:-12, 12:-12]
    assert ((gradient == 0) == (sample.weights == 0)).all()
    assert (gradient[seen < 0.05] == 0).all(), "nearly nothing of these pixels was annotated"
    assert (gradient[seen > 0.95] > 0).mean() > 0.99
    assert 0.05 < (gradient > 0).mean() < 0.95


def test_what_is_ignored_changes_no_gradient_of_the_rest():
    """Another labelling of what is ignored gives the same batch, to the bit."""
    other = np.where(KNOWN, CELLS, np.random.default_rng(0).integers(0, 9, CELLS.shape)).astype(np.int32)
    examples = [example_of(restrict(truth_of(cells), KNOWN)) for cells in (CELLS, other)]
    batches = [Sampler([example], STRONG, 3, 2, 96, 72).draw(0) for example in examples]
    for name in ("images", "classes", "weights"):
        assert torch.equal(*(getattr(batch, name) for batch in batches)), name
    assert (
        gradient_of(batches[0].classes, batches[0].weights) == gradient_of(batches[1].classes, batches[1].weights)
    ).all()


def test_ignored_cells_make_no_border():
    truth = restrict(truth_of(CELLS), CELLS != 2)
    options = WeightOptions(balance="none")
    weights = make_target(truth.instances, truth.classes, truth.ignore, options)[1]
    without = make_target(np.where(CELLS == 2, 0, CELLS), truth.classes, np.zeros_like(truth.ignore), options)[1]
    np.testing.assert_array_equal(weights, np.where(CELLS == 2, 0, without))


def strokes_on(labels):
    """Short lines (H, W) in some cells and on the background; 255 elsewhere."""
    core = ndimage.binary_erosion(labels > 0, iterations=3)
    found = np.full(labels.shape, 255, np.uint8)
    for number in np.unique(labels[core]):
        y, x = np.argwhere((labels == number) & core)[0]
        found[y - 1 : y + 2, x - 1 : x + 2] = np.where(core[y - 1 : y + 2, x - 1 : x + 2], number, 255)
    found[ndimage.binary_erosion(labels == 0, iterations=3)] = 0
    return found


def test_one_image_with_strokes_has_a_model_at_each_validation(tmp_path):
    image, labels = make_sample("blobs", (96, 96), np.random.default_rng(3))
    write_stack(tmp_path / "image.tif", image, "YX")
    write_stack(tmp_path / "labels.tif", strokes_on(labels), "YX")
    small = {"base": 4, "depth": 1, "tile": 48, "steps": 40, "validate_every": 20, "labels_are": "instances"}
    events = list(cellseg.train(tmp_path / "image.tif", tmp_path / "labels.tif", ignore_label=255, **small))
    validated = [event for event in events if isinstance(event, Validated)]
    assert [(event.step, event.scores, event.kept) for event in validated] == [(20, {}, True)]
    card = events[-1].model.card
    painted = [number for number in np.unique(strokes_on(labels)) if number not in (0, 255)]
    assert 9 < card.minimum_size < min(np.bincount(labels.ravel())[painted]), "strokes of 9 pixels, and their cells"
    assert card.diameter > 9


def test_strokes_choose_the_threshold_by_their_pixels_and_cores_well_below_their_peaks():
    """Nobody said what the ridge of 0.6 between two strokes is: any threshold up to 0.9 has all strokes right, and
    cores higher than the ridge tell the two cells apart."""
    cells = np.zeros((20, 40), np.int32)
    cells[8:12, 4:10], cells[8:12, 30:36] = 1, 2
    ignore = cells == 0
    ignore[:3] = False
    seen = np.full((20, 40), 0.1, np.float32)
    seen[6:14] = 0.6
    seen[cells > 0] = 0.9
    truth = LabelPlane(cells, (cells > 0).astype(np.uint8), ignore)
    card = choose_cut(CARD, [PredictedPlane(truth, np.stack([1 - seen, seen]))])
    assert (card.threshold, card.grow, card.minimum_size) == (0.5, 0, 6)  # the middle of 0.15 to 0.9
    assert card.core == 0.7  # halfway to the peaks
    assert instances_in(np.stack([1 - seen, seen]), card).max() == 2


def test_a_slip_of_the_brush_does_not_move_the_threshold_of_strokes():
    """One pixel of the background that was painted beside a cell is right at 0.85 alone: all that lies between strokes
    was cut at 0.85 for its sake."""
    cells = np.zeros((40, 40), np.int32)
    cells[10:20, 10:30] = 1
    ignore = cells == 0
    ignore[:6] = False
    ignore[20, 10] = False
    seen = np.full((40, 40), 0.1, np.float32)
    seen[cells > 0] = 0.9
    seen[20, 10] = 0.8
    truth = LabelPlane(cells, (cells > 0).astype(np.uint8), ignore)
    assert choose_cut(CARD, [PredictedPlane(truth, np.stack([1 - seen, seen]))]).threshold == 0.5
