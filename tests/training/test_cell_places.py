"""Samples around cells: each cell is as likely as another, whatever the size of its image."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cellseg.labels.meaning import LabelPlane
from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import make_example
from cellseg.training.cell_places import JITTER, find_cells
from cellseg.training.sampler import Sampler

PLAIN = AugmentOptions(elastic=0, rotate=False, flip=False, scale=0, grey=0, blur=0, noise=0)
WINDOW = 16


def truth(side, *places):
    """Cells of 3 x 3 pixels."""
    instances = np.zeros((side, side), np.int32)
    for k, (y, x) in enumerate(places, 1):
        instances[y : y + 3, x : x + 3] = k
    return LabelPlane(instances, (instances > 0).astype(np.uint8), np.zeros(instances.shape, bool))


def example(plane, grey=0.0):
    shape = plane.classes.shape
    return make_example(np.full((1, *shape), grey, np.float32), plane.classes, np.ones(shape, np.float32))


FEW, MANY, NONE = truth(200, (90, 150)), truth(48, (5, 5), (20, 30), (40, 12)), truth(100)


def sampler(planes, share, **options):
    grey = np.linspace(0, 1, len(planes))
    examples = [example(plane, g) for plane, g in zip(planes, grey, strict=True)]
    return Sampler(examples, PLAIN, 0, 4, 32, WINDOW, cells=find_cells(planes), cells_share=share, **options)


def share_with_cells(sampler, steps=60):
    return float(torch.cat([sampler.draw(step).classes.flatten(1).any(1) for step in range(steps)]).float().mean())


def test_a_large_image_with_one_cell_shows_it_as_often_as_asked():
    assert share_with_cells(sampler([FEW], 0.0)) < 0.1
    assert 0.45 < share_with_cells(sampler([FEW], 0.5)) < 0.65
    assert share_with_cells(sampler([FEW], 1.0)) == 1


def test_images_are_drawn_by_their_cells():
    planes = [NONE, MANY, FEW]
    drawn = sampler(planes, 1.0)
    grey = torch.cat([drawn.draw(step).images[:, 0, 16, 16] for step in range(100)])
    shares = [float((grey == g).float().mean()) for g in (0.0, 0.5, 1.0)]
    assert shares[0] == 0
    assert shares[1] == pytest.approx(0.75, abs=0.06)


def test_replayed_images_have_their_share_whether_they_have_cells_or_not():
    drawn = sampler([MANY, FEW], 1.0, replayed=1, replay_share=0.2)
    grey = torch.cat([drawn.draw(step).images[:, 0, 16, 16] for step in range(100)])
    assert float(grey.mean()) == pytest.approx(0.2, abs=0.06)
    assert share_with_cells(sampler([MANY, NONE], 1.0, replayed=1, replay_share=0.2)) == 1


def test_images_without_cells_are_sampled_anywhere():
    assert find_cells([NONE]) is None
    given, usual = sampler([NONE], 0.5), sampler([NONE], 0.0)
    assert torch.equal(given.draw(3).images, usual.draw(3).images)


@given(st.integers(3, 60), st.integers(0, 57), st.integers(0, 57), st.integers(0, 2**32 - 1))
def test_the_cell_lies_in_the_window_and_the_window_in_the_image(side, y, x, seed):
    plane = truth(side, (min(y, side - 3), min(x, side - 3)))
    rng = np.random.default_rng(seed)
    shape = plane.classes.shape
    k, centre = find_cells([plane]).draw(rng, [shape], np.ones(1), WINDOW)
    middle = np.argwhere(plane.classes).mean(0)
    assert k == 0
    assert (np.abs(middle - centre) <= max(JITTER * WINDOW, side / 2)).all()
    if side >= WINDOW:
        assert (np.array(centre) >= WINDOW / 2).all()
        assert (np.array(centre) <= side - WINDOW / 2).all()
        assert (np.abs(middle - centre) <= WINDOW / 2).all(), "the cell would lie outside"
