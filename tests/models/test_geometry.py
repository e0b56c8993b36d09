import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import cellseg
from cellseg.models.unet import seen, valid_size


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


@given(depth=st.integers(1, 6), size=st.integers(1, 2000))
def test_geometry_agrees_with_a_walk_through_the_layers(depth, size):
    geometry = cellseg.build("unet", base=1, depth=depth).geometry
    walked = valid_size(size, depth)
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


@settings(max_examples=6, deadline=None)
@given(depth=st.integers(1, 3), channels=st.integers(1, 4), classes=st.integers(2, 5), data=st.data())
def test_no_pixel_beyond_the_halo_is_seen(depth, channels, classes, data):
    network = cellseg.build("unet", base=2, depth=depth, channels=channels, classes=classes).double().eval()
    geometry = network.geometry
    with torch.no_grad():
        for p in network.parameters():
            p.abs_()  # so that every ReLU lets its gradient through
    size = geometry.smallest + geometry.stride
    out = geometry.output_size(size)
    x = torch.rand(1, channels, size, size, dtype=torch.double, requires_grad=True)
    y = network(x)
    assert y.shape == (1, classes, out, out)
    pixel = data.draw(st.integers(0, out - 1))
    y[0, :, pixel, pixel].sum().backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().ravel()
    first, last = seen(pixel, size, depth)
    assert first <= int(rows.min())
    assert int(rows.max()) <= last
    assert max(pixel + geometry.margin - first, last - pixel - geometry.margin) <= geometry.halo


def test_the_halo_is_reached():
    network = cellseg.build("unet", base=2, depth=1).double()
    with torch.no_grad():
        for p in network.parameters():
            p.abs_()
    x = torch.rand(1, 1, 18, 18, dtype=torch.double, requires_grad=True)
    reach = []
    for pixel in range(2):
        (gradient,) = torch.autograd.grad(network.eval()(x)[0, 0, pixel].sum(), x)
        rows = gradient[0, 0].sum(1).nonzero().ravel() - pixel - network.geometry.margin
        reach.append(int(rows.abs().max()))
    assert max(reach) == network.geometry.halo


def test_an_unknown_network_lists_the_known_ones():
    with pytest.raises(cellseg.InputError, match="unet"):
        cellseg.build("vnet")


def test_an_unknown_option_lists_the_known_ones():
    with pytest.raises(cellseg.InputError, match="depth"):
        cellseg.build("unet", deep=3)


def test_an_option_out_of_range_is_refused():
    with pytest.raises(cellseg.InputError, match="1 to 6"):
        cellseg.build("unet", depth=7)
