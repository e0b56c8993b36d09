"""Images of one field are found and never torn apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import cellseg
from cellseg.errors import InputError
from cellseg.images.source import array_source
from cellseg.labels.split import signature
from cellseg.labels.split.assign import cut_stack, hold_out
from cellseg.labels.split.evidence import bend, beyond_chance
from cellseg.labels.split.fields import Match, find_matches
from cellseg.labels.split.groups import Group, keys_from_names, keys_from_table, make_groups
from cellseg.labels.split.signature import LARGE, sign
from cellseg.samples.sample import make_sample


def signatures(images):
    return [sign(array_source(image, axes="YX"), 0) for image in images]


def found(images) -> set[tuple[int, int]]:
    return {(match.first, match.second) for match in find_matches(signatures(images))}


def field(seed: int, side: int = 160) -> np.ndarray:
    """Cells with some noise, uint16."""
    rng = np.random.default_rng(seed)
    image, _ = make_sample("touching", (side, side), rng)
    grey = ndimage.gaussian_filter(image.astype(float) / image.max() * 4000, 1.5) + rng.normal(200, 8, image.shape)
    return grey.clip(0, 65535).astype(np.uint16)


def tiles(image: np.ndarray) -> list[np.ndarray]:
    """Upper left, upper right, lower left, lower right quarter."""
    half = image.shape[0] // 2
    return [image[y : y + half, x : x + half] for y in (0, half) for x in (0, half)]


def test_neighbouring_tiles_are_found_and_others_are_not():
    images = [tile for seed in range(6) for tile in tiles(field(seed))]
    seams = {(4 * k + a, 4 * k + b) for k in range(6) for a, b in ((0, 1), (0, 2), (1, 3), (2, 3))}
    assert found(images) == seams


def test_near_duplicates_are_found():
    image = field(1)
    brighter = (image * 1.3 + 100).astype(np.uint16)
    shifted = np.roll(image, 1, axis=0)
    assert {(0, 1), (0, 2), (1, 2)} <= found([image, brighter, shifted, field(2)])
    assert not found([image, field(2), field(3)])


def test_uneven_light_that_all_share_makes_no_field():
    light = sum(side**2 for side in np.meshgrid(np.linspace(-1, 1, 96), np.linspace(-1, 1, 96)))
    images = [np.random.default_rng(k).normal(1500 - 600 * light, 20).astype(np.uint16) for k in range(12)]
    assert not found(images)
    assert not found(images[:5])


def sparse(seed: int, cells: int, radius: tuple[float, float], side: int = 128) -> np.ndarray:
    """A few blurred discs at random on a dark noisy background, uint8."""
    rng, (y, x), mask = np.random.default_rng(seed), np.mgrid[:side, :side], np.zeros((side, side), bool)
    for _ in range(cells):
        centre, size = rng.uniform(7, side - 7, 2), rng.uniform(*radius)
        mask |= (y - centre[0]) ** 2 + (x - centre[1]) ** 2 < size**2
    grey = 40 + 120 * ndimage.gaussian_filter(mask.astype(float), 1) + rng.normal(0, 6, mask.shape)
    return grey.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("cells", "radius"), [(8, (6, 10)), (3, (15, 25)), (40, (6, 10))], ids=str)
def test_independent_images_with_few_cells_are_no_field(cells, radius):
    """Of 300 some have a cell cut by the edge at the same place: before, 100 to 1000 pairs in groups of dozens."""
    images = [sparse(seed, cells, radius) for seed in range(300)]
    matches = find_matches(signatures(images))
    assert len(matches) <= 12
    assert max(len(group.members) for group in make_groups(len(images), matches)) <= 3


def test_tiles_are_found_among_many_independent_images():
    images = [tile for seed in range(4) for tile in tiles(field(seed, 256))]
    others = [sparse(seed, 8, (6, 10)).astype(np.uint16) * 20 for seed in range(100)]
    seams = {(4 * k + a, 4 * k + b) for k in range(4) for a, b in ((0, 1), (0, 2), (1, 3), (2, 3))}
    assert {pair for pair in found([*images, *others]) if pair[0] < len(images)} == seams


def test_copies_of_a_field_do_not_hide_its_seams():
    images = [*tiles(field(1)), *tiles(field(1)), *tiles(field(2)), *tiles(field(3))]
    groups = make_groups(16, find_matches(signatures(images)))
    assert sorted(len(group.members) for group in groups) == [4, 4, 8]


@pytest.mark.parametrize(("likeness", "places", "pairs", "wanted"), [(0.95, 40, 10**5, True), (0.95, 6, 10**5, False)])
def test_a_likeness_in_few_places_is_an_accident_among_many_pairs(likeness, places, pairs, wanted):
    assert beyond_chance(likeness, places, pairs) is wanted
    assert beyond_chance(likeness, places, 10)
    assert beyond_chance(1.0, places, pairs)


def test_a_bend_at_a_seam():
    rising = np.array([[3.0, 5, 4], [2, 3, 3]], np.float32)
    assert bend(rising, np.array([[4.0, 7, 5], [5, 9, 6]], np.float32)) == pytest.approx(0)
    assert bend(rising, np.array([[4.0, 7, 5], [3, 5, 4]], np.float32)) == pytest.approx(2**0.5)


def test_empty_and_tiny_images_match_nothing():
    assert not found([np.zeros((64, 64), np.uint8)] * 3)
    assert not found(
        [np.arange(16, dtype=np.uint8).reshape(4, 4), np.ones((1, 1), np.uint8), np.ones((1, 40), np.uint8)]
    )
    assert make_groups(0, []) == []


def test_a_large_image_read_in_bands_has_the_same_signature(monkeypatch):
    source = array_source(field(3, 130)[:, :97], axes="YX")
    whole = sign(source, 0)
    monkeypatch.setattr(signature, "LARGE", 10)
    bands = sign(source, 0)
    assert LARGE > 10
    np.testing.assert_allclose(bands.thumbnail, whole.thumbnail, rtol=1e-6)
    for name, edge in whole.edges.items():
        np.testing.assert_array_equal(bands.edges[name], edge)


def test_real_tiles_of_one_field(real_data):
    """DSB2018: fields of 2 x 2 tiles; of one tile's side there is one neighbour at most, so no group is larger."""
    from cellseg.images.open import open_image
    from cellseg.labels.pairs import list_images

    files = list_images(real_data / "dsb2018/train/images")
    matches = find_matches([sign(open_image(file), 0) for file in files])
    sizes = [len(group.members) for group in make_groups(len(files), matches)]
    assert max(sizes) == 4
    assert sizes.count(4) >= 15
    assert len(matches) >= 80


