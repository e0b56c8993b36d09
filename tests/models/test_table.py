from pathlib import Path

import torch

import cellseg
from cellseg.models.cost import operations
from cellseg.models.table import rows


def test_every_network_has_a_row_that_agrees_with_what_is_built():
    found = {row.name: row for row in rows()}
    assert list(found) == cellseg.list_models()
    row, network = found["mobileunet"], cellseg.build("mobileunet")
    assert row.parameters == sum(p.numel() for p in network.parameters())
    assert (row.smallest, row.stride, row.margin, row.halo, row.exact) == (
        network.geometry.smallest,
        network.geometry.stride,
        network.geometry.margin,
        network.geometry.halo,
        network.geometry.exact,
    )
    page = (Path(__file__).parents[2] / "docs/models.md").read_text("utf-8")
    for name, row in found.items():
        exact = "yes" if row.exact else "no"
        figures = (row.gflop_per_megapixel, row.smallest, row.stride, row.margin)
        cells = [f"`{name}`", f"{row.year}", f"{row.parameters:,}", *(f"{figure:,.0f}" for figure in figures), exact]
        assert f"| {' | '.join(cells)} |" in page
    assert found["unet"].parameters == 31_030_658
    assert {row.name for row in found.values() if not row.exact} == {"effunet"}


def test_operations_are_two_for_each_multiplication():
    with torch.device("meta"):
        network = cellseg.build("unet", base=1, depth=1).eval()
    side = network.geometry.input_size(1024)
    levels = [(1, 1, side - 2), (1, 1, side - 4)]  # channels in, channels out, side of the map: two before pooling
    half = (side - 4) // 2
    levels += [(1, 2, half - 2), (2, 2, half - 4)]
    full = 2 * (half - 4)
    levels += [(2, 1, full - 2), (1, 1, full - 4)]
    convolutions = sum(2 * 9 * i * o * n * n for i, o, n in levels)
    up, last = 2 * 4 * 2 * 1 * (half - 4) ** 2, 2 * 1 * 2 * (full - 4) ** 2
    assert operations(network, (1, 1, side, side)) == convolutions + up + last
