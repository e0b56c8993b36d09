"""`cellseg tune` and the end of a training choose the same cut."""

import numpy as np
import pytest
import tifffile

import cellseg
from cellseg.evaluation.tuning import plan_tuning, tune
from cellseg.labels.meaning import LabelPlane
from cellseg.models.card import CUT
from cellseg.models.trained import as_model
from cellseg.training import validate
from cellseg.training.data import Annotated
from cellseg.training.validation_parts import ShownPart


def cells_apart():
    truth = np.zeros((60, 60), np.int32)
    truth[5:20, 5:20], truth[5:20, 22:40], truth[30:50, 10:35] = 1, 2, 3
    return truth


def cells_that_fill():
    truth = np.full((40, 60), 1, np.int32)
    truth[:, 20:40], truth[:, 40:] = 2, 3
    truth[:, 19:21], truth[20, 40:] = 0, 0
    return truth


@pytest.mark.parametrize("truth", [cells_apart(), cells_that_fill()], ids=["apart", "filling"])
@pytest.mark.parametrize("seed", [0, 1])
def test_training_and_tune_choose_the_same(truth, seed, tmp_path, monkeypatch):
    rng = np.random.default_rng(seed)
    seen = np.where(truth > 0, 0.7, 0.2) + rng.normal(0, 0.1, truth.shape)
    seen = np.clip(seen, 0, 1).astype(np.float32)
    model = as_model(cellseg.build("unet", base=1, depth=1))
    image = Annotated("drawn", seen[None], LabelPlane(truth, (truth > 0).astype(np.uint8), np.zeros(truth.shape, bool)))
    monkeypatch.setattr(ShownPart, "predicted", _as_drawn)
    trained = validate.judge(model, _Held((image,))).model.card
    tifffile.imwrite(tmp_path / "p.tif", seen)
    tifffile.imwrite(tmp_path / "t.tif", truth.astype(np.uint16))
    tuned = tune([*plan_tuning(tmp_path / "p.tif", tmp_path / "t.tif").examples()], model.card)
    assert tuned.cut == {name: getattr(trained, name) for name in CUT}


def _as_drawn(part, _model):
    """A prediction that is the image itself."""
    yield from ()
    return np.stack([1 - part.image.image[0], part.image.image[0]])


class _Held:
    """What `judge` asks of a training set: images held out."""

    def __init__(self, images):
        self.validation, self.old_validation, self.new = images, (), images