# groups


def test_matches_and_keys_join():
    groups = make_groups(6, [Match(0, 3, "edges", 0.9), Match(3, 4, "edges", 0.8)], ["a", "b", "c", "d", "e", "b"])
    assert [group.members for group in groups] == [(0, 3, 4), (1, 5), (2,)]
    assert len(groups[0].matches) == 2
    assert groups[1].keys == ("b",)


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=30))
def test_every_image_is_in_one_group(count, pairs):
    matches = [Match(a % count, b % count, "edges", 1.0) for a, b in pairs]
    groups = make_groups(count, matches)
    assert sorted(k for group in groups for k in group.members) == list(range(count))
    of = {k: number for number, group in enumerate(groups) for k in group.members}
    assert all(of[match.first] == of[match.second] for match in matches)


def test_keys_from_names_and_tables(tmp_path):
    names = ["mouse1_a.tif", "mouse1_b.tif", "mouse2_a.tif"]
    assert keys_from_names(names, r"mouse(\d)") == ["1", "1", "2"]
    assert keys_from_names(names, r"^\w+_") == ["mouse1_", "mouse1_", "mouse2_"]
    table = tmp_path / "t.csv"
    table.write_text("\ufeffwell,file\nA1,mouse1_a\nA1,mouse1_b.tif\nB2,mouse2_a.tif\n", "utf-8")
    assert keys_from_table(names, table, "well") == ["A1", "A1", "B2"]
    for call, part in (
        (lambda: keys_from_names(names, "rat"), "3 names"),
        (lambda: keys_from_names(names, "("), "no regular expression"),
        (lambda: keys_from_table([*names, "x.tif"], table, "well"), "x.tif"),
        (lambda: keys_from_table(names, table, "plate"), "well, file"),
        (lambda: keys_from_table(names, tmp_path / "none.csv", "plate"), "none.csv"),
    ):
        with pytest.raises(InputError, match=part):
            call()


NAMED = "image,replicate,mouse\n1,1,A\n2,2,A\n3,1,B\n4,3,B\n"


