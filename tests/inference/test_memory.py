import numpy as np
import pytest
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.inference import tile_cost
from cellseg.inference.memory import parse_memory, resident
from cellseg.inference.runner import Runner
from cellseg.inference.tile_cost import even_tile, largest_tile
from cellseg.memory import available
from cellseg.models.cost import forward_bytes

NETWORK = cellseg.build("unet", base=4, depth=2, norm="batch")
SIZES = {"2GB": 2e9, "1.5gb": 1.5e9, "500 MB": 5e8, "1GiB": 2**30, "64M": 64e6, "1000": 1000}


@pytest.mark.parametrize(("text", "size"), SIZES.items(), ids=list(SIZES))
def test_amounts_of_memory(text, size):
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "two", "-1GB", "0GB", "3 bits", "1 I"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(InputError, match="2GB"):
        parse_memory(text)


def test_by_default_half_of_what_is_free():
    assert 0.3 * available() < parse_memory("auto") < 0.7 * available()


def test_memory_of_a_pass_is_what_lives_at_one_time():
    size = NETWORK.geometry.input_size(512)
    first = 4 * 4 * (size - 2) * (size - 2)  # 4 channels of float32 behind the first convolution
    assert 2 * first < forward_bytes(NETWORK, (1, 1, size, size)) < 6 * first


@pytest.mark.parametrize("plane", [(10, 10), (700, 300), (1025, 5000), (4096, 4096)], ids=str)
def test_tiles_cut_a_plane_into_equal_parts(plane):
    for length, side in zip(plane, even_tile(plane, 512, NETWORK.geometry), strict=True):
        assert side % NETWORK.geometry.stride == 0
        assert side <= 512
        parts = -(-length // side)
        assert parts == -(-length // 512) or side == 2 * NETWORK.geometry.stride
        assert parts * side - length < parts * NETWORK.geometry.stride + side * (length < side)


def test_less_memory_gives_smaller_tiles_and_too_little_is_refused():
    base = resident() + tile_cost.BESIDE
    tiles = [largest_tile(NETWORK, (9000, 9000), (), "none", base + m * 10**6) for m in (200, 60, 20)]
    assert tiles[0] > tiles[1] > tiles[2]
    with pytest.raises(InputError, match="needs --memory"):
        largest_tile(NETWORK, (9000, 9000), (), "none", base + 10**6)


@pytest.mark.parametrize("name", ["unet", "unetpp", "unet3p"])
def test_a_normalisation_that_is_part_of_a_convolution_needs_no_memory(name):
    """The plan of unet3p, which holds all scales at once, was 1.36 to 1.39 of what was then used."""
    networks = [cellseg.build(name, base=4, depth=2, norm=norm) for norm in ("none", "batch")]
    plain, normalised = (tile_cost._bytes(network, (256, 256), (), "none") for network in networks)
    assert normalised == plain


def test_a_tile_too_large_for_memory_is_computed_in_halves(monkeypatch):
    torch.manual_seed(0)
    size = NETWORK.geometry.input_size(301)
    pixels = np.random.default_rng(0).random((1, size, size + 8)).astype(np.float32)
    whole = Runner(NETWORK, "float32")(pixels)
    forward, seen = Runner._forward, []

    def little_memory(self, pixels):
        seen.append(pixels.shape)
        if pixels.shape[-2] * pixels.shape[-1] > 150 * 150:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, pixels)

    monkeypatch.setattr(Runner, "_forward", little_memory)
    runner = Runner(NETWORK, "float32")
    np.testing.assert_allclose(runner(pixels), whole, atol=1e-5)
    tried = len(seen)
    runner(pixels)
    assert len(seen) - tried < tried  # it does not try again what failed


def test_where_no_tile_fits_it_is_said(monkeypatch):
    def no_memory(self, pixels):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    monkeypatch.setattr(Runner, "_forward", no_memory)
    with pytest.raises(InputError, match="does not suffice"):
        Runner(NETWORK, "float32")(np.zeros((1, 104, 104), np.float32))
