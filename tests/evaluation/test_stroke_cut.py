"""The cut by strokes: what the network finds around them says how large cells are and where they part."""

from dataclasses import replace

import numpy as np
from scipy import ndimage

from cellseg.evaluation.choose_cut import choose_cut
from cellseg.evaluation.cut_scores import PredictedPlane
from cellseg.evaluation.stroke_cut import balanced_score, found_cells
from cellseg.inference.cut import instances_in
from cellseg.labels.meaning import LabelPlane
from cellseg.models.card import ModelCard

CARD = ModelCard(name="unet", options={})
Y, X = np.mgrid[:120, :160]


def discs(*middles, radius=10):
    """Mask of discs."""
    return np.any([(Y - y) ** 2 + (X - x) ** 2 <= radius**2 for y, x in middles], axis=0)


def painted(mask, strokes, *, inside=0.9, outside=0.1, gap=None):
    """A plane with probabilities of a mask, whose strokes are lines of seven pixels, and a band of background."""
    cells = np.zeros(mask.shape, np.int32)
    for number, (y, x) in enumerate(strokes, start=1):
        cells[y : y + 2, x - 3 : x + 4] = number
    ignore = cells == 0
    ignore[:3] = False
    if gap is not None:
        ignore[gap] = False
    cell = np.where(mask, inside, outside).astype(np.float32)
    return PredictedPlane(LabelPlane(cells, (cells > 0).astype(np.uint8), ignore), np.stack([1 - cell, cell]))


def test_round_cells_part_at_necks_where_nobody_painted():
    apart = [(20, 20), (20, 60), (20, 100), (60, 20)]
    seen = painted(discs(*apart, (90, 60), (90, 78), (90, 120)), apart)
    card = choose_cut(CARD, [seen])
    assert card.split
    assert instances_in(seen.probabilities, card).max() == 7, "the two that touch are two"


def test_long_cells_with_necks_of_their_own_stay_whole():
    """A chain of discs is one cell, as the stroke along it says."""
    chain = [(60, x) for x in range(20, 140, 16)]
    cells = np.zeros(X.shape, np.int32)
    cells[59:61, 20:133], cells[19:21, 20:133] = 1, 2
    mask = discs(*chain, *((20, x) for _, x in chain))
    ignore = cells == 0
    ignore[:3] = False
    cell = np.where(mask, 0.9, 0.1).astype(np.float32)
    seen = PredictedPlane(LabelPlane(cells, (cells > 0).astype(np.uint8), ignore), np.stack([1 - cell, cell]))
    assert instances_in(seen.probabilities, choose_cut(CARD, [seen])).max() == 2


def test_the_threshold_does_not_follow_from_how_much_was_painted_of_what():
    """Much of the cells and little of the gaps between them: a low threshold has nearly all right, and no gap."""
    mask = discs((60, 60), (60, 100), radius=30)
    gap = np.zeros(mask.shape, bool)
    gap[40:80, 80] = True
    cells = np.where(ndimage.binary_erosion(mask, iterations=4), 1 + (X > 80), 0).astype(np.int32)
    ignore = (cells == 0) & ~gap
    cell = np.where(mask, 0.9, 0.02).astype(np.float32)
    cell[gap] = 0.3
    cell[50:52][:, (X[0] > 40) & (X[0] < 70)] = 0.25  # a dim place in a cell
    seen = PredictedPlane(LabelPlane(cells, (cells > 0).astype(np.uint8), ignore), np.stack([1 - cell, cell]))
    card = choose_cut(CARD, [seen])
    assert card.threshold > 0.3, "the gap is a gap"
    assert balanced_score([seen], 0.5) > balanced_score([seen], 0.1)


def test_specks_are_left_out_and_cells_that_are_smaller_than_usual_are_not():
    large, small, speck = [(30, 30), (30, 80), (30, 130)], (90, 40), (90, 120)
    mask = discs(*large) | discs(small, radius=6) | discs(speck, radius=1)
    seen = painted(mask, large)
    card = choose_cut(CARD, [seen])
    found = instances_in(seen.probabilities, card)
    assert [bool(found[place]) for place in (small, speck)] == [True, False]
    assert found.max() == 4
    assert 18 < card.diameter < 22, "of the cells, and not of the strokes"
    assert choose_cut(replace(CARD, diameter=30.0), [seen]).diameter == 30, "what was given stays"


def test_a_sliver_around_one_stroke_of_many_makes_no_specks_cells():
    middles = [(y, x) for y in (20, 50, 80) for x in (20, 50, 80, 110)]
    seen = painted(discs(*middles[1:]) | discs(middles[0], radius=2), middles)
    assert choose_cut(CARD, [seen]).minimum_size > 25


def test_strokes_in_one_piece_count_nothing_and_a_lone_one_counts_by_its_part():
    seen = painted(discs((30, 30), (30, 46), (90, 80)), [(30, 30), (30, 46), (90, 88)])
    found = found_cells([seen], replace(CARD, threshold=0.5))
    assert 0 < found.score < 1 / 3, "two share a piece, the third lies partly beside its cell"
    assert len(found.areas) == 1


def test_without_any_stroke_in_a_cell_nothing_breaks():
    seen = painted(discs((60, 60)), [])
    assert 0 < choose_cut(CARD, [seen]).threshold < 1
