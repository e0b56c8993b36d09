import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate, max_pool2d

from cellseg.models.reach import Reach, follow

LAYERS = {
    "3x3, valid": (nn.Conv2d(1, 1, 3), Reach(1, 0, 2)),
    "3x3, padded": (nn.Conv2d(1, 1, 3, padding=1), Reach(1, -1, 1)),
    "5x5, stride 2": (nn.Conv2d(1, 1, 5, stride=2, padding=2), Reach(2, -2, 2)),
    "pooling": (lambda x: max_pool2d(x, 4), Reach(4, 0, 3)),
    "pooling, then up-convolution": (nn.Sequential(nn.MaxPool2d(2), nn.ConvTranspose2d(1, 1, 2, 2)), Reach(1, -1, 1)),
    "pooling, then bilinear": (
        lambda x: interpolate(max_pool2d(x, 2), scale_factor=2, mode="bilinear"),
        Reach(1, -2, 2),
    ),
    "crop": (lambda x: x[..., 3:-3, 3:-3], Reach(1, 3, 3)),
    "skip": (lambda x: torch.cat([x, nn.Conv2d(1, 1, 3, padding=1)(x)], dim=1), Reach(1, -1, 1)),
    "residual": (lambda x: x[..., 1:-1, 1:-1] + nn.Conv2d(1, 1, 3)(x), Reach(1, 0, 2)),
    "global mean": (lambda x: x * x.mean((-2, -1), keepdim=True), Reach(1, 0, 0, everywhere=True)),
}


@pytest.mark.parametrize(("layer", "wanted"), LAYERS.values(), ids=list(LAYERS))
def test_what_a_pixel_behind_a_layer_sees(layer, wanted):
    _, reach, _ = follow(layer, torch.zeros(1, 1, 32, 32))
    assert reach == wanted


@pytest.mark.parametrize("factor", [2, 4, 16])
def test_interpolation_reads_both_neighbours(factor):
    x = torch.zeros(1, 1, 8, 1, dtype=torch.double, requires_grad=True)
    seen = []
    for i in range(3 * factor, 4 * factor):
        (gradient,) = torch.autograd.grad(interpolate(x, scale_factor=factor, mode="bilinear")[0, 0, i, 0], x)
        rows = gradient.ravel().nonzero().ravel() * factor - i
        seen += [int(rows.min()), int(rows.max())]
    reach = Reach(step=factor).interpolated(factor)
    assert (reach.first, reach.last) == (min(seen), max(seen))


def test_a_layer_that_changes_sizes_in_an_unknown_way_is_an_error():
    with pytest.raises(AssertionError, match="unknown way"):
        follow(lambda x: interpolate(x, scale_factor=2, mode="nearest"), torch.zeros(1, 1, 8, 8))
