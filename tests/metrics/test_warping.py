"""The warping error against exhaustive search, against generated warps, and on drawings."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cellseg.errors import InputError
from cellseg.metrics import warping_error, warping_mismatches
from cellseg.metrics.warping.error import KINDS
from cellseg.metrics.warping.simple_points import SIMPLE, neighbourhoods
from tests.metrics.drawing import draw

EIGHT = np.ones((3, 3))


def topology(mask: np.ndarray) -> tuple[int, int]:
    """Numbers of objects and of background regions, with background around the image."""
    return ndimage.label(mask)[1], ndimage.label(~np.pad(mask, 1), EIGHT)[1]


def masks(numbers: np.ndarray, height: int, width: int) -> np.ndarray:
    """The images (N, H, W) whose pixels are the bits of the numbers."""
    return (np.asarray(numbers)[..., None] >> np.arange(height * width) & 1).astype(bool).reshape(-1, height, width)


@functools.cache
def exhaustive(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """For every image its class (what simple flips turn into each other), and each class's distance to every image."""
    size = height * width
    numbers = np.arange(1 << size)
    apart = np.pad(masks(numbers, height, width), ((0, 0), (1, 1), (1, 1)))  # one below the other, background around
    below = neighbourhoods(apart.reshape(-1, width + 2)).reshape(apart.shape)
    patterns = below[:, 1:-1, 1:-1].reshape(-1, size)
    image, pixel = np.nonzero(SIMPLE[patterns])
    graph = coo_array((np.ones(image.size, dtype=bool), (image, image ^ (1 << pixel))), shape=(1 << size, 1 << size))
    count, classes = connected_components(graph, directed=False)
    distance = np.full((count, 1 << size), size + 1, np.uint8)
    distance[classes, numbers] = 0
    for bit in range(size):
        distance = np.minimum(distance, distance[:, numbers ^ (1 << bit)] + 1)
    return classes, distance


def check_pairs(height: int, width: int, truths: np.ndarray, predictions: np.ndarray) -> None:
    classes, distance = exhaustive(height, width)
    for true, predicted in zip(truths, predictions, strict=True):
        pair = masks([predicted, true], height, width)
        found = warping_mismatches(*pair)
        assert found.count() == distance[classes[true], predicted], (true, predicted)
        assert classes[(found.warped.reshape(-1) << np.arange(height * width)).sum()] == classes[true]


def random_warp(mask: np.ndarray, flips: int, seed: int) -> np.ndarray:
    """The mask after so many flips of simple points anywhere."""
    warped = np.pad(mask, 1)
    places = np.random.default_rng(seed).integers(1, np.array(warped.shape) - 1, (100 * flips, 2))
    done = 0
    for y, x in places.tolist():
        pattern = warped[y - 1 : y + 2, x - 1 : x + 2].reshape(-1) @ (1 << np.arange(9))
        if SIMPLE[pattern]:
            warped[y, x] ^= True
            done += 1
            if done == flips:
                break
    return warped[1:-1, 1:-1]


def blobs(side: int, scale: float, seed: int) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((side, side)), scale)
    return noise > np.median(noise)


def test_simple_flips_are_those_that_keep_the_topology():
    rng = np.random.default_rng(0)
    for mask in rng.random((40, 6, 7)) < rng.random((40, 1, 1)):
        simple = SIMPLE[neighbourhoods(mask)]
        for y, x in np.ndindex(mask.shape):
            flipped = mask.copy()
            flipped[y, x] ^= True
            assert simple[y, x] == (topology(flipped) == topology(mask))


@pytest.mark.parametrize(("height", "width", "count"), [(3, 3, 600), (3, 4, 400), (4, 3, 400), (4, 4, 200)])
def test_equals_exhaustive_search(height, width, count):
    rng = np.random.default_rng(height)
    check_pairs(height, width, *rng.integers(0, 1 << (height * width), (2, count)))


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_equals_exhaustive_search_on_all_3x3():
    check_pairs(3, 3, np.repeat(np.arange(512), 512), np.tile(np.arange(512), 512))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("height", "width"), [(3, 4), (4, 3), (4, 4)])
