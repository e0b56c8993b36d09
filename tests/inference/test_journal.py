from dataclasses import replace

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference.segment import segment
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions

OPTIONS = PredictOptions(tile=32, result="classes")


@pytest.fixture
def model():
    torch.manual_seed(0)
    return as_model(cellseg.build("unet", base=2, depth=2, norm="batch"))


@pytest.fixture
def image(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 70, 90)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", pixels, photometric="minisblack")
    return tmp_path / "image.tif"


def run(model, image, out, options=OPTIONS, stop=None, resume=False):
    """Segment; stop after `stop` tiles. Gives how many tiles were there at the beginning."""
    steps = segment(model, open_image(image), out, options, resume=resume)
    first = next(steps)
    for progress in steps:
        if progress.done == stop and progress.stage == "tiles":
            steps.close()
            break
    return first.done


def test_a_resumed_prediction_gives_the_same_bytes_and_computes_only_what_is_missing(model, image, tmp_path):
    run(model, image, tmp_path / "whole.tif")
    for stop in (1, 7, 17):
        out = tmp_path / f"out{stop}.tif"
        run(model, image, out, stop=stop)
        assert not out.exists()
        assert run(model, image, out, resume=True) == stop
        assert out.read_bytes() == (tmp_path / "whole.tif").read_bytes()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_without_resume_it_starts_again(model, image, tmp_path):
    run(model, image, tmp_path / "out.tif", stop=5)
    assert run(model, image, tmp_path / "out.tif") == 0


def test_another_image_model_or_options_are_refused(model, image, tmp_path):
    out = tmp_path / "out.tif"
    run(model, image, out, stop=5)
    other = replace(model, card=replace(model.card, threshold=0.3))
    with pytest.raises(InputError, match="another model"):
        run(other, image, out, resume=True)
    with pytest.raises(InputError, match="another options"):
        run(model, image, out, options=replace(OPTIONS, threshold=0.2), resume=True)
    tifffile.imwrite(image, 255 - tifffile.imread(image), photometric="minisblack")
    with pytest.raises(InputError, match="another image"):
        run(model, image, out, resume=True)


def test_a_tile_of_zeros_counts_as_done(model, image, tmp_path):
    options = replace(OPTIONS, threshold=1.0)
    run(model, image, tmp_path / "out.tif", options=options, stop=6)
    assert run(model, image, tmp_path / "out.tif", options=options, resume=True) == 6
