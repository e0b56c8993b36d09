"""Generated pairs of images and labels."""

import numpy as np
import pytest

from cellseg.images.write import write_stack
from cellseg.samples.sample import make_sample


def write_pairs(folder, seeds, kind="touching"):
    """Paths of generated images of 64 x 64 and of their labels."""
    made = [make_sample(kind, (64, 64), np.random.default_rng(seed)) for seed in seeds]
    for name, stack in zip(("images.tif", "labels.tif"), zip(*made, strict=True), strict=True):
        write_stack(folder / name, np.stack(stack), "ZYX")
    return folder / "images.tif", folder / "labels.tif"


@pytest.fixture(scope="session")
def pairs(tmp_path_factory):
    """Four crowded images."""
    return write_pairs(tmp_path_factory.mktemp("pairs"), range(4))


@pytest.fixture(scope="session")
def other_pairs(tmp_path_factory):
    """Three images of another kind: bright nuclei, on each of them some."""
    return write_pairs(tmp_path_factory.mktemp("other"), (10, 11, 14), "blobs")


@pytest.fixture(scope="module")
def few_cuts():
    """Only a few thresholds are tried at a validation, where a test is of something else: the search is its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cellseg.evaluation.choose_cut.THRESHOLDS", (0.3, 0.4, 0.5, 0.6, 0.7))
        patch.setattr("cellseg.evaluation.choose_cut.BODIES", (0.3, 0.5))
        yield
