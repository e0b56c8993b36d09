"""A cell has the class that most of its pixels have."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile
import torch

import cellseg
from cellseg.errors import InputError
from cellseg.images.open import open_image
from cellseg.inference.cell_classes import pixels_of_classes
from cellseg.inference.segment import segment
from cellseg.models.trained import as_model
from cellseg.options import PredictOptions


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(1)
    return as_model(cellseg.build("unet", base=4, depth=2, norm="batch", classes=3))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "stack.tif"
    pixels = np.random.default_rng(3).integers(0, 256, (2, 180, 230)).astype(np.uint8)
    tifffile.imwrite(path, pixels, metadata={"axes": "ZYX"}, photometric="minisblack")
    return path


def run(model, stack, out, **options):
    return [step.stage for step in [*segment(model, open_image(stack), out, PredictOptions(tile=100, **options))][1:]]


def test_pixels_are_counted_by_cell_and_class():
    cells = np.array([[1, 1, 1, 0, 3]])
    kinds = np.array([[2, 2, 1, 1, 0]])
    pairs, pixels = pixels_of_classes(cells, kinds, 2)
    assert (pairs.tolist(), pixels.tolist()) == ([2, 3], [1, 2])


@pytest.mark.parametrize("link", ["none", "overlap"])
def test_the_class_of_most_pixels_stands_beside_the_cells(model, stack, tmp_path, link):
    stages = run(model, stack, tmp_path / "cells.tif", link=link, minimum_size=3)
    assert "classes" in stages
    run(model, stack, tmp_path / "classes.tif", result="classes")
    cells, kinds = tifffile.imread(tmp_path / "cells.tif"), tifffile.imread(tmp_path / "classes.tif")
    found = cellseg.CellClasses.beside(tmp_path / "cells.tif")
    assert found.names == ("class 1", "class 2")
    for plane in range(2):
        seen = slice(None) if link == "overlap" else plane
        numbers = np.unique(cells[plane][cells[plane] > 0])
        counts = np.stack([np.bincount(cells[seen][kinds[seen] == k], minlength=cells.max() + 1) for k in (1, 2)])
        assert (found.of(numbers, [plane]) == counts[:, numbers].argmax(axis=0) + 1).all()
        assert len(numbers) > 3
    assert not (tmp_path / "classes-classes.csv").exists()


def test_a_kept_prediction_tells_the_same_and_a_model_of_one_class_nothing(model, stack, tmp_path):
    run(model, stack, tmp_path / "cells.tif")
    kept = cellseg.keep_prediction(model, open_image(stack), tmp_path / "kept", tile=100)
    for _ in kept.fill():
        pass
    for _ in kept.write(tmp_path / "again.tif"):
        pass
    assert (tmp_path / "again-classes.csv").read_bytes() == (tmp_path / "cells-classes.csv").read_bytes()
    torch.manual_seed(0)
    run(as_model(cellseg.build("unet", base=4, depth=2)), stack, tmp_path / "cells.tif")
    assert not (tmp_path / "cells-classes.csv").exists()


def test_an_earlier_result_keeps_its_classes_until_it_goes(model, stack, tmp_path, monkeypatch):
    run(model, stack, tmp_path / "cells.tif")
    before = (tmp_path / "cells-classes.csv").read_bytes()

    def full(*_):
        raise InputError("cannot be written (No space left on device)")

    with monkeypatch.context() as patch:
        patch.setattr("cellseg.inference.assemble.write_tiled", full)
        with pytest.raises(InputError, match="No space"):
            run(model, stack, tmp_path / "cells.tif", minimum_size=50)
        with pytest.raises(InputError, match="No space"):
            run(model, stack, tmp_path / "other.tif")
    assert (tmp_path / "cells-classes.csv").read_bytes() == before
    assert not [*tmp_path.glob("*other-classes*")]
    run(model, stack, tmp_path / "cells.tif", result="classes")
    assert not (tmp_path / "cells-classes.csv").exists()
