"""Rare classes and replayed images are seen as often as promised, and each sample stays a function of the seed."""

import numpy as np
import pytest
import torch

from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import make_example
from cellseg.training.rare import find_rare, rare_classes
from cellseg.training.sampler import Sampler

PLAIN = AugmentOptions(elastic=0, rotate=False, flip=False, scale=0, grey=0, blur=0, noise=0)


def example(classes, grey=0.0, weights=1.0):
    shape = classes.shape
    return make_example(
        np.full((1, *shape), grey, np.float32), classes, np.broadcast_to(np.float32(weights), shape).copy()
    )


def speck(side=128, at=(20, 90)):
    """Half background, half class 1, and 3 x 3 pixels of class 2."""
    classes = np.zeros((side, side), np.uint8)
    classes[:, side // 2 :] = 1
    classes[at[0] : at[0] + 3, at[1] : at[1] + 3] = 2
    return classes


def counts_of(*classes):
    return np.bincount(np.concatenate([c.ravel() for c in classes]), minlength=256)


def share_with(sampler, kind, steps=60):
    seen = [(sampler.draw(step).classes == kind).flatten(1).any(1) for step in range(steps)]
    return float(torch.cat(seen).float().mean())


def test_which_classes_are_rare():
    assert rare_classes(np.array([500, 480, 20, 0])) == [2]
    assert rare_classes(np.array([500, 500])) == []
    assert find_rare([example(speck())], np.array([500, 480])) is None


@pytest.mark.parametrize("augment", [PLAIN, AugmentOptions(elastic=2, mosaic=0.5)], ids=["plain", "strong"])
def test_a_rare_class_is_seen_in_its_share_of_the_samples(augment):
    examples = [example(speck()), example(np.zeros((128, 128), np.uint8))]
    rare = find_rare(examples, counts_of(*(e.classes for e in examples)))
    sizes = {"input_size": 32, "output_size": 16}
    with_rare = Sampler(examples, augment, 0, 4, **sizes, rare=rare, rare_share=0.5)
    without = Sampler(examples, augment, 0, 4, **sizes)
    assert share_with(without, 2) < 0.1
    assert 0.4 < share_with(with_rare, 2) < 0.65
    assert torch.equal(with_rare.draw(7).images, with_rare.draw(7).images)


def test_pixels_that_nobody_annotated_are_no_rare_ones():
    classes = speck()
    weights = np.where(classes == 2, 0, 1)
    assert find_rare([example(classes, weights=weights)], counts_of(classes)) is None


def test_without_rare_classes_the_samples_are_those_they_were():
    examples = [example(speck()), example(speck(96), 1.0)]
    given = Sampler(examples, AugmentOptions(), 3, 4, 32, 16, rare=None, rare_share=0.5).draw(2)
    assert torch.equal(given.images, Sampler(examples, AugmentOptions(), 3, 4, 32, 16).draw(2).images)


def test_the_share_of_replayed_images():
    examples = [example(speck(64, (20, 40)), grey) for grey in (0.0, 0.0, 1.0)]
    sampler = Sampler(examples, PLAIN, 0, 4, 32, 16, replayed=1, replay_share=0.25)
    grey = torch.cat([sampler.draw(step).images.mean((1, 2, 3)) for step in range(100)])
    assert 0.18 < float(grey.mean()) < 0.32
