"""Targets: classes after the cut, weights, and the class counts of a data set."""

from __future__ import annotations

import numpy as np
import pytest

from cellseg.options import WeightOptions
from cellseg.preprocess.borders import weight_map
from cellseg.preprocess.separate import separate
from cellseg.preprocess.targets import class_factors, count_classes, make_target, make_weights, separated_classes
from tests.preprocess.drawing import draw, voronoi_cells


def example(seed):
    instances = voronoi_cells((40, 50), 12, 7, seed)
    return instances, (instances > 0) * np.uint8(1 + seed % 2), np.random.default_rng(seed).random((40, 50)) < 0.1


def test_target_is_the_cut_labels_and_their_weight_map():
    instances, classes, ignore = example(0)
    target, weights = make_target(instances, classes, ignore, WeightOptions(balance="image"))
    cells = separate(np.where(ignore, 0, instances))
    np.testing.assert_array_equal(target[~ignore], cells[~ignore] > 0)
    np.testing.assert_array_equal(weights, weight_map(instances, ignore=ignore))
    assert target.dtype == np.uint8
    assert (weights[ignore] == 0).all()
    assert (weights[~ignore] > 0).all()


def test_no_balance_is_one_plus_the_border():
    instances, classes, ignore = example(0)
    weights = make_target(instances, classes, ignore, WeightOptions(balance="none"))[1]
    np.testing.assert_array_equal(weights, weight_map(instances, balance=False, ignore=ignore))


def test_options_reach_the_map():
    instances, classes, ignore = example(0)
    options = WeightOptions(balance="none", w0=3, sigma=2, spacing=2.5, where="everywhere")
    wanted = weight_map(instances, 3, 2, False, ignore, spacing=(2.5, 1.0), everywhere=True)
    np.testing.assert_array_equal(make_target(instances, classes, ignore, options)[1], wanted)


def test_the_map_can_be_made_of_the_separated_classes():
    instances, classes, ignore = example(0)
    for balance in ("none", "image", "dataset"):
        options = WeightOptions(balance=balance)
        kinds = separated_classes(instances, classes, ignore)
        factors = class_factors(kinds, ignore, options, [3, 1])
        target = make_target(instances, classes, ignore, options, [3, 1])
        np.testing.assert_array_equal(kinds, target[0])
        np.testing.assert_array_equal(make_weights(instances, kinds, ignore, options, factors), target[1])


def test_balance_over_the_data_set_makes_its_classes_weigh_the_same():
    data = [example(seed) for seed in range(3)]
    counts = count_classes((separated_classes(*one), one[2]) for one in data)
    targets = [make_target(*one, WeightOptions(w0=0, balance="dataset"), counts) for one in data]
    assert counts.sum() == sum((~ignore).sum() for *_, ignore in data)
    sums = [sum(float(w[c == k].sum()) for c, w in targets) for k in range(3)]
    np.testing.assert_allclose(sums, counts.sum() / 3, rtol=1e-4)


TISSUE = draw("aaaabb aaaabb ccccbb ccccdd")
KINDS = np.array([0, 1, 2, 2, 1], np.uint8)[TISSUE]
NOTHING = np.zeros(TISSUE.shape, bool)


@pytest.mark.parametrize("balance", ["none", "image", "dataset"])
def test_nothing_is_put_between_regions_of_two_classes(balance):
    """A mosaic of classes without background, in which the network shall learn no background."""
    kinds = np.array([0, 1, 2, 3, 1], np.uint8)[TISSUE]  # no two regions of one class touch
    target, weights = make_target(TISSUE, kinds, NOTHING, WeightOptions(balance=balance))
    np.testing.assert_array_equal(target, kinds)
    assert (weights > 0).all()


def test_cells_of_several_classes_are_separated_within_the_class():
    target = make_target(TISSUE, KINDS, NOTHING, WeightOptions())[0]
    for kind in (1, 2):
        alone = np.where(kind == KINDS, TISSUE, 0)
        np.testing.assert_array_equal((target > 0) & (kind == KINDS), separate(alone) > 0)
    assert (target == 0).any()


@pytest.mark.parametrize(("asked", "lost"), [("on", separate(TISSUE) == 0), ("off", NOTHING)])
def test_separation_between_any_two_and_nowhere(asked, lost):
    options = WeightOptions(separate=asked)
    target, weights = make_target(TISSUE, KINDS, NOTHING, options)
    np.testing.assert_array_equal(target, np.where(lost, 0, KINDS))
    np.testing.assert_array_equal(target, separated_classes(TISSUE, KINDS, NOTHING, asked))
    factors = class_factors(target, NOTHING, options)
    np.testing.assert_array_equal(make_weights(TISSUE, target, NOTHING, options, factors), weights)


def test_cells_of_one_class_are_separated_as_ever():
    instances, classes, ignore = example(1)
    plain = make_target(instances, classes, ignore, WeightOptions())
    asked = make_target(instances, classes, ignore, WeightOptions(separate="on"))
    for one, two in zip(plain, asked, strict=True):
        np.testing.assert_array_equal(one, two)


def test_ignored_classes_do_not_count():
    classes, ignore = np.array([[0, 1, 255]], np.uint8), np.array([[False, False, True]])
    assert np.flatnonzero(count_classes([(classes, ignore)])).tolist() == [0, 1]
    weights = make_target(draw("...") * 0, classes, ignore, WeightOptions(), [1, 1])[1]
    np.testing.assert_allclose(weights, [[1, 1, 0]])


@pytest.mark.parametrize("section", [0, 23])
def test_real_sections(real_data, section):
    tifffile = pytest.importorskip("tifffile")
    from scipy import ndimage

    labels = tifffile.imread(real_data / "isbi2012" / "train-labels.tif", key=section)
    instances = ndimage.label(labels)[0].astype(np.int32)
    classes, weights = make_target(
        instances, (instances > 0).astype(np.uint8), np.zeros(labels.shape, bool), WeightOptions(balance="image")
    )
    assert set(np.unique(instances[classes > 0])) == set(np.unique(instances[instances > 0])), "no neurite vanishes"
    membrane, inside = weights[classes == 0], weights[classes == 1]
    assert np.ptp(inside) == 0
    assert membrane.max() - membrane.min() > 8, "thin membranes weigh more than wide ones"
