"""What every network in the registry keeps, whatever its name."""

from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch

import cellseg
from cellseg.models.network import Heads
from cellseg.models.registry import NETWORKS
from cellseg.models.trained import as_model, save

SMALL = {"base": 4, "depth": 2}


def other_choices(kind):
    """Each option of a network that is a choice, at each value but its default."""
    for field in fields(kind):
        hint = get_type_hints(kind)[field.name]
        choices = (False, True) if hint is bool else get_args(hint) if get_origin(hint) is Literal else ()
        yield from ({field.name: choice} for choice in choices if choice != field.default)


PLAIN = [pytest.param(name, {}, id=name) for name in NETWORKS]
CASES = PLAIN + [
    pytest.param(name, option, id="-".join([name, *map(str, *option.items())]))
    for name, entry in NETWORKS.items()
    for option in other_choices(entry.options)
]
every_network = pytest.mark.parametrize(("name", "options"), PLAIN)
every_option = pytest.mark.parametrize(("name", "options"), CASES)


def make(name, options):
    torch.manual_seed(0)
    return cellseg.build(name, **{**SMALL, **options})


def image(network, size, batch=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, network.options.channels, size, size, generator=generator)


def heads_of(output):
    return output.logits if isinstance(output, Heads) else [output]


@every_option
def test_forward_and_backward_reach_every_parameter(name, options):
    network = make(name, options).train()
    size = network.geometry.smallest + network.geometry.stride
    output = network(image(network, size))
    side = network.geometry.output_size(size)
    loss = 0
    for logits in heads_of(output):
        assert logits.shape == (2, 2, side, side)
        loss = loss + (logits * torch.randn_like(logits)).mean()
    loss.backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


@every_network
@pytest.mark.parametrize(("channels", "classes"), [(1, 2), (2, 3), (3, 4), (4, 5)])
def test_any_channels_and_classes(name, options, channels, classes):
    network = make(name, {**options, "channels": channels, "classes": classes}).eval()
    with torch.no_grad():
        assert network(image(network, network.geometry.smallest)).shape[:2] == (2, classes)


@every_option
def test_every_legal_size_from_the_smallest_on(name, options):
    network = make(name, options).eval()
    geometry = network.geometry
    for k in range(3):
        height, width = geometry.smallest + k * geometry.stride, geometry.smallest
        with torch.no_grad():
            found = network(torch.zeros(1, 1, height, width)).shape[2:]
        assert tuple(found) == geometry.output_size((height, width))
        assert min(found) > 0
    assert geometry.smallest - geometry.stride <= 2 * geometry.margin
    for size in (geometry.smallest - geometry.stride, geometry.smallest + 1):
        with pytest.raises(cellseg.InputError, match="legal size"):
            network(torch.zeros(1, 1, size, size))


@pytest.mark.parametrize("depth", [1, 3, 4, 5])
@every_network
def test_every_depth(name, options, depth):
    network = make(name, {**options, "base": 1, "depth": depth}).eval()
    with torch.no_grad():
        found = network(torch.zeros(1, 1, *[network.geometry.smallest] * 2))
    assert found.shape[-1] == network.geometry.output_size(network.geometry.smallest)
    assert network.geometry.stride == 2**depth


@every_option
def test_what_is_predicted_is_the_same_each_time(name, options):
    network = make(name, {**options, "dropout": 0.5}).eval()
    x = image(network, network.geometry.smallest)
    with torch.no_grad():
        assert torch.equal(network(x), network(x))


@every_option
def test_a_saved_network_predicts_the_same(name, options, tmp_path):
    model = as_model(make(name, options).eval())
    save(model, tmp_path / "model.safetensors")
    again = cellseg.load(tmp_path)
    x = image(model.network, model.network.geometry.smallest)
    with torch.no_grad():
        assert torch.equal(model.network(x), again.network(x))
    assert again.digest == model.digest


@every_option
def test_tiled_equals_whole_where_the_network_says_so(name, options):
    network = make(name, options).eval()
    pixels = np.random.default_rng(0).random((150, 190)).astype(np.float32)
    whole, tiled = (cellseg.predict_array(network, pixels, tile=tile) for tile in (256, 96))
    assert np.abs(tiled - whole).max() < (1e-4 if network.geometry.exact else 1)


@every_option
def test_bfloat16_moves_logits_by_little(name, options):
    """Weights rounded to 8 bits move a few pixels by more than a hundredth of the range: docs/models.md, Precision."""
    network = make(name, options).eval()
    x = image(network, network.geometry.smallest + 2 * network.geometry.stride)
    with torch.no_grad():
        exact = network(x)
        with torch.autocast("cpu", torch.bfloat16):
            fast = network(x)
    assert fast.dtype == torch.float32
    apart = (fast - exact).abs() / (exact.max() - exact.min())
    assert apart.square().mean().sqrt() < 0.005
    assert (apart < 0.01).float().mean() > 0.95
    assert apart.max() < 0.03


@every_network
def test_channels_last_is_only_another_layout(name, options):
    network = make(name, options).eval()
    x = image(network, network.geometry.smallest)
    with torch.no_grad():
        first = network(x)
        last = network.to(memory_format=torch.channels_last)(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(first, last, rtol=1e-4, atol=1e-4)


def all_positive(network):
    """With weights and values above zero, and small, no activation hides what a pixel sees."""
    with torch.no_grad():
        for p in network.parameters():
            p.abs_()
            if p.ndim == 4:
                p.mul_(0.3 / p.sum((1, 2, 3), keepdim=True))
    return network.double().eval()


def rows_seen(network, x, pixel):
    """First and last row of the input that a row of the output depends on."""
    x = x.clone().requires_grad_()
    network(x)[0, :, pixel].sum().backward()
    rows = x.grad.abs().sum((0, 1, 3)).nonzero().ravel()
    return int(rows.min()), int(rows.max())


@every_option
def test_the_halo_is_what_gradients_reach(name, options):
    network = all_positive(make(name, options))
    geometry = network.geometry
    size = geometry.smallest + 3 * geometry.stride
    up = torch.linspace(0.1, 1, size, dtype=torch.double)[None, None, :, None].repeat(1, 1, 1, geometry.smallest)
    down = up.flip(2)
    reach = []
    for pixel in range(min(geometry.output_size(size), 2 * geometry.stride)):
        centre = pixel + geometry.margin
        # the largest of a pool lies at its end on a slope that rises, and at its beginning on one that falls
        reach += [centre - rows_seen(network, down, pixel)[0], rows_seen(network, up, pixel)[1] - centre]
    assert (max(reach) == geometry.halo) if geometry.exact else (max(reach) >= geometry.halo)