@pytest.mark.parametrize(
    ("text", "names", "keys"),
    [
        (NAMED, ["1.tif", "2.tif", "3.tif", "4.tif"], ["A", "A", "B", "B"]),
        (NAMED, ["1", "2", "3"], ["A", "A", "B"]),
        ("mouse,replicate,image\nA,1,1\nA,2,2\nB,1,3\n", ["1.tif", "2.tif", "3.tif"], ["A", "A", "B"]),
        ("image,mouse\na,A\na,A\nb.tif,B\n", ["a.tif", "b.tif"], ["A", "B"]),
        ("image,mouse\na,A,more\nb,B\nb\n", ["a.tif", "b.tif"], ["A", "B"]),
    ],
)
def test_one_column_of_a_table_has_the_names(tmp_path, text, names, keys):
    """A cell of any row named an image, so that image 1 was of mouse B, whose replicate is 1."""
    (tmp_path / "t.csv").write_text(text)
    assert keys_from_table(names, tmp_path / "t.csv", "mouse") == keys


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("image,mouse\na.tif,A\nb.tif,B\na.tif,C\n", "has rows of a.tif with mouse A and C"),
        ("image,mouse\na,A\nb.tif,B\na.tif,C\n", "has rows of a.tif with mouse C and A"),
        ("image,other,mouse\na,x,A\nc,b,B\n", "has no row for 1 images, such as b.tif"),
        ("image,mouse\na,A\nb\n", "has no row for 1 images, such as b.tif"),
        ("mouse\nA\nB\n", "has no row for 2 images, such as a.tif"),
    ],
)
def test_a_table_that_names_an_image_twice_or_not_at_all_is_refused(tmp_path, text, part):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(InputError, match=part):
        keys_from_table(["a.tif", "b.tif"], tmp_path / "t.csv", "mouse")


# who is held out

group_sizes = st.lists(st.integers(1, 9), min_size=2, max_size=40)


@given(group_sizes, st.floats(0.05, 0.9), st.integers(0, 99))
@settings(max_examples=200)
def test_both_parts_have_images_and_the_fraction_is_near(sizes, fraction, seed):
    ends = np.cumsum(sizes)
    groups = [Group(tuple(range(end - size, end))) for end, size in zip(ends.tolist(), sizes, strict=True)]
    held = hold_out(groups, fraction, seed)
    assert 0 < sum(held) < len(groups)
    assert held == hold_out(groups, fraction, seed)
    count = sum(size for size, out in zip(sizes, held, strict=True) if out)
    assert abs(count - fraction * sum(sizes)) <= max(sizes)


def test_single_images_meet_the_fraction_exactly_and_the_seed_matters():
    groups = [Group((k,)) for k in range(50)]
    assert sum(hold_out(groups, 0.2, 0)) == 10
    assert hold_out(groups, 0.2, 0) != hold_out(groups, 0.2, 1)
    with pytest.raises(InputError, match="one group"):
        hold_out([Group((0, 1, 2))], 0.2, 0)


@given(st.integers(2, 200), st.floats(0.02, 0.5), st.integers(0, 3), st.integers(0, 9))
def test_a_stack_is_cut_into_a_block_and_the_rest_behind_a_gap(planes, fraction, gap, seed):
    try:
        block, rest = cut_stack(planes, fraction, gap, seed)
    except InputError:
        assert planes * (1 - fraction) <= 2 * gap + 2
        return
    assert 0 <= block.start < block.stop <= planes
    assert min(abs(held - kept) for held in (block[0], block[-1]) for kept in rest) == gap + 1
    assert len(block) + len(rest) >= planes - 2 * gap


def test_seeds_take_one_block_after_the_other():
    blocks = [cut_stack(20, 0.25, 0, seed)[0] for seed in range(4)]
    assert sorted(k for block in blocks for k in block) == list(range(20))


@pytest.mark.parametrize(("lengths", "along"), [((2, 6), 1), ((6, 2), 0)])
def test_a_stack_over_time_and_depth_is_cut_along_the_longer_axis(tmp_path, lengths, along):
    stack = np.arange(12, dtype=np.uint8).reshape(*lengths, 1, 1) + np.zeros((*lengths, 20, 30), np.uint8)
    for name in ("image.tif", "labels.tif"):
        cellseg.write_stack(tmp_path / name, stack, "TZYX")
    plan = cellseg.split(tmp_path / "image.tif", tmp_path / "labels.tif", tmp_path / "out", fraction=0.3, gap=1)
    places = {part.into: {divmod(plane, lengths[1])[along] for plane in part.planes} for part in plan.parts}
    assert min(abs(a - b) for a in places["train"] for b in places["validation"]) == 2, "a gap at every time"
    for part in plan.parts:
        written = cellseg.open_image(tmp_path / "out" / part.into / "images" / "image.tif")
        assert written.plane_axes == "TZ"
        assert written.plane_shape[1 - along] == lengths[1 - along]
        assert [int(written.read(k).max()) for k in range(written.planes)] == list(part.planes)
