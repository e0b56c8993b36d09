"""By how much bfloat16 moves the logits of networks that have learnt something: docs/models.md, Precision."""

import numpy as np
import pytest

import cellseg
from cellseg.images.write import write_stack
from cellseg.samples.sample import make_sample

OPTIONS = {"base": 8, "depth": 2, "steps": 80, "tile": 48, "batch": 4, "threads": 1, "validation": 1}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Paths of six generated images of 64 x 64 and of their labels."""
    folder = tmp_path_factory.mktemp("pairs")
    made = [make_sample("touching", (64, 64), np.random.default_rng(k)) for k in range(6)]
    for name, stack in zip(("images.tif", "labels.tif"), zip(*made, strict=True), strict=True):
        write_stack(folder / name, np.stack(stack), "ZYX")
    return folder / "images.tif", folder / "labels.tif"


@pytest.mark.benchmark
@pytest.mark.parametrize("name", cellseg.list_models())
def test_bfloat16_beside_float32(pairs, name):
    *_, done = cellseg.train(*pairs, model=name, precision="float32", **OPTIONS)
    image = make_sample("touching", (160, 160), np.random.default_rng(99))[0]
    found = [cellseg.predict_array(done.model, image, precision=kind) for kind in ("float32", "bfloat16")]
    exact, fast = (np.log(p[1].clip(1e-6)) - np.log(p[0].clip(1e-6)) for p in found)
    apart = np.abs(exact - fast) / np.ptp(exact)
    threshold = done.model.card.threshold
    same = np.mean((found[0][1] >= threshold) == (found[1][1] >= threshold))
    print(
        f"\n{name}: within 1 % of the range {np.mean(apart < 0.01):.2%} of the pixels, mean square "
        f"{np.sqrt(np.mean(apart**2)):.2%}, largest {apart.max():.2%}; same class {same:.2%}"
    )
    assert np.mean(apart < 0.01) > 0.99
