"""Blocks may be worked on by any process, in any order: the plane is the one that a single process makes."""

import numpy as np
import pytest
import scipy.ndimage as ndi

from cellseg.inference.instances import InstanceOptions, label_planes, passes_over
from cellseg.inference.instances import split as split_module
from cellseg.inference.instances.blocks import Grid
from cellseg.inference.instances.plane import saved_plane
from cellseg.inference.instances.split import SplitSizes

OPTIONS = {
    "components": {},
    "small ones left out": {"minimum_size": 20},
    "holes": {"fill_holes": 12, "minimum_size": 9},
    "cut": {"split": "watershed", "minimum_size": 9},
    "cut and holes": {"split": "watershed", "fill_holes": 12, "object_diameter": 9.0},
    "cores": {"cores": True, "minimum_size": 9},
    "all": {"cores": True, "split": "watershed", "grow": 2, "minimum_size": 9},
}


def levels(shape, seed):
    """(H, W) uint8: 0, 1 where there is a cell, 2 in its core."""
    smooth = ndi.gaussian_filter(np.random.default_rng(seed).random(shape), 2)
    return (smooth > 0.5).astype(np.uint8) + (smooth > 0.53)


def others(masks, grid, options, scratch, rng):
    """Workers, each of which opens anew what the ones before have put away, and works on one block, whichever."""

    def read(number):
        return lambda rows, columns: masks[number][rows, columns]

    def work(passes, before):
        name, found = passes[0].name, {}
        for number, plane in enumerate(before):
            if plane is not None:
                plane.save(scratch / str(number) / f"before-{name}")
        units = [(number, k) for number, one in enumerate(passes) for k in range(len(one.grid))]
        for number, k in rng.permutation(units):
            folder = scratch / str(number)
            opened = passes_over(read(number), grid, options, folder)
            at = [one.name for one in opened].index(name)
            made_by = opened[at - 1]
            plane = saved_plane(folder / f"before-{name}", made_by.grid, made_by.labels) if at else None
            found[number, k] = opened[at].work(plane, opened[at].grid[k])
        for number, k in units:
            yield None
            yield found[number, k]

    return [passes_over(read(number), grid, options, scratch / str(number)) for number in range(len(masks))], work


def heard(steps):
    """The result of some steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_blocks_of_many_processes_make_the_plane_of_one(options, tmp_path, monkeypatch):
    monkeypatch.setattr(split_module, "SIZES", SplitSizes(largest=18, window=12, halo=8))
    settings, masks = InstanceOptions(**options), [levels((50, 61), seed) for seed in (0, 1)]
    grid = Grid(50, 61, 16)
    passes, work = others(masks, grid, settings, tmp_path / "many", np.random.default_rng(0))
    found = heard(label_planes(passes, work))
    for mask, plane in zip(masks, found, strict=True):
        one = heard(label_planes([passes_over(lambda y, x, mask=mask: mask[y, x], grid, settings)]))[0]
        everything = slice(0, 50), slice(0, 61)
        assert one.count == plane.count > 1
        np.testing.assert_array_equal(plane.read(*everything), one.read(*everything))