def test_a_window_sees_everything_that_flips_reach(height, width):
    """So the best of it is the minimum for every pair, as the warped truth never leaves its class."""
    from cellseg.metrics.warping.windows import best_board, make_scratch

    classes, distance = exhaustive(height, width)
    free = np.array([8 * (y + 1) + x + 1 for y in range(height) for x in range(width)], dtype=np.uint64)
    scratch = make_scratch()
    rng = np.random.default_rng(0)
    sizes = np.bincount(classes)
    turn = 0
    for number in [*np.unique(classes, return_index=True)[1], *rng.integers(0, classes.size, 300)]:
        goals = rng.integers(0, classes.size, 5)
        far = goals[distance[classes[number], goals] > 0]
        for goal in far:
            turn += 1
            boards = [sum(np.uint64(n >> i & 1) << bit for i, bit in enumerate(free)) for n in (int(number), int(goal))]
            _, better, seen = best_board(
                np.uint64(boards[0]), np.uint64(boards[1]), free, SIMPLE, 1 << 17, scratch, turn
            )
            assert seen == sizes[classes[number]]
            assert int(number ^ goal).bit_count() - better == distance[classes[number], goal]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("height", "width"), [(3, 4), (4, 4)])
def test_equals_exhaustive_search_from_every_class(height, width):
    classes, _ = exhaustive(height, width)
    truths = np.repeat(np.unique(classes, return_index=True)[1], 400)
    check_pairs(height, width, truths, np.random.default_rng(0).integers(0, classes.size, truths.size))


@pytest.mark.parametrize("side", [16, 24, 40])
@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
def test_zero_for_pairs_that_differ_by_a_warp(side, scale):
    for seed in range(8):
        truth = blobs(side, scale, seed)
        prediction = random_warp(truth, side * side // 4, seed)
        assert (prediction != truth).any()
        assert warping_error(prediction, truth) == warping_error(truth, prediction) == 0


def test_greedy_search_cannot_move_a_dot():
    moved = draw("..... ...#. ....."), draw("..... .#... .....")
    assert warping_error(*moved) == 0
    assert warping_error(*moved, greedy=True) == 2 / 15


DRAWINGS = {
    "split": ("########\n########\n########", "###.####\n###.####\n###.####", {"split": 1}),
    "merge": ("###.####\n###.####\n###.####", "########\n########\n########", {"merge": 3}),
    "delete": ("##......\n##...##.", "##......\n##......", {"delete": 1}),
    "add": ("##......\n##......", "##......\n##...##.", {"add": 2}),
    "hole added": ("#####\n#####\n#####\n#####", "#####\n##.##\n##.##\n#####", {"hole added": 2}),
    "hole deleted": ("#####\n#####\n##.##\n#####\n#####", "#####\n#####\n#####\n#####\n#####", {"hole deleted": 1}),
}


@pytest.mark.parametrize("case", DRAWINGS)
def test_mistakes_have_a_kind(case):
    truth, prediction, wanted = DRAWINGS[case]
    greedy = warping_mismatches(draw(prediction), draw(truth), greedy=True)
    assert {kind: greedy.count([kind]) for kind in KINDS if greedy.count([kind])} == wanted
    assert 0 < warping_mismatches(draw(prediction), draw(truth)).count() <= greedy.count()


def test_thorough_search_finds_what_nobody_expects():
    """Two objects that should be one: shrunk into a corner, one of them is parted from the other by two pixels only."""
    truth, prediction, _ = DRAWINGS["merge"]
    found = warping_mismatches(draw(prediction), draw(truth))
    assert found.count(["merge"]) == found.count() == 2


def test_leaderboard_counts_splits_and_merges_only():
    truth, prediction = (draw(DRAWINGS["split"][side]) for side in (0, 1))
    prediction[1, 6] = 0
    assert warping_error(prediction, truth) == 2 / 24
    assert warping_error(prediction, truth, kinds=("split", "merge")) == 1 / 24


def test_stack_is_the_mean_of_its_sections():
    truth, prediction = (draw(DRAWINGS["split"][side]) for side in (0, 1))
    assert warping_error(np.stack([prediction, truth]), np.stack([truth, truth])) == 1 / 48


def test_single_rows_and_pixels():
    assert warping_error(draw("#"), draw(".")) == 1
    assert warping_error(draw("#.#.#"), draw("#####")) == 2 / 5
    assert warping_error(draw("##..."), draw("...##")) == 0


def test_wrong_questions():
    with pytest.raises(InputError, match="no mistake of kind typo"):
        warping_error(draw("#"), draw("#"), kinds=("typo",))
    with pytest.raises(InputError, match="one section"):
        warping_mismatches(np.ones((2, 3, 3), dtype=int), np.ones((2, 3, 3), dtype=int))


def test_greedy_is_never_better(real_data):
    import tifffile

    truth = tifffile.imread(real_data / "isbi2012" / "train-labels.tif", key=3)[:256, :256] > 0
    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal(truth.shape), 2)
    prediction = ndimage.gaussian_filter(truth.astype(float), 2) + noise > 0.6
    found, greedy = (warping_mismatches(prediction, truth, greedy=choice) for choice in (False, True))
    assert 0 < found.count() <= greedy.count() < (prediction != truth).sum() / 20
    assert topology(found.warped) == topology(greedy.warped) == topology(truth)
