"""Empty samples come once statistics are held, and have no more say than others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellseg.options import AugmentOptions
from cellseg.preprocess.augment import make_example
from cellseg.training.sampler import Sampler

PLAIN = AugmentOptions(elastic=0, rotate=False, flip=False, scale=0, grey=0, blur=0, noise=0)


def sampler(weights, **options):
    image = np.full((1, 64, 64), 5, np.float32)
    example = make_example(image, np.ones((64, 64), np.uint8), weights.astype(np.float32))
    return Sampler([example], replace(PLAIN, **options), 0, 8, 32, 16, empty_from=10)


def test_none_before_statistics_are_held():
    drawn = sampler(np.ones((64, 64)), empty=1.0)
    assert (drawn.draw(9).classes == 1).all()
    assert (drawn.draw(10).classes == 0).all()
    assert (sampler(np.ones((64, 64)), empty=0.0).draw(10).classes == 1).all()


def test_as_often_as_asked():
    drawn = sampler(np.ones((64, 64)), empty=0.25)
    empty = np.concatenate([(drawn.draw(step).classes == 0).all(dim=(1, 2)).numpy() for step in range(10, 40)])
    assert 0.15 < empty.mean() < 0.35


def test_strokes_weigh_as_much_as_what_is_empty():
    """With few known pixels the whole of an empty sample would drown them."""
    strokes = np.zeros((64, 64))
    strokes[30:34, 10:50] = 2
    batch = sampler(strokes, empty=1.0).draw(10)
    np.testing.assert_allclose(batch.weights.mean(), strokes.mean(), rtol=1e-6)
