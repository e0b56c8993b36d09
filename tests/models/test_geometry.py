import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import cellseg
from cellseg.models.geometry import Geometry
from cellseg.models.unet import valid_size

SMALL = Geometry(smallest=50, stride=8, margin=3, halo=5, exact=True)
"""It takes 50, 58, 66, ... and gives 44, 52, 60, ..."""


@pytest.mark.parametrize(("wanted", "taken"), [(1, 50), (44, 50), (45, 58), (52, 58), (53, 66)])
def test_the_smallest_input_that_gives_what_is_wanted(wanted, taken):
    assert SMALL.input_size(wanted) == taken
    assert SMALL.input_size((1, wanted)) == (50, taken)
    assert wanted <= SMALL.output_size(taken) == taken - 6


def test_a_network_that_takes_every_size_from_its_smallest_on():
    geometry = Geometry(smallest=20, stride=1, margin=2, halo=2, exact=True)
    assert [geometry.input_size(size) for size in (1, 15, 16, 17, 30)] == [20, 20, 20, 21, 34]


def test_legal_sizes_begin_at_the_smallest():
    assert [size for size in range(80) if SMALL.legal(size)] == [50, 58, 66, 74]


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (42, "The smallest legal size is 50."),
        (49, "The smallest legal size is 50."),
        (51, "The nearest legal sizes are 50 and 58."),
        (65, "The nearest legal sizes are 58 and 66."),
    ],
)
def test_the_nearest_legal_sizes_are_said(size, said):
    with pytest.raises(cellseg.InputError, match=f"{size} pixels.*{said}"):
        SMALL.output_size(size)


def test_the_network_of_2015():
    network = cellseg.build("unet")
    assert sum(p.numel() for p in network.parameters()) == 31_030_658
    assert network.geometry.margin == 92
    assert network.geometry.exact
    assert network.geometry.output_size(572) == 388
    assert network.geometry.output_size((572, 1084)) == (388, 900)
    assert network.geometry.input_size(388) == 572
    assert network.geometry.input_size((388, 389)) == (572, 588)


def test_three_by_three_weights_have_the_papers_deviation():
    network = cellseg.build("unet")
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d) and layer.weight.numel() > 20_000:
            wanted = (2 / (9 * layer.in_channels)) ** 0.5
            assert layer.weight.std().item() == pytest.approx(wanted, rel=0.03)


@pytest.mark.parametrize(
    ("size", "named"), [(576, ("572", "588")), (571, ("556", "572")), (187, ("188",)), (100, ("188",))]
)
def test_an_illegal_size_is_refused_with_the_nearest_legal_ones(size, named):
    network = cellseg.build("unet", base=1)
    with pytest.raises(cellseg.InputError) as error:
        network(torch.zeros(1, 1, size, size))
    assert all(name in str(error.value) for name in named)


@given(depth=st.integers(1, 6), size=st.integers(1, 2000), up=st.sampled_from(["transposed", "bilinear"]))
def test_geometry_agrees_with_a_walk_through_the_layers(depth, size, up):
    geometry = cellseg.build("unet", base=1, depth=depth, up=up).geometry
    walked = valid_size(size, depth, up)
    assert geometry.legal(size) == (walked is not None)
    if walked is not None:
        assert geometry.output_size(size) == walked
        assert geometry.output_size(geometry.input_size(walked)) == walked


@given(size=st.integers(1, 3000))
def test_input_size_is_the_smallest_that_covers(size):
    geometry = cellseg.build("unet", base=1).geometry
    found = geometry.input_size(size)
    assert geometry.output_size(found) >= size
    assert found == geometry.smallest or geometry.output_size(found - geometry.stride) < size


def test_an_unknown_network_lists_the_known_ones():
    with pytest.raises(cellseg.InputError, match="unet"):
        cellseg.build("vnet")


def test_an_unknown_option_lists_the_known_ones():
    with pytest.raises(cellseg.InputError, match="depth"):
        cellseg.build("unet", deep=3)


def test_an_option_out_of_range_is_refused():
    with pytest.raises(cellseg.InputError, match="1 to 6"):
        cellseg.build("unet", depth=7)
